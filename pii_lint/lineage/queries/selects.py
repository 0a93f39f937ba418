"""SELECT, clause by clause in the order in which an engine works them out."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.floors import demanded
from pii_lint.lineage.scopes import Column, Item, Relation, Scope, Tail
from pii_lint.lineage.summary import NULLABLE
from pii_lint.lineage.values import flow
from pii_lint.lineage.walk import Walk, WindowFrame

from .ctes import ctes
from .deciding import may_be_empty, row_signals
from .equalities import equate
from .from_clause import from_clause
from .grouping import group
from .lateral_aliases import defer
from .modifiers import held_by_limit
from .output_names import tell_apart
from .pairs import narrow
from .select_list import select_list


def select(walk: Walk, e: exp.Select, parent: Scope | None) -> Relation:
    """What a SELECT gives."""
    scope = Scope(parent=parent)
    ctes(walk, e, scope)
    outside = _enter(walk)
    conditions = from_clause(walk, e, scope)
    narrow(walk, e, scope)
    equate(walk, e, conditions, scope)
    defer(walk, e, scope)
    group(walk, e, scope)
    scope.floors = demanded(walk, e, scope)
    listed = select_list(walk, e, scope)
    rows = row_signals(walk, e, conditions, listed, scope)
    _leave(walk, outside)
    items, certain = _shaped(e, listed.items, listed.certain)
    tell_apart(walk, items)
    filtered = may_be_empty(e, scope)
    if filtered and e.args.get("group") is None and _aggregates(e):
        # over no rows an aggregate is null
        for item in items:
            if isinstance(item, Column):
                item.value = flow(item.value, NULLABLE)
    return Relation(
        items,
        certain=certain,
        rows=rows,
        filtered=filtered,
        pattern=tuple(listed.pattern) if listed.pattern is not None else None,
        pinned=scope.pinned | held_by_limit(e, rows),
    )


Outside = tuple[WindowFrame | None, str, int, int, bool]
"""Where the walk stood when it came to a select."""


def _enter(walk: Walk) -> Outside:
    outside = walk.window, walk.column, walk.low, walk.high, walk.outer
    walk.window = None
    return outside


def _leave(walk: Walk, outside: Outside) -> None:
    low, high = walk.low, walk.high
    walk.window, walk.column, walk.low, walk.high, walk.outer = outside
    if walk.low >= 0 and low >= 0:
        walk.low, walk.high = min(walk.low, low), max(walk.high, high)


def _shaped(e: exp.Select, items: list[Item], certain: int) -> tuple[list[Item], int]:
    """BigQuery's `select as struct …` and `select as value …`: one column of the whole."""
    kind = str(e.args.get("kind") or "").upper()
    if kind == "STRUCT":
        return [Column("$struct", "$struct", "$struct", Relation(items).row())], 1
    if kind == "VALUE" and len(items) == 1:
        whole = item_value(items[0])
        return [Column("value", "value", "value", whole), Tail(None, value=whole)], certain
    return items, certain


def _aggregates(e: exp.Select) -> bool:
    return any(
        type(item) is not exp.Column and item.find(exp.AggFunc) is not None
        for item in e.expressions
    )
