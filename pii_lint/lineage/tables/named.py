"""A name in FROM: that of a CTE, of a stored relation or of a function."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.scopes import Relation, Scope
from pii_lint.lineage.sql import name_of
from pii_lint.lineage.walk import Walk

from .functions import rows_from, table_function
from .stored import stored


def named(walk: Walk, node: exp.Table, scope: Scope) -> Relation:
    """What the name stands for."""
    name = name_of(node)
    if name is None and isinstance(node.this, exp.Func):
        return table_function(walk, node.this, scope)
    if name is None:
        return rows_from(walk, node, scope)
    if len(name.parts) == 1:
        cte = scope.cte(name.parts[0][0].lower())
        if cte is not None:
            return cte
    walk.met(node.this)
    return stored(walk, name)
