"""ORDER BY, LIMIT and OFFSET, around a query in parentheses and a set operation too."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.names import one_row
from pii_lint.lineage.scopes import Item, Relation, Scope, Source
from pii_lint.lineage.summary import Edge, Edges, Signal
from pii_lint.lineage.values import Value, apply, merge, union
from pii_lint.lineage.walk import Walk


def modified(walk: Walk, e: exp.Expr, relation: Relation, scope: Scope) -> Relation:
    """The relation in the order and within the limit that stand behind it."""
    order = e.args.get("order")
    limited = may_leave_none(e)
    if order is None and not limited:
        return relation
    rows = dict(relation.rows)
    if order is not None:
        inner = Scope(parent=scope, sources=[Source("", relation)])
        key = sort_key(walk, order, inner, relation.items, relation.certain)
        merge(rows, apply(key, Signal("sort")).edges)
    return Relation(
        relation.items,
        certain=relation.certain,
        rows=rows,
        filtered=relation.filtered or limited,
        pattern=relation.pattern,
        pinned=relation.pinned | held_by_limit(e, rows),
    )


def sort_key(
    walk: Walk, order: exp.Expr, scope: Scope, items: Sequence[Item], certain: int
) -> Value:
    """What the rows are sorted by: expressions, and columns by their number, of which `certain`
    have a known one."""
    keys: list[Value] = []
    for key in order.expressions:
        plain = key.this if isinstance(key, exp.Ordered) else key
        if isinstance(plain, exp.Var) and plain.name.upper() == "ALL":
            keys += map(item_value, items)
        elif not isinstance(plain, exp.Literal):
            keys.append(value(walk, key, scope))
        elif plain.name.isdecimal() and not plain.is_string:
            place = int(plain.name) - 1
            keys += map(item_value, items[place:][:1] if place < certain else items)
    return union(keys)


def may_leave_none(e: exp.Expr) -> bool:
    """True where a limit or an offset may leave no row at all."""
    count = _count(e)
    at_least_one = isinstance(count, exp.Literal) and count.name.isdigit() and int(count.name) > 0
    return e.args.get("offset") is not None or (
        e.args.get("limit") is not None and not at_least_one
    )


def held_by_limit(e: exp.Expr, rows: Edges) -> frozenset[Edge]:
    """What a limit of one row holds the rows to."""
    return one_row(_count(e), rows)


def _count(e: exp.Expr) -> exp.Expr | None:
    limit = e.args.get("limit")
    return limit.args.get("expression") or limit.args.get("count") if limit is not None else None
