"""Aliases that a name may ask for before their turn."""

from __future__ import annotations

from functools import partial

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.walk import Walk


def defer(walk: Walk, e: exp.Select, scope: Scope) -> None:
    """Keep what stands behind each alias of the select list, to be read when it is asked for;
    ClickHouse's `with x as name` is one of every query inside."""
    outer: Scope | None = scope
    while outer is not None:
        for name, cte in outer.scalars.items():
            scope.pending.setdefault(name, partial(value, walk, cte.this, scope))
        outer = outer.parent
    for item in e.expressions:
        if isinstance(item, exp.Alias):
            scope.pending[item.alias.lower()] = partial(value, walk, item.args["this"], scope)
