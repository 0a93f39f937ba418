"""What one column reaches: its labels followed downstream, each with the way it took."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, Protocol

from pii_lint.labels import UNKNOWN, Label, Origin

from .inventory import Hop, Inflow, Inventory, Via

TAIL = "*"
UNFOLLOWED = "transform"
"""The operation of a step that only a hook or a variable explains."""


class Reached(NamedTuple):
    """A label on a column that the asked column lies behind; `path` begins at the asked one."""

    node: str
    column: str
    # a key of the relation's columns; `*` for the open tail and for the choice of rows
    label: Label
    path: tuple[Hop, ...]


class Inflows(Protocol):
    """Who tells what a column is made of."""

    def of(self, node: str, column: str) -> tuple[Inflow, ...]:
        """What goes into a column; `column` is a lower-case key."""


def readers(inventory: Inventory) -> Mapping[str, tuple[str, ...]]:
    """Who reads each relation, hooks included."""
    found: dict[str, dict[str, None]] = {}
    for uid, relation in sorted(inventory.relations.items()):
        for read in relation.reads:
            found.setdefault(read, {})[uid] = None
    return {uid: tuple(those) for uid, those in found.items()}


def downstream(inventory: Inventory, nodes: Collection[str]) -> frozenset[str]:
    """Every relation that reads one of these, at whatever distance; not these themselves."""
    by = readers(inventory)
    seen: set[str] = set()
    ahead = list(nodes)
    while ahead:
        for uid in by.get(ahead.pop(), ()):
            if uid not in seen:
                seen.add(uid)
                ahead.append(uid)
    return frozenset(seen - set(nodes))


def born_in(inventory: Inventory, node: str, column: str) -> frozenset[Label]:
    """The labels that are born in a column; lost sight, which is a relation's, isn't."""
    held = inventory.relations[node].columns.get(column)
    return frozenset(
        label
        for label, via in (held.labels if held is not None else {}).items()
        if via is None and label.kind != UNKNOWN and label.origin.column.lower() == column
    )


def reach(
    inventory: Inventory,
    inflows: Inflows,
    node: str,
    column: str,
    hooked: Collection[str] = (),
) -> tuple[Reached, ...]:
    """Every label downstream of a column that comes from it, in order of relation and column.

    What is born in the column is known by its origin everywhere. What only passes through is
    followed from query to query; where nobody can say which column a label came by (a hook, a
    variable, which rows there are), it counts as reached once its relation reads a reached one.
    `hooked`: relations that hooks or operations may write to.
    """
    born = born_in(inventory, node, column)
    origins = {label.origin for label in born}
    found = {(r.node, r.column, r.label): r for r in _of(inventory, origins)}
    passing = [label for label in _held(inventory, node, column) if label not in born]
    if passing:
        for one in _Walk(inventory, inflows, hooked).run(node, column, passing):
            found.setdefault((one.node, one.column, one.label), one)
    return tuple(
        one
        for one in sorted(found.values(), key=_order)
        if (one.node, one.column) != (node, column)
    )


def _order(one: Reached) -> tuple[str, ...]:
    label = one.label
    words = (label.kind, label.clause or "", label.part or "", str(label.equated))
    return (one.node, one.column, str(label.form.value), str(label.origin), *words)


def _held(inventory: Inventory, node: str, column: str) -> Mapping[Label, Via | None]:
    relation = inventory.relations[node]
    held = dict(relation.columns[column].labels) if column in relation.columns else {}
    return {**relation.signals, **held} if column == TAIL else held


def _of(inventory: Inventory, origins: Collection[Origin]) -> Iterator[Reached]:
    for uid, relation in inventory.relations.items():
        for key in {**relation.columns, TAIL: None}:
            for label in _held(inventory, uid, key):
                if label.origin in origins:
                    yield Reached(uid, key, label, inventory.path(uid, key, label))


class _Walk:
    """A label that passes through a column has that column's name nowhere: it is followed."""

    def __init__(self, inventory: Inventory, inflows: Inflows, hooked: Collection[str]) -> None:
        self._inventory = inventory
        self._hooked = hooked
        self._inflows = inflows
        self._readers = readers(inventory)
        self._made: dict[tuple[str, str], tuple[Inflow, ...]] = {}
        self._reached: dict[tuple[str, str], dict[Label, Via | None]] = {}

    def run(self, node: str, column: str, labels: Collection[Label]) -> Iterator[Reached]:
        self._reached[node, column] = dict.fromkeys(labels)
        ahead = deque([node])
        while ahead:
            for uid in self._readers.get(ahead.popleft(), ()):
                if self._take(uid) and uid not in ahead:
                    ahead.append(uid)
        for (uid, key), found in self._reached.items():
            for label in found:
                yield Reached(uid, key, label, self._path(uid, key, label))

    def _take(self, uid: str) -> bool:
        """Mark what is reached in one relation; True where something new is."""
        new = False
        relation = self._inventory.relations[uid]
        # a column may take from another one of the same relation by way of a hook
        for key in {**relation.columns, TAIL: None}:
            found = self._reached.get((uid, key), {})
            for label, via in _held(self._inventory, uid, key).items():
                if label in found:
                    continue
                step = self._step(uid, key, label, via)
                if step is not None:
                    self._reached.setdefault((uid, key), {})[label] = step
                    new = True
        return new

    def _step(self, uid: str, key: str, label: Label, via: Via | None) -> Via | None:
        if via is not None and via.label in self._reached.get((via.node, via.column), {}):
            return via
        if (uid, key) not in self._made:
            self._made[uid, key] = self._inflows.of(uid, key)
        # what the relation's own SQL brings in, a hook may bring in again from elsewhere
        explained = False
        for flow in self._made[uid, key]:
            for before, after in flow.labels:
                if after == label:
                    explained = True
                    stands = self._stands(flow.node, flow.column)
                    if before in self._reached.get((flow.node, stands), {}):
                        return Via(flow.node, stands, before, flow.op, flow.span, 1)
        if (explained and uid not in self._hooked) or via is None:
            return None
        return self._unfollowed(uid, label)

    def _unfollowed(self, uid: str, label: Label) -> Via | None:
        """Nobody says which column it came by, so any that is read and of this origin."""
        read = self._inventory.relations[uid].reads
        for (node, column), found in self._reached.items():
            if node in read:
                for before in found:
                    if before.origin == label.origin:
                        return Via(node, column, before, UNFOLLOWED, None, 1)
        return None

    def _stands(self, node: str, column: str) -> str:
        return column if column in self._inventory.relations[node].columns else TAIL

    def _path(self, uid: str, key: str, label: Label) -> tuple[Hop, ...]:
        hops: list[Hop] = []
        seen: set[tuple[str, str, Label]] = set()
        at: tuple[str, str, Label] | None = (uid, key, label)
        while at is not None and at not in seen:
            seen.add(at)
            held = self._inventory.relations[at[0]].columns.get(at[1])
            via = self._reached[at[0], at[1]].get(at[2])
            hops.append(Hop(at[0], held.name if held is not None else TAIL, at[2], via))
            at = (via.node, via.column, via.label) if via is not None else None
        return tuple(reversed(hops))
