"""Documents as rows whose columns a clause names: `openjson(…) with (…)`,
`json_table(… columns …)`, `xmltable(… columns …)`."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.expressions.paths import accessed, as_scalar
from pii_lint.lineage.scopes import Column, Item, Relation, Scope
from pii_lint.lineage.summary import TRANSFORM
from pii_lint.lineage.values import NOTHING, Value, descend, flow, union
from pii_lint.lineage.walk import Walk, values

from .relations import column, counted


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
    return Relation(items, rows=counted(whole))


def _opened(walk: Walk, call: exp.Expr, scope: Scope) -> Value:
    """What the rows are made of: the document, or the part of it that a path names."""
    path = call.args.get("path")
    whole = value(walk, call.this, scope)
    return accessed(walk, whole, [path] if isinstance(path, exp.Expr) else [], scope)


def _named_by_openjson(walk: Walk, call: exp.OpenJSON, scope: Scope) -> Iterator[Column]:
    opened = _opened(walk, call, scope)
    for definition in call.expressions:
        content = _field(walk, opened, definition, scope)
        yield column(
            definition.this.name, content if definition.args.get("as_json") else as_scalar(content)
        )


def _named_by_schema(
    walk: Walk, opened: Value, schema: exp.JSONSchema, scope: Scope
) -> Iterator[Column]:
    for definition in schema.expressions:
        nested = definition.args.get("nested_schema")
        if isinstance(nested, exp.JSONSchema):
            yield from _named_by_schema(
                walk, _field(walk, opened, definition, scope), nested, scope
            )
        elif definition.args.get("ordinality"):
            yield column(definition.this.name, NOTHING)
        else:
            yield column(definition.this.name, _field(walk, opened, definition, scope))


def _field(walk: Walk, opened: Value, definition: exp.Expr, scope: Scope) -> Value:
    """The part of a row that a column takes: by its path, else by its name."""
    path = definition.args.get("path")
    if isinstance(path, exp.Expr):
        return accessed(walk, opened, [path], scope)
    return descend(opened, definition.this.name.lower()) if definition.this is not None else opened


def _named_by_xmltable(whole: Value, columns: list[exp.Expr]) -> Iterator[Column]:
    for definition in columns:
        yield column(definition.this.name, NOTHING if definition.args.get("ordinality") else whole)
