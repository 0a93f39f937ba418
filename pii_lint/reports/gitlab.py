"""Code quality for GitLab: a list of problems, each with a place and a fingerprint."""

from __future__ import annotations

import json

from pii_lint.findings import Finding, Report, Severity
from pii_lint.reports._repository import brief, placed, worst_first

MOST_FINDINGS = 5_000
_SEVERITIES = {
    Severity.ERROR: "critical",
    Severity.WARN: "major",
    Severity.NOTE: "info",
}


def check(report: Report) -> str:
    """What isn't suppressed, worst first; a line at the end says how many were cut."""
    counting = worst_first(f for f in report.findings if f.suppressed is None)
    problems = [_problem(report, finding) for finding in counting[:MOST_FINDINGS]]
    if left := len(counting) - len(problems):
        problems.append(_cut(report, left))
    return json.dumps(problems, indent=2, ensure_ascii=True) + "\n"


def _problem(report: Report, finding: Finding) -> dict[str, object]:
    place = placed(report, finding.location)
    return {
        "description": brief(f"{finding.code}: {finding.message}"),
        "check_name": finding.rule,
        "fingerprint": finding.id,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": place.file,
            "lines": {"begin": place.line, "end": max(place.end_line, place.line)},
        },
    }


def _cut(report: Report, left: int) -> dict[str, object]:
    return {
        "description": f"{left} more findings aren't shown here: the JSON format has all.",
        "check_name": "cut",
        "fingerprint": "cut",
        "severity": "info",
        "location": {"path": placed(report, None).file, "lines": {"begin": 1, "end": 1}},
    }
