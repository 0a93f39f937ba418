"""Places and names for formats that a code host reads."""

from __future__ import annotations

from collections.abc import Iterable

from pii_lint.findings import Finding, Location, Report, Severity
from pii_lint.reports._plain import plain

PROJECT_FILE = "dbt_project.yml"
LONGEST_NAME = 400
"""Characters of one text; a name may be longer than any page."""


def placed(report: Report, location: Location | None) -> Location:
    """A place in a file that the repository holds, from the repository's root."""
    if location is not None and location.kind == "compiled":
        location = location.near
    here = location or Location(PROJECT_FILE)
    folder = f"{report.folder}/" if report.folder else ""
    return Location(
        plain(f"{folder}{here.file}"),
        here.line,
        here.col,
        here.end_line,
        here.end_col,
        exact=here.exact,
        kind=here.kind,
    )


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Suppressed ones last; else in the order given."""
    order = list(Severity)
    return sorted(findings, key=lambda f: (f.suppressed is not None, order.index(f.severity)))


def brief(text: str, most: int = LONGEST_NAME) -> str:
    """A text on one line and not without end."""
    line = plain(text)
    return line if len(line) <= most else f"{line[: most - 1]}…"
