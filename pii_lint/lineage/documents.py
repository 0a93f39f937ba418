"""Documents as rows whose columns a clause names: `openjson(…) with (…)`,
`json_table(… columns …)`, `xmltable(… columns …)`."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from .expressions import value
from .expressions.paths import accessed, as_scalar
from .scopes import Column, Item, Relation, Scope
from .summary import TRANSFORM, Signal
from .values import NOTHING, Value, apply, descend, flow, union
from .walk import Walk, values


def rows_of_document(walk: Walk, call: exp.Expr, scope: Scope) -> Relation | None:
    """The rows that such a clause makes; None where the call has no such clause."""
    if isinstance(call, exp.OpenJSON) and call.expressions:
        return _rows(_opened(walk, call, scope), _named_by_openjson(walk, call, scope))
    schema = call.args.get("schema") if isinstance(call, exp.JSONTable) else None
    if isinstance(schema, exp.JSONSchema):
        opened = _opened(walk, call, scope)
        return _rows(opened, _named_by_schema(walk, opened, schema, scope))
    if isinstance(call, exp.XMLTable) and call.args.get("columns"):
        whole = flow(union(values(walk, call.args.get("passing") or (), scope)), TRANSFORM)
        return _rows(whole, _named_by_xmltable(whole, call.args["columns"]))
    return None


def _rows(whole: Value, columns: Iterator[Column]) -> Relation:
    items: list[Item] = list(columns)
    return Relation(items, rows=dict(apply(whole, Signal("count")).edges))


def _opened(walk: Walk, call: exp.Expr, scope: Scope) -> Value:
    """What the rows are made of: the document, or the part of it that a path names."""
    path = call.args.get("path")
    whole = value(walk, call.this, scope)
    return accessed(walk, whole, [path] if isinstance(path, exp.Expr) else [], scope)


def _column(identifier: exp.Expr, content: Value) -> Column:
    name = identifier.name
    return Column(name.lower(), name, name, content)


def _named_by_openjson(walk: Walk, call: exp.OpenJSON, scope: Scope) -> Iterator[Column]:
    opened = _opened(walk, call, scope)
    for column in call.expressions:
        content = _field(walk, opened, column, scope)
        yield _column(column.this, content if column.args.get("as_json") else as_scalar(content))


def _named_by_schema(
    walk: Walk, opened: Value, schema: exp.JSONSchema, scope: Scope
) -> Iterator[Column]:
    for column in schema.expressions:
        nested = column.args.get("nested_schema")
        if isinstance(nested, exp.JSONSchema):
            yield from _named_by_schema(walk, _field(walk, opened, column, scope), nested, scope)
        elif column.args.get("ordinality"):
            yield _column(column.this, NOTHING)
        else:
            yield _column(column.this, _field(walk, opened, column, scope))


def _field(walk: Walk, opened: Value, column: exp.Expr, scope: Scope) -> Value:
    """The part of a row that a column takes: by its path, else by its name."""
    path = column.args.get("path")
    if isinstance(path, exp.Expr):
        return accessed(walk, opened, [path], scope)
    return descend(opened, column.this.name.lower()) if column.this is not None else opened


def _named_by_xmltable(whole: Value, columns: list[exp.Expr]) -> Iterator[Column]:
    for column in columns:
        yield _column(column.this, NOTHING if column.args.get("ordinality") else whole)
