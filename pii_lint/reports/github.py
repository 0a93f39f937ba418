"""Annotations for GitHub: lines of a job's log, which need no token and work on a fork as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pii_lint.findings import Finding, Report, Severity
from pii_lint.reports._repository import brief, placed, worst_first
from pii_lint.reports._summary import closing
from pii_lint.reports._words import place

SHOWN = 10
"""Annotations of one level that GitHub shows for a step; what comes after is a line of the log."""
_LEVELS = {Severity.ERROR: "error", Severity.WARN: "warning"}


def check(report: Report) -> str:
    """A command a finding, errors first, then lines that any reader of the log understands."""
    counting = worst_first(
        f for f in report.findings if f.suppressed is None and f.severity in _LEVELS
    )
    shown: dict[Severity, int] = {}
    commands: list[str] = []
    further: list[str] = []
    for finding in counting:
        shown[finding.severity] = shown.get(finding.severity, 0) + 1
        if shown[finding.severity] <= SHOWN:
            commands.append(_command(report, finding))
        else:
            further.append(_line(finding))
    if further:
        head = f"{len(further)} more, since only {SHOWN} annotations of a level are shown:"
        further.insert(0, head)
    return "".join(f"{line}\n" for line in (*commands, *_inert(further), *_inert(closing(report))))


def _command(report: Report, finding: Finding) -> str:
    where = placed(report, finding.location)
    properties: dict[str, str | int] = {
        "file": where.file,
        "line": where.line,
        "endLine": max(where.end_line, where.line),
    }
    if where.end_line == where.line and where.end_col > where.col:
        # columns count for one line only
        properties |= {"col": where.col, "endColumn": where.end_col - 1}
    properties["title"] = f"{finding.code} {finding.rule}"
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    message = "\n".join(filter(None, (brief(finding.message), brief(finding.fix))))
    return f"::{_LEVELS[finding.severity]} {written}::{_data(message)}"


def _line(finding: Finding) -> str:
    return f"{finding.code} {finding.severity} {place(finding.location)} {brief(finding.message)}"


def _inert(lines: Iterable[str]) -> Iterator[str]:
    """Lines of the log that are no command, of neither kind that the runner knows."""
    for line in lines:
        defused = line.replace("##[", "# #[")
        yield f"- {defused}" if defused.lstrip().startswith("::") else defused


def _data(text: str) -> str:
    # unescaped, a name with a line break could start a command of its own
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
