"""Queries: what one gives. Each file beside this one reads one sort of query or one clause, with
scopes of our own, and comes back through the walk for the queries inside."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.scopes import Relation, Scope
from pii_lint.lineage.tables import pivot_statement, sources
from pii_lint.lineage.tables.relations import opaque
from pii_lint.lineage.tables.values_list import rows_of_values
from pii_lint.lineage.walk import Walk

from .ctes import ctes
from .descriptions import described, summarized
from .modifiers import modified
from .selects import select
from .set_operations import set_operation

__all__ = ["query"]


def query(walk: Walk, e: exp.Expr, parent: Scope | None) -> Relation:
    """What a query gives."""
    if isinstance(e, exp.Select):
        return select(walk, e, parent)
    if isinstance(e, exp.SetOperation):
        return set_operation(walk, e, parent)
    scope = Scope(parent=parent)
    ctes(walk, e, scope)
    if isinstance(e, exp.Subquery | exp.Paren):
        return modified(walk, e, query(walk, e.this, scope), scope)
    if isinstance(e, exp.Values):
        return rows_of_values(walk, e, scope)
    if isinstance(e, exp.Pivot):
        return pivot_statement(walk, e, scope)
    if isinstance(e, exp.Table):
        return sources(walk, e, scope)[0].relation
    if isinstance(e, exp.Summarize):
        return summarized(query(walk, e.this, scope))
    if isinstance(e, exp.Describe):
        return described()
    return opaque(walk, f"a {e.key} statement is not a query")
