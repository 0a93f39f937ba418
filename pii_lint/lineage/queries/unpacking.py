"""`select unnest(struct)`: a column a field, and to the bottom if it is told so."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.expressions.calls import function_name
from pii_lint.lineage.expressions.natures import (
    LISTS,
    OF_A_SCHEMA,
    schema_of,
    surely_list,
    surely_struct,
)
from pii_lint.lineage.scopes import Column, Item, Scope, Tail
from pii_lint.lineage.values import PLACE, Value, descend, union
from pii_lint.lineage.walk import Walk

from .output_columns import output_column


def unpacked(walk: Walk, item: exp.Expr, scope: Scope) -> list[Item] | None:
    """The columns of an unnested struct; None for another item, and where it stays one column."""
    call = item.this if isinstance(item, exp.Alias) else item
    if not walk.row_makers or not isinstance(call, exp.Explode | exp.Unnest | exp.Inline):
        return None
    operand = _operand(call)
    inline = isinstance(call, exp.Inline)
    deep = _is_deep(call)
    duckdb = walk.dialect == "duckdb"
    listed = isinstance(operand, LISTS) or (duckdb and surely_list(operand, scope))
    if listed and not deep and not inline:
        return None
    content = value(walk, call, scope)
    if not content.fields:
        if not duckdb or not content.edges:
            return None
        told = _told(content, schema_of(operand), deep=deep)
        return [*told] if told is not None else _untold(walk, item, operand, content, scope)
    items: list[Item] = list(_leaves(content) if deep else _branches(content))
    if not (deep or inline or surely_struct(operand, scope)):
        # perhaps a list of structs, which stays one column
        items.append(output_column(walk, item, scope))
    if content.edges:
        items.append(Tail(None, value=Value(content.edges)))
    return items


def _operand(call: exp.Expr) -> exp.Expr:
    """What is unnested; to some dialects' parsers it is one of a list."""
    operands = [call.this] if call.this is not None else call.expressions
    return operands[0] if len(operands) == 1 else call


def _is_deep(call: exp.Expr) -> bool:
    """True where all levels are unnested."""
    return any(
        isinstance(option, exp.PropertyEQ | exp.Kwarg)
        and option.this.name.lower() in ("recursive", "max_depth")
        for option in call.expressions
    )


def _branches(content: Value) -> Iterator[Column]:
    for key, part in (content.fields or {}).items():
        name = key.replace(PLACE, "element")
        yield Column(name, name, name, union((part, Value(content.edges))))


def _leaves(content: Value) -> Iterator[Column]:
    for column in _branches(content):
        if column.value.fields:
            yield from _leaves(column.value)
        else:
            yield column


def _told(content: Value, schema: object, *, deep: bool) -> list[Column] | None:
    """The columns of a JSON document unnested by its schema; None where they can't be told."""
    schema = _innermost(schema) if deep else schema
    if not isinstance(schema, dict):
        return None
    found: list[Column] = []
    for name, inner in schema.items():
        key = str(name).lower()
        lowest = _innermost(inner)
        if not deep or (isinstance(lowest, str) and lowest.isalnum()):
            found.append(Column(key, str(name), key, descend(content, key)))
            continue
        below = _told(descend(content, key), inner, deep=deep)
        if below is None:
            return None
        found += below
    return found


def _innermost(schema: object) -> object:
    while isinstance(schema, list) and len(schema) == 1:
        schema = schema[0]
    return schema


def _untold(
    walk: Walk, item: exp.Expr, operand: exp.Expr, content: Value, scope: Scope
) -> list[Item]:
    """What nobody knows the fields of."""
    rest = Tail(None, value=content)
    if function_name(operand) in OF_A_SCHEMA:
        # a struct whose fields only its schema names
        return [rest]
    # a list, which stays one column, or a struct, of which a column a field
    return [output_column(walk, item, scope), rest]
