"""One module a format; each renders a value to a string and prints nothing."""

from __future__ import annotations

from collections.abc import Callable

from pii_lint.findings import Listing, Report
from pii_lint.reports import csv, github, gitlab, json, markdown, statistics, text
from pii_lint.reports._plain import plain
from pii_lint.reports._words import short_name


def _sarif(report: Report) -> str:
    # it describes every rule, and the others are asked without loading one
    from pii_lint.reports import sarif

    return sarif.check(report)


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text.check,
    "json": json.check,
    "sarif": _sarif,
    "github": github.check,
    "gitlab": gitlab.check,
    "markdown": markdown.check,
}
INVENTORY_FORMATS: dict[str, Callable[[Listing], str]] = {
    "text": text.inventory,
    "json": json.inventory,
    "csv": csv.inventory,
    "markdown": markdown.inventory,
}

__all__ = ["FORMATS", "INVENTORY_FORMATS", "plain", "short_name", "statistics", "text"]
