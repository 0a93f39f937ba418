"""FROM: the sources of a select, and the conditions that join them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlglot import exp

from pii_lint.lineage.scopes import Scope, Source
from pii_lint.lineage.tables import join, sources
from pii_lint.lineage.tables.parentheses import joins_within
from pii_lint.lineage.tables.relations import opaque
from pii_lint.lineage.walk import Walk

Condition = tuple[exp.Expr, str]
"""The condition of a join with the sort of its clause."""


def from_clause(walk: Walk, e: exp.Select, scope: Scope) -> list[Condition]:
    """Fill the scope; give back the conditions of its joins."""
    from_ = e.args.get("from_")
    if from_ is not None:
        scope.sources = sources(walk, from_.this, scope)
    for node in e.args.get("laterals") or ():
        scope.sources = [*scope.sources, *sources(walk, node, scope)]
    for node in e.args.get("joins") or ():
        join(walk, node, scope)
    for window in e.args.get("windows") or ():
        scope.windows[window.name.lower()] = window
    if e.args.get("match"):
        inside = [source.relation.row() for source in scope.sources]
        scope.sources = [Source("", opaque(walk, "match_recognize is not understood", inside))]
    if e.args.get("pivots"):
        scope.sources.append(Source("", opaque(walk, "a pivot behind a select is not understood")))
    return [condition for node in joins_of(e) for condition in _on(node)]


def joins_of(e: exp.Select) -> Iterator[exp.Join]:
    """All joins of a select, those in parentheses too."""
    from_ = e.args.get("from_")
    if from_ is not None:
        yield from joins_within(from_.this)
    for node in e.args.get("joins") or ():
        yield node
        yield from joins_within(node.this)


def _on(node: exp.Join) -> Iterator[Condition]:
    clause = "anti" if node.kind.upper() == "ANTI" else "join"
    for condition in (node.args.get("on"), node.args.get("match_condition")):
        if isinstance(condition, exp.Expr):
            yield condition, clause


@contextmanager
def both_sides(scope: Scope) -> Iterator[None]:
    """Within it, a join's condition sees its other side too, which nothing else of a semi join
    sees."""
    hidden = [source for source in scope.sources if not source.visible]
    for source in hidden:
        source.visible = True
    yield
    for source in hidden:
        source.visible = False
