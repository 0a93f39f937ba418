"""Queries that stand where a value could."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import NULLABLE, Edge, Edges, Signal, Test
from pii_lint.lineage.values import NOTHING, Value, apply, flat, flow, union
from pii_lint.lineage.walk import Handler, Walk, values

from .columns import item_value
from .lambdas import higher_order
from .passing import this


def scalar(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """A query in brackets: the value of its one row, if there is one."""
    relation = walk.query(walk, e, scope)
    column = union(item_value(item) for item in relation.items)
    if relation.filtered:
        column = flow(column, NULLABLE)
    return union((column, Value(relation.rows)))


def _exists(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    if not isinstance(e.this, exp.Query):
        # Spark's exists(array, x -> …)
        return apply(higher_order(walk, e, scope), Test("test"))
    return apply(Value(walk.query(walk, e.this, scope).rows), Signal("exists"))


def _in(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    tested = [walk.value(walk, e.this, scope), *values(walk, e.expressions, scope)]
    others = [e.args[key] for key in ("unnest", "field") if e.args.get(key) is not None]
    tested += values(walk, others, scope)
    query = e.args.get("query")
    rows: Value = NOTHING
    if query is not None:
        relation = walk.query(walk, query, scope)
        tested.append(relation.row())
        # asked for one value of its column: a group key in all but name
        asked = Value(_grouped_by(relation.rows, frozenset(flat(relation.row()))))
        rows = apply(asked, Signal("exists"))
    return union((apply(union(tested), Test("test")), rows))


def _grouped_by(rows: Edges, group: frozenset[Edge]) -> Edges:
    """What decided about rows, of which only those of one group are asked for."""
    grouped: Edges = {}
    for (ref, chain), span in rows.items():
        last = chain[-1] if chain else None
        if isinstance(last, Signal) and last.clause in ("filter", "join"):
            chain = (*chain[:-1], Signal(last.clause, last.group | group))
        grouped[ref, chain] = span
    return grouped


def _quantified(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    if isinstance(e.this, exp.Query):
        relation = walk.query(walk, e.this, scope)
        return union((relation.row(), apply(Value(relation.rows), Signal("exists"))))
    return this(walk, e, scope)


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Exists: _exists,
    exp.In: _in,
    exp.Any: _quantified,
    exp.All: _quantified,
}
