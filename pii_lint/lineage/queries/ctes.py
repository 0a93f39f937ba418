"""WITH: common table expressions, recursive ones as a least fixpoint."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.scopes import Relation, Scope
from pii_lint.lineage.summary import TRANSFORM, Flow, Signal
from pii_lint.lineage.tables.aliases import renamed
from pii_lint.lineage.values import Value, apply, merge
from pii_lint.lineage.walk import Walk

from .combining import combined

DEEPEST_RECURSION = 20
"""Rounds after which a recursive CTE that still grows is joined instead."""


def ctes(walk: Walk, e: exp.Expr, scope: Scope) -> None:
    """Add what a query's WITH clause names to its scope."""
    with_ = e.args.get("with_")
    if with_ is None:
        return
    for cte in with_.expressions:
        name = cte.alias.lower()
        body = cte.this
        if cte.args.get("scalar"):
            scope.scalars[name] = cte
            continue
        columns = cte.args["alias"].args.get("columns") or []
        recursive = with_.args.get("recursive") and isinstance(body, exp.SetOperation)
        if recursive and _mentions(body, name):
            scope.ctes[name] = _fixpoint(walk, body, name, columns, scope)
        else:
            scope.ctes[name] = _headed(walk, walk.query(walk, body, scope), columns)


def _mentions(body: exp.Expr, name: str) -> bool:
    return any(table.name.lower() == name and not table.db for table in body.find_all(exp.Table))


def _headed(walk: Walk, relation: Relation, columns: list[exp.Expr]) -> Relation:
    return renamed(walk, relation, columns) if columns else relation


def _fixpoint(
    walk: Walk, body: exp.SetOperation, name: str, columns: list[exp.Expr], scope: Scope
) -> Relation:
    """The least relation that holds the anchor and its own next step."""
    ctes(walk, body, scope)
    current = _headed(walk, walk.query(walk, body.this, scope), columns)
    for round_ in range(DEEPEST_RECURSION):
        inner = Scope(parent=scope, ctes={name: current})
        step = walk.query(walk, body.expression, inner)
        grown = combined(current, step, by_name=False)
        if body.args.get("distinct"):
            merge(grown.rows, apply(grown.row(), Signal("set")).edges)
        if round_ == DEEPEST_RECURSION - 1:
            for column in grown.columns:
                column.value = apply(column.value, Flow(TRANSFORM))
        if _same(grown, current):
            break
        current = grown
    return current


def _same(a: Relation, b: Relation) -> bool:
    if a.rows.keys() != b.rows.keys() or len(a.items) != len(b.items):
        return False
    pairs = zip(a.items, b.items, strict=True)
    return all(_skeleton(item_value(x)) == _skeleton(item_value(y)) for x, y in pairs)


def _skeleton(v: Value) -> object:
    fields = {key: _skeleton(part) for key, part in (v.fields or {}).items()}
    return v.edges.keys(), fields
