"""Stars and `columns(…)` in a select list, under an alias or inside a call too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.scopes import Column, Item, Scope, Tail, fold
from pii_lint.lineage.stars import expand
from pii_lint.lineage.stars.sets import (
    UNPACKED,
    Chosen,
    chosen_scope,
    is_column_call,
    name_pattern,
    renamed_by,
    spread,
    with_column,
)
from pii_lint.lineage.summary import TRANSFORM
from pii_lint.lineage.values import flow
from pii_lint.lineage.walk import Walk

from .output_names import output_name


class Several(NamedTuple):
    """The columns of one item."""

    items: list[Item]
    certain: bool
    # these and no others, in this order
    pattern: tuple[object, ...] | None
    # equal patterns mean equal columns in equal order


def star(walk: Walk, item: exp.Expr, plain: exp.Expr, scope: Scope) -> Several:
    """The columns of a star."""
    items, certain, pattern = expand(walk, plain, scope)
    if plain is item:
        return Several(items, certain, (pattern,) if pattern is not None else None)
    items = [_aliased(walk, one, item, plain) for one in items]
    return Several(items, certain and _all_known(items), None)


def column_set(walk: Walk, item: exp.Expr, scope: Scope) -> Several | None:
    """The columns of an item with `columns(…)` in it; None for another."""
    chosen = spread(walk, item, scope) if walk.column_sets else None
    if chosen is None:
        return None
    items = list(_spread(walk, item, chosen, scope))
    pattern = (chosen.pattern,) if chosen.pattern is not None else None
    return Several(items, chosen.certain and _all_known(items), pattern)


def _all_known(items: list[Item]) -> bool:
    return all(isinstance(item, Column) for item in items)


def _spread(walk: Walk, item: exp.Expr, chosen: Chosen, scope: Scope) -> Iterator[Item]:
    """The item read once for each column chosen."""
    node = chosen.node
    aliased = isinstance(item, exp.Alias)
    inner = item.this if aliased else item
    bare = isinstance(inner, exp.Columns) or is_column_call(inner)
    for column in chosen.items:
        walk.column = column.name if isinstance(column, Column) else "*"
        read = value(walk, with_column(inner, node, column), chosen_scope(scope, column))
        if isinstance(column, Tail):
            yield Tail(column.read if bare else None, column.hidden, column.value if bare else read)
        elif aliased:
            yield _aliased(walk, Column(column.key, column.name, column.exact, read), item, node)
        else:
            name = column.name if column.name != UNPACKED else output_name(walk, item)[0]
            exact = fold(name, True, walk.dialect)
            schema = column.schema if bare else None
            yield Column(name.lower(), name, exact, read, named=not bare, schema=schema)


def _aliased(walk: Walk, item: Item, alias: exp.Expr, chosen: exp.Expr) -> Item:
    """One of several columns under an alias for all of them."""
    name: str | None = alias.alias
    # a plain star and the call around unpacked columns take it as it stands
    plain = isinstance(chosen, exp.Star | exp.Column)
    if isinstance(item, Column) and not plain and item.name != UNPACKED:
        name = renamed_by(alias.alias, name_pattern(chosen), item.name)
    if isinstance(item, Tail) or name is None:
        # who knows which column this is: no field of it may be asked for by name
        return Tail(None, value=flow(item_value(item), TRANSFORM))
    return Column(name.lower(), name, fold(name, True, walk.dialect), item.value, span=item.span)
