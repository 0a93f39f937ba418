"""Findings that somebody answers for: they stay in every report and decide no exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pii_lint.findings import Finding, Flow, Suppression
from pii_lint.rules import Declassification, Facts


def suppress(findings: Iterable[Finding], facts: Facts) -> list[Finding]:
    """The findings, those suppressed whose every flow a declassification covers today."""
    return [_judged(finding, facts) for finding in findings]


def _judged(finding: Finding, facts: Facts) -> Finding:
    if finding.suppressed is not None:
        return finding
    covering = [_covering(flow, facts) for flow in finding.flows]
    holding = [[one for one in some if one.holds(facts.today)] for some in covering]
    if holding and all(holding):
        return replace(finding, suppressed=_suppression([some[0] for some in holding]))
    expired = {
        one.until
        for some in covering
        for one in some
        if not one.lacks and one.until is not None and not one.holds(facts.today)
    }
    message = finding.message
    for day in sorted(expired):
        message += f" A declassification of it expired on {day}."
    if any(holding):
        covered = sum(1 for some in holding if some)
        message += f" Declassified: {covered} of {len(holding)} flows."
    return replace(finding, message=message)


def _covering(flow: Flow, facts: Facts) -> list[Declassification]:
    """Every declassification that speaks of the column where the flow ends in the warehouse."""
    # NOTE: a declaration further up the path doesn't count. The path is one witness of perhaps
    # several, and the others need not pass there.
    ends = [step for step in flow.steps if step.node in facts.nodes]
    if not ends:
        return []
    declared = facts.declared(ends[-1].node, ends[-1].column.lower())
    return [one for one in declared if one.covers(flow.kind, flow.form)]


def _suppression(holding: list[Declassification]) -> Suppression:
    reasons = sorted({one.reason for one in holding if one.reason})
    people = sorted({one.by for one in holding if one.by})
    days = [one.until for one in holding if one.until]
    return Suppression("; ".join(reasons), ", ".join(people) or None, str(min(days)))
