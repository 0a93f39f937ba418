"""Findings as counts."""

from __future__ import annotations

from collections import Counter

from pii_lint.findings import Report
from pii_lint.reports._layout import table
from pii_lint.reports._plain import plain
from pii_lint.reports._summary import basis, counts


def statistics(report: Report) -> str:
    """How many findings each rule has, suppressed ones apart, and what that rests on."""
    tally = Counter(
        (f.code, f.rule, "suppressed" if f.suppressed else f.severity.value)
        for f in report.findings
    )
    rows = [(str(count), code, rule, what) for (code, rule, what), count in sorted(tally.items())]
    lines = [plain(line) for line in table(rows)]
    return "\n".join((*lines, counts(report.findings), *basis(report))) + "\n"
