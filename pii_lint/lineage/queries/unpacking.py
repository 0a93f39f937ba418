"""`select unnest(struct)`: a column a field, and to the bottom if it is told so."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.expressions.calls import function_name
from pii_lint.lineage.expressions.natures import LISTS, OF_A_SCHEMA, nature
from pii_lint.lineage.schemas import Schema
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
    depth = _depth(call)
    duckdb = walk.dialect == "duckdb"
    schema = nature(operand, scope)
    if not (duckdb or isinstance(schema, dict)):
        schema = None
    if (isinstance(operand, LISTS) or isinstance(schema, list)) and depth == 1 and not inline:
        return None
    content = value(walk, call, scope)
    told = _told(content, schema, depth)
    if told is not None:
        return told
    if not content.fields:
        if not duckdb or not content.edges:
            return None
        return _untold(walk, item, operand, content, scope)
    items: list[Item] = list(_branches(content) if depth == 1 else _leaves(content))
    if depth == 1 and not inline and schema != {}:
        # perhaps a list of structs, which stays one column
        items.append(output_column(walk, item, scope))
    if content.edges or (duckdb and depth > 1):
        items.append(Tail(None, value=Value(content.edges) if depth == 1 else content))
    return items


def _operand(call: exp.Expr) -> exp.Expr:
    """What is unnested; to some dialects' parsers it is one of a list."""
    operands = [call.this] if call.this is not None else call.expressions
    return operands[0] if len(operands) == 1 else call


BOTTOM = 1000
"""More levels than anything has."""


def _depth(call: exp.Expr) -> int:
    """How many levels of lists and structs are unnested."""
    for option in call.expressions:
        if isinstance(option, exp.PropertyEQ | exp.Kwarg):
            name, told = option.this.name.lower(), option.expression
            if name == "recursive":
                return 1 if isinstance(told, exp.Boolean) and not told.this else BOTTOM
            if name == "max_depth":
                return int(told.name) if told.name.isdecimal() else BOTTOM
    return 1


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


def _told(content: Value, schema: Schema, depth: int) -> list[Item] | None:
    """The columns of what is known to be a struct, or to hold one so deep; None for anything
    else."""
    while isinstance(schema, list) and depth > 0:
        schema, depth = schema[0], depth - 1
    if depth <= 0 or not isinstance(schema, dict) or not schema:
        return None
    try:
        return list(_spread(content, schema, depth))
    except LookupError:
        return None


def _spread(content: Value, schema: dict[str, Schema], depth: int) -> Iterator[Item]:
    """A column a field, and in its place those of a struct in it. Raises LookupError where nobody
    knows whether a field is one."""
    for name, inner in schema.items():
        key = str(name).lower()
        if depth > 1 and isinstance(inner, str) and not inner.isalnum():
            raise LookupError(name)
        below = descend(content, key)
        if depth > 1 and isinstance(inner, dict):
            yield from _spread(below, inner, depth - 1)
        else:
            yield Column(key, str(name), key, below, schema=inner)


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
