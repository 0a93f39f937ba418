"""`lateral (…)`, `lateral view f(…)`, `cross apply f(…)`: what is read anew for each row."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions.generators import spread_call
from pii_lint.lineage.scopes import Item, Relation, Scope
from pii_lint.lineage.values import places
from pii_lint.lineage.walk import Walk

from .arrays import unnest
from .documents import rows_of_document
from .functions import table_function
from .named import named
from .relations import column


def lateral(walk: Walk, node: exp.Lateral, scope: Scope) -> Relation:
    """What stands behind LATERAL, which sees the sources before it."""
    inside = node.this
    if isinstance(inside, exp.Subquery | exp.Query):
        return walk.query(walk, inside, Scope(parent=scope))
    if isinstance(inside, exp.Unnest):
        return unnest(walk, inside, scope)
    if isinstance(inside, exp.Table):
        return named(walk, inside, scope)
    document = rows_of_document(walk, inside, scope)
    if document is not None:
        return document
    relation = table_function(walk, inside, scope)
    alias = node.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.args.get("columns"):
        return _view(walk, node, relation, alias.args["columns"], scope)
    return relation


def _view(
    walk: Walk, node: exp.Lateral, relation: Relation, names: list[exp.Expr], scope: Scope
) -> Relation:
    """LATERAL VIEW: the names stand for whatever the function gives."""
    numbered = 1 if node.args.get("ordinality") else 0
    contents = spread_call(walk, node.this, len(names) - numbered, scope)
    contents += [places(relation.rows)] * numbered
    items: list[Item] = [column(c.name, v) for c, v in zip(names, contents, strict=True)]
    return Relation(items, rows=relation.rows, scalar=relation.scalar)
