"""UNION, INTERSECT, EXCEPT."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.scopes import Relation, Scope
from pii_lint.lineage.summary import Edges, Signal
from pii_lint.lineage.values import apply, merge, union
from pii_lint.lineage.walk import Walk

from .combining import combined
from .ctes import ctes
from .modifiers import modified


def set_operation(walk: Walk, e: exp.SetOperation, parent: Scope | None) -> Relation:
    """What a set operation gives."""
    scope = Scope(parent=parent)
    # a long union leans left: walk down its spine in a loop
    spine: list[exp.SetOperation] = []
    node: exp.Expr = e
    while isinstance(node, exp.SetOperation):
        ctes(walk, node, scope)
        spine.append(node)
        node = node.this
    relation = walk.query(walk, node, scope)
    for operation in reversed(spine):
        other = walk.query(walk, operation.expression, scope)
        relation = _operated(operation, relation, other)
        relation = modified(walk, operation, relation, scope)
    return relation


def _operated(e: exp.SetOperation, left: Relation, right: Relation) -> Relation:
    if isinstance(e, exp.Except):
        rows = dict(left.rows)
        merge(rows, right.rows)
        merge(rows, _matched(right))
        merge(rows, _matched(left))
        return Relation(
            left.items, certain=left.certain, rows=rows, filtered=True, pattern=left.pattern
        )
    both = combined(left, right, by_name=bool(e.args.get("by_name") or e.args.get("on")))
    if isinstance(e, exp.Intersect):
        merge(both.rows, _matched(left, right))
        both.filtered = True
    elif e.args.get("distinct"):
        merge(both.rows, _matched(both))
    return both


def _matched(*relations: Relation) -> Edges:
    """What decides the rows where whole rows are compared."""
    return apply(union(relation.row() for relation in relations), Signal("set")).edges
