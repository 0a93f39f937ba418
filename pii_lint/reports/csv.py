"""The record of processing as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io

from pii_lint.findings import Listing
from pii_lint.reports._plain import plain
from pii_lint.reports._record import Row, record

_FORMULA = tuple("=+-@＝＋－＠")  # noqa: RUF001  a spreadsheet takes the wide ones for the same


def inventory(listing: Listing) -> str:
    """A row a column, kind and form; no cell of it is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Row._fields)
    for row in record(listing):
        writer.writerow(_cell(cell) for cell in row)
    return text.getvalue()


def _cell(value: str | tuple[str, ...]) -> str:
    text = plain(value if isinstance(value, str) else "; ".join(value))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
