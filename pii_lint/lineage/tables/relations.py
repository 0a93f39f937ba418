"""Relations that FROM itself makes: their columns, their rows, and one that hides everything."""

from __future__ import annotations

from collections.abc import Iterable

from pii_lint.lineage.scopes import Column, Item, Relation, Tail
from pii_lint.lineage.summary import TRANSFORM, Edges, Signal
from pii_lint.lineage.values import Value, apply, counting, flow, union
from pii_lint.lineage.walk import Walk


def column(name: str, content: Value) -> Column:
    """A column that the engine names."""
    return Column(name.lower(), name, name, content)


def counted(whole: Value) -> Edges:
    """The rows that a value opens into: there are as many as it has parts."""
    return counting(whole)


def without(items: Iterable[Item], names: frozenset[str]) -> list[Item]:
    """What is left of a relation's items once the columns of these names are used up."""
    return [
        item.hiding(names) if isinstance(item, Tail) else item
        for item in items
        if isinstance(item, Tail) or item.key not in names
    ]


def opaque(walk: Walk, reason: str, inputs: Iterable[Value] = ()) -> Relation:
    """A relation that can't be seen into: whatever went in, and an unknown."""
    lost = walk.unknown(reason)
    whole = union((lost, *(flow(v, TRANSFORM) for v in inputs)))
    return Relation([Tail(None, value=whole)], certain=0, rows=apply(whole, Signal("filter")).edges)
