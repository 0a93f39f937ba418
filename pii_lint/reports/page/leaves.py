"""What lets findings pass, and what makes the gate milder than it ships."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from pii_lint.config import POLICY_FILE, load_config
from pii_lint.diff.places import Places
from pii_lint.diff.policies import cells, rules, switches
from pii_lint.findings import Finding
from pii_lint.reports.page.lineage import where
from pii_lint.reports.page.told import Leave, State
from pii_lint.rules import Facts


def leaves(facts: Facts, findings: tuple[Finding, ...]) -> Iterator[Leave]:
    """All of them: what people signed for first, then the policy, then what was known before."""
    yield from _declassified(facts)
    yield from _ignored(facts)
    yield from _softened(facts)
    yield from _known(findings)


def _state(until: date | None, today: date) -> State:
    if until is None:
        return "unusable"
    return "holds" if today <= until else "expired"


def _declassified(facts: Facts) -> Iterator[Leave]:
    for one in facts.declassifications:
        known = one.node in facts.nodes
        state: State = _state(one.until, facts.today)
        if state == "holds" and not (known and one.holds(facts.today)):
            # it lacks a word, it would last too long, or it speaks of nothing that is there
            state = "unusable"
        beside = facts.places.properties(one.node, one.column) if known else None
        stated = f"{facts.config.file}:{one.line}" if one.line else where(beside)
        yield Leave(
            sort="declassified",
            state=state,
            node=one.node,
            column=one.column or "",
            what=", ".join(one.kinds),
            reason=one.reason or "",
            by=one.by or "",
            until=str(one.until or ""),
            place=stated,
        )


def _ignored(facts: Facts) -> Iterator[Leave]:
    for one in facts.ignores:
        yield Leave(
            sort="suppressed",
            state="unusable" if one.wrong else _state(one.until, facts.today),
            node=one.node,
            column=", ".join(one.columns),
            what=", ".join(one.codes),
            reason=one.reason or (f"It {one.wrong}." if one.wrong else ""),
            by=one.by or "",
            until=str(one.until or ""),
            place=where(one.location),
        )


def _softened(facts: Facts) -> Iterator[Leave]:
    config = facts.config
    waiver = config.allow_literal_keys
    if waiver is not None:
        yield _of_policy(
            "literal keys",
            "unusable" if waiver.until > facts.latest else _state(waiver.until, facts.today),
            "a literal counts as a key",
            waiver.reason,
            str(waiver.until),
            f"{config.file or POLICY_FILE}:{waiver.line}",
        )
    shipped = replace(facts, config=load_config())
    places = Places("", "")
    for change in (
        *cells(shipped, facts, places),
        *rules(shipped, facts, places),
        *switches(shipped, facts, places),
    ):
        if change.weakens and change.sort != "literal keys":
            ships = "" if change.was == "as shipped" else f", ships as {change.was}"
            said = f"{change.sort} {change.subject}: {change.now}{ships}"
            yield _of_policy("milder policy", "weakens", said, "", "", config.file or POLICY_FILE)


def _of_policy(sort: str, state: State, what: str, reason: str, until: str, place: str) -> Leave:
    return Leave(sort, state, "", "", what, reason, "", until, place)


def _known(findings: tuple[Finding, ...]) -> Iterator[Leave]:
    reasons = [
        f.suppressed.reason
        for f in findings
        if f.suppressed is not None and f.suppressed.source in ("baseline", "since")
    ]
    for reason in sorted(set(reasons)):
        count = reasons.count(reason)
        said = f"{count} finding{'' if count == 1 else 's'}"
        yield Leave("known before", "weakens", "", "", said, reason, "", "", "")
