"""Findings that somebody answers for: they stay in every report and decide no exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pii_lint.findings import Finding, Flow, Severity, Suppression
from pii_lint.rules import RULES, Declassification, Facts, Ignore, about_suppression, unknown_rule
from pii_lint.rules import stale_suppression as stale

Used = set[tuple[Ignore, str]]
"""Each suppression with a rule of which it met a finding."""


def suppress(findings: Iterable[Finding], facts: Facts) -> list[Finding]:
    """The findings, those suppressed that a declassification or an ignore covers today.

    An ignore that meets nothing becomes a finding itself.
    """
    used: Used = set()
    missed: Used = set()
    told = [_ignored(_declassified(one, facts), facts, used, missed) for one in findings]
    if facts.config.rules.get(stale.code) != Severity.OFF:
        told += _unused(facts, used, missed)
    return told


def _declassified(finding: Finding, facts: Facts) -> Finding:
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
        if not one.lacks and one.until is not None and one.until < facts.today
    }
    message = finding.message
    for day in sorted(expired):
        message += f" A declassification of it expired on {day}."
    if any(holding):
        covered = sum(1 for some in holding if some)
        message += f" Declassified: {covered} of {len(holding)} flows."
    return _saying(finding, message)


def _covering(flow: Flow, facts: Facts) -> list[Declassification]:
    """Every declassification that speaks of the column where the flow ends in the warehouse."""
    # NOTE: a declaration further up the path doesn't count. The path is one witness of perhaps
    # several, and the others need not pass there.
    ends = [step for step in flow.steps if step.node in facts.nodes]
    if not ends:
        return []
    declared = facts.declared(ends[-1].node, ends[-1].column.lower())
    return [one for one in declared if one.covers(flow.kind, flow.form)]


def _suppression(holding: Sequence[Declassification | Ignore]) -> Suppression:
    reasons = sorted({one.reason for one in holding if one.reason})
    people = sorted({one.by for one in holding if one.by})
    days = [one.until for one in holding if one.until]
    first = holding[0]
    return Suppression(
        "; ".join(reasons),
        ", ".join(people) or None,
        str(min(days)),
        first.source if isinstance(first, Ignore) else "declared",
    )


def _ignored(finding: Finding, facts: Facts, used: Used, missed: Used) -> Finding:
    """What an ignore of this rule says of the finding; nobody can ignore a stale suppression."""
    if finding.code == stale.code:
        return finding
    here = [
        one
        for one in facts.ignores_of(finding.node)
        if one.wrong is None and finding.code in one.codes and one.at(finding)
    ]
    meant = [one for one in here if one.names(finding.column)]
    missed.update((one, finding.code) for one in here if one not in meant)
    used.update((one, finding.code) for one in meant)
    if finding.suppressed is not None:
        return finding
    holding = [one for one in meant if one.holds(facts.today)]
    if holding:
        return replace(finding, suppressed=_suppression(holding[:1]))
    message = finding.message
    for day in sorted({str(one.until) for one in meant}):
        message += f" A suppression of it expired on {day}."
    return _saying(finding, message)


def _saying(finding: Finding, message: str) -> Finding:
    return finding if message == finding.message else replace(finding, message=message)


def _unused(facts: Facts, used: Used, missed: Used) -> Iterator[Finding]:
    codes = [rule.code for rule in RULES]
    for ignore in facts.ignores:
        if not ignore.holds(facts.today):
            continue
        for code in ignore.codes:
            if (ignore, code) in used:
                continue
            why = unknown_rule(code, codes)
            if why is None and code == stale.code:
                why = "nobody can suppress that"
            if why is None and (ignore, code) in missed:
                why = (
                    "the finding's column isn't named on that line; say which you mean, as in "
                    "`columns=email,phone`"
                )
            because = f": {why}" if why else ""
            end = "" if because.endswith("?") else "."
            said = f"This suppression of {code} suppresses nothing{because}{end}"
            yield about_suppression(facts, replace(ignore, codes=(code,)), said)
