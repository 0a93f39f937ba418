"""GROUP BY: what the rows of a group have in common."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.names import reads_of
from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.stars import is_star
from pii_lint.lineage.summary import Edge, Ref
from pii_lint.lineage.values import NOTHING, flat
from pii_lint.lineage.walk import Walk, values


def group(walk: Walk, e: exp.Select, scope: Scope) -> None:
    """Tell the scope what its rows are grouped by."""
    if e.args.get("group") is None:
        return
    with walk.quietly():
        keys = frozenset(edge for v in values(walk, group_keys(e), scope) for edge in flat(v))
    scope.group = scope.group | keys
    scope.behind = _behind(keys, scope)


def group_keys(e: exp.Select) -> Iterator[exp.Expr]:
    """The expressions a select with GROUP BY groups by, ordinals and `all` resolved."""
    clause = e.args["group"]
    if clause.args.get("all"):
        yield from _ungathered(e)
    keys = list(clause.expressions)
    for name in ("grouping_sets", "cube", "rollup"):
        keys += clause.args.get(name) or []
    while keys:
        key = keys.pop(0)
        if isinstance(key, exp.GroupingSets | exp.Cube | exp.Rollup | exp.Tuple):
            keys = [*key.expressions, *keys]
        elif isinstance(key, exp.Paren):
            keys = [key.this, *keys]
        elif isinstance(key, exp.Literal) and key.name.isdigit():
            yield from _at(e, int(key.name))
        else:
            yield key


def _ungathered(e: exp.Select) -> Iterator[exp.Expr]:
    for item in e.expressions:
        if not item.find(exp.AggFunc) and not is_star(item):
            yield item.unalias()


def _at(e: exp.Select, ordinal: int) -> Iterator[exp.Expr]:
    """The item of the select list at a position, counted from 1; anything behind a star."""
    if any(is_star(item) for item in e.expressions[:ordinal]):
        yield exp.Star()
    elif ordinal <= len(e.expressions):
        yield e.expressions[ordinal - 1].unalias()


def _behind(keys: frozenset[Edge], scope: Scope) -> frozenset[tuple[Ref, Edge]]:
    """What the rows of a group key's relation were found equal to: one value a row of it."""
    found: set[tuple[Ref, Edge]] = set()
    for source in scope.sources:
        reads = reads_of(source.relation.rows)
        mine = [ref for ref, chain in keys if not chain and ref.read in reads]
        for column in source.relation.columns if mine else ():
            equal = scope.equated.get((id(source), column.key), NOTHING)
            found |= {(key, edge) for key in mine for edge in flat(equal)}
    return frozenset(found)
