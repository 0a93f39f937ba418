"""What propagation leaves behind: every column of every relation with its labels, and how each
arrived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pii_lint.labels import Label


class Span(NamedTuple):
    """Character offsets into a node's compiled SQL; `end` is exclusive."""

    start: int
    end: int
    manifest: int = 0
    # of several manifests of one project, the position of the one whose SQL is meant


class Via(NamedTuple):
    """How a label came to stand where it stands: one step back on its witness path."""

    node: str
    column: str
    # `*` for the relation itself (a signal, an open tail)
    label: Label
    # as it stood there
    op: str
    span: Span | None
    # of the expression in the compiled SQL of the node that now holds the label
    hops: int


@dataclass(slots=True)
class ColumnFacts:
    """One column: its name as the warehouse spells it, its labels; `None` marks a label born
    here."""

    name: str
    labels: dict[Label, Via | None] = field(default_factory=dict)
    named: bool = True
    # False where it arrived by a star all the way, so that nobody ever wrote its name in this node


@dataclass(slots=True)
class MaskFacts:
    """One digest or cipher in a node's SQL."""

    column: str
    function: str
    inputs: frozenset[Label]
    secrets: frozenset[Label]
    # the keys that hold: secrets that enter whole
    literal: bool
    # a literal of 8 or more characters enters beside the value
    span: Span | None


class Inflow(NamedTuple):
    """A column that another one is made of, and what becomes of each of its labels on the way."""

    node: str
    column: str
    op: str
    span: Span | None
    # of the expression in the compiled SQL of the node that takes it
    labels: tuple[tuple[Label, Label | None], ...]
    # as it stands there, as it arrives; None where it ends


@dataclass(slots=True)
class BlindSpot:
    """A place where sight was lost, in a node's own SQL."""

    reason: str
    span: Span | None = None


class Opened(NamedTuple):
    """What a query asks of another relation that no list of columns tells: a column that nobody
    listed, or what stands under a path in a JSON value."""

    node: str
    column: str
    path: tuple[str, ...]


@dataclass(slots=True)
class RelationFacts:
    """One relation. `columns` is keyed by lower-case name and keeps the select list's order; the
    key `*` is the open tail."""

    columns: dict[str, ColumnFacts] = field(default_factory=dict)
    signals: dict[Label, Via | None] = field(default_factory=dict)
    complete: bool = True
    # False where more columns may stand there than `columns` lists
    reads: tuple[str, ...] = ()
    # unique_ids that its SQL reads, hard-coded names resolved
    hooked: tuple[str, ...] = ()
    # those among them that only hooks bring in
    opened: set[Opened] = field(default_factory=set)
    masks: list[MaskFacts] = field(default_factory=list)
    blind: list[BlindSpot] = field(default_factory=list)


class Outlet(NamedTuple):
    """What a hook or operation writes to where dbt makes nothing."""

    by: str
    # the node whose hook it is, or the operation
    target: str
    # as the SQL names it; empty where only a run of dbt names it
    source: str | None
    # the unique_id of a source that it is declared as
    file: bool
    labels: frozenset[Label]
    lost: str | None
    # why nobody can say what is written


class Failures(NamedTuple):
    """What the stored failures of a test hold."""

    labels: frozenset[Label]
    seen: bool
    # by the test's own SQL; else whatever the relations that it reads hold


class Hop(NamedTuple):
    """One stop on a witness path, from the origin on."""

    node: str
    column: str
    label: Label
    via: Via | None


@dataclass(slots=True)
class Inventory:
    """The whole project, labelled."""

    relations: Mapping[str, RelationFacts]
    outlets: tuple[Outlet, ...] = ()
    failures: Mapping[str, Failures] = field(default_factory=dict)
    # by the unique_id of a test

    def path(self, node: str, column: str, label: Label) -> tuple[Hop, ...]:
        """The witness path of a label, origin first. `column` is a lower-case key of that
        relation."""
        return tuple(reversed(list(self._back(node, column, label))))

    def _back(self, node: str, column: str, label: Label) -> Iterator[Hop]:
        seen: set[tuple[str, str, Label]] = set()
        while (node, column, label) not in seen:
            seen.add((node, column, label))
            facts = self.relations.get(node)
            if facts is None:
                return
            if column == "*" and label in facts.signals:
                via, name = facts.signals[label], "*"
            elif column in facts.columns:
                via, name = facts.columns[column].labels.get(label), facts.columns[column].name
            else:
                return
            yield Hop(node, name, label, via)
            if via is None:
                return
            node, column, label = via.node, via.column, via.label
