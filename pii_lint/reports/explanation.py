"""Why a column carries what it carries, or why it doesn't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pii_lint.findings import Finding, Flow, Location
from pii_lint.labels import READABLE, Form, Label
from pii_lint.propagation.inventory import Inflow, MaskFacts, Via
from pii_lint.propagation.link import Origins
from pii_lint.rules import WHOLE, Facts, label_order, weakness

MOST_SOURCES = 40
"""Columns that an explanation names above a clean one."""
DEEPEST = 12

_MASKED = frozenset({Form.WEAK, Form.PSEUDONYM})


@dataclass(frozen=True, slots=True)
class Masked:
    """The digest or cipher that a label met on its way."""

    node: str
    column: str
    function: str
    secrets: tuple[str, ...]
    weakness: str | None
    # None where a secret keys it
    location: Location | None


@dataclass(frozen=True, slots=True)
class Way:
    """One label of the column."""

    flow: Flow
    mask: Masked | None


@dataclass(frozen=True, slots=True)
class End:
    """A label that stands on a column above and doesn't go on as it is."""

    kind: str
    form: str
    origin: str
    becomes: str | None


@dataclass(frozen=True, slots=True)
class Above:
    """A column that flows in, `depth` relations up."""

    depth: int
    node: str
    column: str
    op: str
    standing: str
    # what is known of a column without labels
    ends: tuple[End, ...]
    expression: str
    location: Location | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything `explain` has to say of one column."""

    node: str
    column: str
    sort: str
    location: Location | None
    ways: tuple[Way, ...]
    rows: tuple[str, ...]
    # kinds that decide which rows there are, with the clause
    above: tuple[Above, ...]
    cut: bool
    # more stands above than is named
    standing: str
    # of a clean column that no SQL of the project makes
    declared: tuple[str, ...]
    findings: tuple[Finding, ...]


def explanation(
    facts: Facts, origins: Origins, findings: tuple[Finding, ...], node: str, column: str
) -> Explanation:
    """Explain one column; `column` is a key of its relation."""
    held = facts.inventory.relations[node]
    known = held.columns.get(column)
    name = known.name if known is not None else WHOLE
    labels = dict(known.labels) if known is not None else {}
    ways = tuple(_ways(facts, node, column, labels))
    above = [] if ways else list(_above(facts, origins, node, column, 1, {(node, column)}))
    if ways:
        ended = _level(facts, origins, node, column, 1)
        above = [one for one in ended if any(end.becomes is None for end in one.ends)]
    return Explanation(
        node=node,
        column=name,
        sort=facts.sort_of(node),
        location=facts.places.column(node, column, labels),
        ways=ways,
        rows=tuple(
            sorted({f"{s.kind} ({s.clause or s.form.word})" for s in held.signals if s.kind})
        ),
        above=tuple(above[:MOST_SOURCES]),
        cut=len(above) > MOST_SOURCES,
        standing="" if ways or above else _unmade(facts, node, name),
        declared=tuple(_declared(facts, node, column)),
        findings=tuple(f for f in findings if f.node == node and f.column.lower() == column),
    )


def _ways(
    facts: Facts, node: str, column: str, labels: Mapping[Label, Via | None]
) -> Iterator[Way]:
    told: set[tuple[object, ...]] = set()
    for label in sorted(labels, key=label_order):
        shown = (label.origin, label.kind, label.form, label.clause, label.equated)
        if shown in told:
            continue
        told.add(shown)
        flow = Flow(
            id="",
            origin=str(label.origin),
            kind=label.kind,
            form=label.form.word,
            clause=label.clause,
            equated=label.equated,
            steps=facts.places.steps(node, column, label),
        )
        yield Way(flow, _mask(facts, node, column, label))


def _mask(facts: Facts, node: str, column: str, label: Label) -> Masked | None:
    """The mask that made the label what it is."""
    if label.form not in _MASKED:
        return None
    for hop in facts.inventory.path(node, column, label):
        if hop.via is None or hop.via.label.form not in READABLE or hop.label.form not in _MASKED:
            continue
        held = facts.inventory.relations[hop.node]
        found = [m for m in held.masks if any(i.origin == label.origin for i in m.inputs)]
        found = [m for m in found if m.column.lower() == hop.column.lower()] or found
        if found:
            return _masked(facts, hop.node, hop.column, found[0], label, (node, column))
    return None


def _masked(
    facts: Facts, node: str, column: str, mask: MaskFacts, label: Label, asked: tuple[str, str]
) -> Masked:
    weak = label.form == Form.WEAK
    return Masked(
        node=node,
        column=column,
        function=mask.function,
        secrets=tuple(sorted({str(secret.origin) for secret in mask.secrets})),
        weakness=weakness(facts, facts.cell(*asked, ()), label) if weak else None,
        location=facts.places.span(node, mask.span),
    )


def _level(facts: Facts, origins: Origins, node: str, column: str, depth: int) -> list[Above]:
    """The columns right above one, each once."""
    found: dict[tuple[str, str], Inflow] = {}
    for flow in origins.of(node, column):
        known = found.get((flow.node, flow.column))
        if known is not None:
            ends = dict(known.labels)
            for before, after in flow.labels:
                ends[before] = ends.get(before) or after
            flow = known._replace(labels=tuple(ends.items()))
        found[(flow.node, flow.column)] = flow
    return [_one(facts, node, flow, depth) for flow in found.values()]


def _one(facts: Facts, taker: str, flow: Inflow, depth: int) -> Above:
    held = facts.inventory.relations[flow.node].columns
    known = held.get(flow.column) or held.get(WHOLE)
    name = held[flow.column].name if flow.column in held else flow.column
    ends = {
        End(
            before.kind,
            before.form.word,
            str(before.origin),
            after.form.word if after is not None else None,
        )
        for before, after in flow.labels
    }
    return Above(
        depth=depth,
        node=flow.node,
        column=name,
        op=flow.op,
        standing="" if known is not None and known.labels else _standing(facts, flow.node, name),
        ends=tuple(sorted(ends, key=lambda end: (end.form, end.kind, end.origin))),
        expression=facts.places.excerpt(taker, flow.span),
        location=facts.places.span(taker, flow.span),
    )


def _standing(facts: Facts, node: str, column: str) -> str:
    """What is known of a column without labels."""
    if facts.is_secret(node):
        return "beside a secret"
    if facts.nodes[node].resource_type not in ("source", "seed"):
        return "clean"
    if column.lower() in facts.declared_clean(node):
        return "declared clean"
    return "never reviewed: neither tagged nor declared clean"


def _unmade(facts: Facts, node: str, column: str) -> str:
    sort = facts.nodes[node].resource_type
    if sort in ("source", "seed"):
        return f"It is where data comes in, and it is {_standing(facts, node, column)}."
    if sort == "snapshot" and column.lower().startswith("dbt_"):
        return "dbt writes it itself, out of the snapshot's key and times."
    if column == WHOLE:
        return "It stands for the columns that nobody listed, and for which rows there are."
    return (
        "No column's value flows into it: it is made of literals, of functions that read none, or "
        "of how many rows there are."
    )


def _above(
    facts: Facts,
    origins: Origins,
    node: str,
    column: str,
    depth: int,
    seen: set[tuple[str, str]],
) -> Iterator[Above]:
    """All that flows into a clean column, down to where labels end or were never born."""
    for one in _level(facts, origins, node, column, depth):
        yield one
        place = (one.node, one.column.lower())
        if one.standing == "clean" and place not in seen and depth < DEEPEST:
            seen.add(place)
            yield from _above(facts, origins, *place, depth + 1, seen)


def _declared(facts: Facts, node: str, column: str) -> Iterator[str]:
    for one in facts.declared(node, column):
        state = "holds" if one.holds(facts.today) else "doesn't hold"
        kinds = ", ".join(one.kinds) or "nothing"
        by = f", by {one.by}" if one.by else ""
        yield f"{kinds} until {one.until}{by}: {one.reason} ({state} today)"
