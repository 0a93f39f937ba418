"""Flows of two states, the later one judged by both policies: none hides behind the new one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pii_lint.diff.gate import gate_changes
from pii_lint.diff.model import Change, Diff, FlowChange, GateChange
from pii_lint.diff.places import Places
from pii_lint.findings import Finding, Flow, ManifestInput, Persona, Severity
from pii_lint.labels import Form
from pii_lint.rules import Facts, judge
from pii_lint.suppressions import suppress

Key = tuple[str, str, str, str]
"""Node, column, origin, and for a finding without flows its rule and words; as `Places` calls
them."""

_FORMS = [form.word for form in Form]
_UNKNOWN = Form.UNKNOWN.word
_PARTIAL = Form.PARTIAL.word


@dataclass(frozen=True, slots=True)
class State:
    """A state of the project under its own policy, and what was read of it."""

    facts: Facts
    read: ManifestInput


@dataclass(slots=True)
class _Held:
    """What one column holds of one origin, by everything that was found of it."""

    findings: list[Finding]
    flow: Flow | None = None
    # the one in the worst form

    @property
    def open(self) -> bool:
        return any(finding.suppressed is None for finding in self.findings)

    @property
    def severity(self) -> Severity:
        """The worst of what isn't suppressed, else of all."""
        some = [f for f in self.findings if f.suppressed is None] or self.findings
        return min((f.severity for f in some), key=list(Severity).index)

    @property
    def form(self) -> str | None:
        return self.flow.form if self.flow else None

    @property
    def flows(self) -> set[str]:
        """The ids of all its flows."""
        return {flow.id for finding in self.findings for flow in finding.flows}


Held = Mapping[Key, _Held]


def compare(
    base: State,
    head: State,
    under_base: Facts,
    *,
    fail_on: Severity | None = None,
    notes: tuple[str, ...] = (),
    known: tuple[GateChange, ...] = (),
) -> Diff:
    """What changed. `under_base` is the head's project under the base's policy; `known` is what
    became of the baseline."""
    places = Places(base.facts.projects[0].name, head.facts.projects[0].name)
    gate = (*known, *gate_changes(base.facts, head.facts, places))
    lost = {change.subject for change in gate if change.sort == "tag lost"}
    flows = tuple(
        sorted(
            _flows(
                _held(base.facts, places),
                _held(under_base, places),
                _held(head.facts, places),
                lost,
                _gone_exports(base.facts, head.facts, places),
            ),
            key=_order,
        )
    )
    strictest = fail_on or max(
        base.facts.config.fail_on, head.facts.config.fail_on, key=list(Severity).index
    )
    weakened = any(change.weakens for change in gate) or any(
        flow.change is Change.HIDDEN for flow in flows
    )
    failed = weakened or any(
        flow.change in (Change.NEW, Change.WEAKENED)
        and flow.suppressed is None
        and flow.severity.at_least(strictest)
        for flow in flows
    )
    return Diff(base.read, head.read, _sorted(gate), flows, notes, weakened, failed)


def _held(facts: Facts, places: Places) -> Held:
    held: dict[Key, _Held] = {}
    for finding in suppress(judge(facts), facts):
        node, column = places.node(finding.node), finding.column.lower()
        if not finding.flows and finding.persona is not Persona.DEFAULT:
            # what few want to hear of a project says nothing of where data goes
            continue
        if not finding.flows:
            # what it says tells apart what else may come to the same place
            said = f"{finding.code} {finding.message}"
            held.setdefault((node, column, "", said), _Held([])).findings.append(finding)
        for flow in finding.flows:
            one = held.setdefault((node, column, places.node(flow.origin), ""), _Held([]))
            one.findings.append(finding)
            if one.flow is None or _FORMS.index(flow.form) < _FORMS.index(one.flow.form):
                one.flow = flow
    return held


def _flows(
    before: Held, under_base: Held, now: Held, lost: set[str], gone_exports: set[str]
) -> Iterator[FlowChange]:
    lost_sight = _blind(under_base) - _blind(before)
    for key in before.keys() | under_base.keys() | now.keys():
        was, still, one = before.get(key), under_base.get(key), now.get(key)
        node, _, origin, _ = key
        if one is None:
            hidden = (
                still is not None or origin in lost or node in gone_exports or node in lost_sight
            )
            shown = still or was
            if shown is not None:
                change = Change.HIDDEN if hidden else Change.FIXED
                quiet = Severity.OFF if hidden else shown.severity
                yield _change(change, shown, was, still, quiet, shown.severity)
        elif was is None:
            change = Change.HIDDEN if still and _milder(one, still) else Change.NEW
            before_it = still.severity if still else None
            yield _change(change, one, None, one, one.severity, before_it)
        else:
            before_it = (still or was).severity
            yield _change(_became(was, still or was, one), one, was, one, one.severity, before_it)


def _blind(held: Held) -> set[str]:
    return {node for (node, *_), one in held.items() if one.form == _UNKNOWN}


def _became(was: _Held, still: _Held, now: _Held) -> Change:
    if now.form is not None and was.form is not None and now.form != was.form:
        worse = _FORMS.index(now.form) < _FORMS.index(was.form)
        if worse:
            return Change.WEAKENED
        return Change.HIDDEN if _milder(now, still) else Change.STRENGTHENED
    if _milder(now, still) or (was.open and not now.open):
        return Change.HIDDEN
    # in a renamed project every flow has another id
    there = was.findings[0].node == now.findings[0].node
    if now.form == _PARTIAL and now.open and there and not now.flows <= was.flows:
        return Change.WEAKENED
    return Change.NEW if now.open and not was.open else Change.UNCHANGED


def _milder(now: _Held, still: _Held) -> bool:
    """True where the head's own policy says less of it than the base's would."""
    if still.open and not now.open:
        return True
    return now.severity != still.severity and still.severity.at_least(now.severity)


def _change(
    change: Change,
    shown: _Held,
    was: _Held | None,
    now: _Held | None,
    severity: Severity,
    severity_was: Severity | None,
) -> FlowChange:
    finding = next((f for f in shown.findings if f.suppressed is None), shown.findings[0])
    return FlowChange(
        change=change,
        codes=tuple(sorted({f.code for f in shown.findings})),
        severity=severity,
        severity_was=severity_was,
        node=finding.node,
        column=finding.column,
        origin=shown.flow.origin if shown.flow else None,
        kind=shown.flow.kind if shown.flow else None,
        was=was.form if was else None,
        now=now.form if now else None,
        location=finding.location,
        suppressed=None if shown.open else finding.suppressed,
    )


def _gone_exports(base: Facts, head: Facts, places: Places) -> set[str]:
    there = {places.node(uid) for uid in head.exposures}
    return {places.node(uid) for uid in base.exposures} - there


def _order(flow: FlowChange) -> tuple[object, ...]:
    place = flow.location
    return (
        list(Change).index(flow.change),
        min(list(Severity).index(each) for each in (flow.severity, flow.severity_was) if each),
        (place.file, place.line, place.col) if place else ("", 0, 0),
        flow.node,
        flow.column,
        flow.origin or "",
        flow.codes,
    )


def _sorted(gate: Iterable[GateChange]) -> tuple[GateChange, ...]:
    """Weakenings first; within them as found, which is by sort, then by place."""
    return tuple(sorted(gate, key=lambda change: not change.weakens))
