"""A relation with its labels, each at its place inside a column's values, and what its rows
together mean for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from pii_lint.artifacts.model import Column
from pii_lint.labels import MAYBE_NULL, OF_CHANGED, SECRET, UNKNOWN, Form, Label, Origin
from pii_lint.lineage.summary import ENTRY, HELD, KEYS, ROW_ID, ROWS, SCALAR, TAIL, Ref, Shape

from .declared import ANY_DEPTH, LATENT, Position
from .inventory import ColumnFacts, RelationFacts, Span, Via

Labels = dict[Label, Via | None]
Line = tuple[str, ...]
"""The names by which a row was read on its way, and the source or seed whose row it is."""
MOST_ROUNDS = 30
"""Rounds after which a cycle's labels are taken as they are; they only grow, and each label can
arrive but once."""


@dataclass(slots=True)
class Linked:
    """A relation with its labels by place inside each column, and what else a reader needs to know
    of it."""

    shape: Shape
    columns: dict[str, dict[Position, Labels]] = field(default_factory=dict)
    facts: RelationFacts = field(default_factory=RelationFacts)
    singles: dict[str, frozenset[str]] = field(default_factory=dict)
    # column -> source tables of which it holds one value a row
    filtered: bool = False
    held: frozenset[str] = frozenset()
    # source tables of which all its rows together hold one row
    lines: dict[str, tuple[Line, str]] = field(default_factory=dict)
    # column -> where each of its rows comes from, and the column that it is there

    def origins(self) -> set[str]:
        """The nodes where its labels were born."""
        places = (labels for column in self.columns.values() for labels in column.values())
        return {label.origin.node for labels in places for label in labels}

    def at(self, ref: Ref) -> Iterator[tuple[Position, str, Labels]]:
        """The labels that a ref takes: what is left of their place, the column they stand on, the
        labels."""
        if ref.column == ROWS:
            yield (), TAIL, self.facts.signals
            return
        if ref.column in (ROW_ID, HELD):
            return
        key = ref.column if ref.column in self.columns else TAIL
        for position, labels in self.columns.get(key, {}).items():
            rest = remaining(position, ref.path)
            if rest is not None:
                yield rest, key, labels

    def stand_for(self, node: str, key: str, column: Column) -> None:
        """Note that a unique column stands for the rows of its own table; one that references
        another, for that one's too."""
        tables = {uid for uid, _ in column.references}
        if column.unique:
            tables.add(node)
            tables |= self.origins()
        if tables:
            self.singles[key] = self.singles.get(key, frozenset()) | tables

    def fingerprint(self) -> object:
        """What can still change while a cycle is gone round."""
        labels = {
            key: {p: set(ls) for p, ls in places.items()} for key, places in self.columns.items()
        }
        return self.shape, labels, set(self.facts.signals)

    def finished(self, named: Mapping[str, bool] | None = None) -> Linked:
        """The same, its places flattened into facts."""
        facts = self.facts
        facts.complete = self.shape.complete
        for column in self.shape.columns:
            facts.columns[column.key] = ColumnFacts(
                column.name,
                _flat(self.columns.get(column.key) or {}),
                named.get(column.key, True) if named is not None else True,
            )
        rest = {
            label: via
            for labels in self.columns.get(TAIL, {}).values()
            for label, via in labels.items()
        }
        if rest or not self.shape.complete:
            facts.columns[TAIL] = ColumnFacts(TAIL, rest, named=False)
        return self


def remaining(position: Position, path: tuple[str, ...]) -> Position | None:
    """Where a label stands inside what a path takes out; None where the path passes it by."""
    asked: list[str] = []
    if path and position:
        path, asked = _pairs(path)
    for i, step in enumerate(position):
        rest = path[i:]
        if not rest:
            return position[i:]
        if step in (ANY_DEPTH, LATENT):
            key = position[i + 1]
            if asked:
                # the key is data: where none is asked for it may be any, the personal one too
                return () if "" in asked or key in asked or key in rest else None
            if key in rest or (step == ANY_DEPTH and rest == (SCALAR,)):
                # the key itself, or the whole document read as text
                return ()
            return None if rest[-1] in (SCALAR, KEYS) else (LATENT, key)
        if rest[0] == SCALAR:
            return ()
        if step != rest[0]:
            return None
    return ()


def _pairs(path: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """The path without its steps into rows, and the keys by which it asks pairs among them for
    their value, an empty one for any key."""
    plain = tuple(step for step in path if not step.startswith(ENTRY))
    keys = [
        step.removeprefix(ENTRY)[1:]
        for step, after in pairwise(path)
        if step.startswith(ENTRY) and after == "value"
    ]
    return plain, keys


def lost(node: str) -> Label:
    """The label of what nobody can see in a node."""
    return Label(Origin(node, TAIL), UNKNOWN, Form.UNKNOWN)


def add(
    into: Labels,
    new: Label,
    uid: str,
    key: str,
    label: Label,
    op: str,
    span: Span | None,
    via: Via | None,
) -> None:
    """Keep the shortest witness; ties go to the first by name."""
    if not uid:
        into.setdefault(new, None)
        return
    step = Via(uid, key, label, op, span, via.hops + 1 if via else 1)
    keep(into, new, step)


def keep(into: Labels, label: Label, way: Via | None) -> None:
    """Know a label by its nearest way."""
    if nearer(way, into.get(label), label in into):
        into[label] = way


def nearer(new: Via | None, old: Via | None, there: bool) -> bool:
    """True where a way is shorter than the one that is known, or the first."""
    if not there:
        return True
    if old is None or new is None:
        return old is not None
    return (new.hops, new.node, new.column) < (old.hops, old.node, old.column)


_NONE: Labels = {}
"""The labels of every clean column; a dict each would fill the memory."""


def _flat(places: Mapping[Position, Labels]) -> Labels:
    """The labels of a column, wherever in its value they stand."""
    if not places:
        return _NONE
    if len(places) == 1 and () in places:
        return places[()]
    flat: Labels = {}
    for position, labels in places.items():
        for label, via in labels.items() if LATENT not in position else ():
            keep(flat, label, via)
    return flat


def loosen_secrets(linked: Linked) -> None:
    """A relation that may be empty can't be relied on for a key that nulls would drop out of."""
    for places in linked.columns.values():
        for position, labels in places.items():
            if any(label.kind == SECRET and label.part is None for label in labels):
                places[position] = {
                    label._replace(part=MAYBE_NULL)
                    if label.kind == SECRET and label.part is None
                    else label: via
                    for label, via in labels.items()
                }


def join_parts(linked: Linked) -> None:
    """Two different parts of one origin in one relation count as the whole."""
    parts: dict[Origin, set[tuple[str, str]]] = {}
    kinds: dict[Origin, str] = {}
    for key, places in linked.columns.items():
        for labels in places.values():
            for label in labels:
                if label.form is Form.PARTIAL and label.part is not None and label.kind != SECRET:
                    where = key if label.part.startswith(OF_CHANGED) else ""
                    parts.setdefault(label.origin, set()).add((label.part, where))
                    shorter = min(kinds.get(label.origin, label.kind), label.kind, key=len)
                    kinds[label.origin] = shorter
    joined = {origin for origin, specs in parts.items() if len(specs) > 1}
    if not joined:
        return
    for places in linked.columns.values():
        for position, labels in places.items():
            if any(label.form is Form.PARTIAL and label.origin in joined for label in labels):
                places[position] = {
                    Label(label.origin, kinds[label.origin], Form.CLEAR)
                    if label.form is Form.PARTIAL and label.origin in joined
                    else label: via
                    for label, via in labels.items()
                }
