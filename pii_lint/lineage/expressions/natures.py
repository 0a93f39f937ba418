"""What is surely a list, or surely a struct, on DuckDB: by what its text says, not by its value."""

from __future__ import annotations

import json

from sqlglot import exp

from pii_lint.lineage.scopes import Column, Scope

from .calls import function_name

LISTS = (exp.Array, exp.ArrayAgg, exp.ArrayConcat, exp.ArrayFilter, exp.Split, exp.Transform)
"""What is surely a list: its length counts elements, not characters."""
OF_A_SCHEMA = frozenset(
    {"json_transform", "json_transform_strict", "from_json", "from_json_strict"}
)
"""Functions whose second argument says what they give."""
_GIVING_LISTS = frozenset(
    """array_append array_apply array_cat array_distinct array_intersect array_prepend
    array_push_back array_push_front array_reverse array_sort array_transform array_unique
    array_value array_zip flatten generate_series json_keys list_append list_apply list_cat
    list_distinct list_filter list_grade_up list_intersect list_pack list_prepend list_resize
    list_reverse list_reverse_sort list_select list_sort list_transform list_unique list_where
    list_zip map_entries map_keys map_values range regexp_extract_all regexp_split
    regexp_split_to_array""".split()  # noqa: SIM905
)
"""Functions that give a list, whatever goes in."""
_AS_INSIDE = (exp.Filter, exp.IgnoreNulls, exp.Paren, exp.RespectNulls, exp.Window)
_ARRAY_TYPES = (exp.DataType.Type.ARRAY, exp.DataType.Type.LIST)


_GIVING_ARRAYS = frozenset(
    """array arraycompact arrayconcat arraydistinct arrayenumerate arrayfilter arrayflatten
    arrayintersect arraymap arraypopback arraypopfront arraypushback arraypushfront arrayresize
    arrayreverse arrayreversesort arrayslice arraysort arraywithconstant arrayzip extractall
    grouparray grouparraydistinct grouparrayinsertat grouparraylast grouparraysample
    groupuniqarray mapkeys mapvalues range splitbychar splitbynonalpha splitbyregexp splitbystring
    splitbywhitespace topk""".split()  # noqa: SIM905
)
"""Functions of ClickHouse's that give an array, whatever goes in."""


def gives_array(e: exp.Expr) -> bool:
    """True for a call of ClickHouse's that gives an array."""
    while isinstance(e, _AS_INSIDE):
        e = e.this
    return isinstance(e, exp.Func) and function_name(e).replace("_", "") in _GIVING_ARRAYS


def surely_list(e: exp.Expr, scope: Scope) -> bool:
    """True for what can be neither a struct nor a text."""
    while isinstance(e, _AS_INSIDE):
        e = e.this
    if isinstance(e, exp.Column) and isinstance(e.this, exp.Identifier):
        known = _meant(e, scope)
        return bool(known) and all(column.listed for column in known)
    if isinstance(e, exp.Cast):
        to = e.args.get("to")
        return isinstance(to, exp.DataType) and to.this in _ARRAY_TYPES
    if isinstance(e, (exp.JSONExtract, exp.JSONExtractScalar)):
        path = e.expression
        return isinstance(path, exp.Array) or path.find(exp.JSONPathWildcard) is not None
    if isinstance(e, exp.Lambda):
        # `unnest(payload -> '$.a[*]')`: the parser takes the arrow for that of a lambda
        return isinstance(e.this, exp.Array) or (e.this.is_string and "*" in e.this.name)
    if isinstance(e, LISTS):
        return True
    if isinstance(e, exp.Func):
        return function_name(e) in _GIVING_LISTS or isinstance(schema_of(e), list)
    return False


def surely_struct(e: exp.Expr, scope: Scope) -> bool:
    """True for a struct made in this text, or a whole row."""
    e = e.unnest()
    if not (isinstance(e, exp.Column) and isinstance(e.this, exp.Identifier)):
        return isinstance(e, exp.Struct) or surely_row(e, scope)
    known = _meant(e, scope)
    if known:
        return all(column.struct for column in known)
    return not e.table and scope.source(e.name.lower()) is not None


NAMELESS = frozenset({"duckdb", "athena", "presto", "trino"})
"""Dialects whose rows have fields without names, asked for by place."""


def surely_row(e: exp.Expr, scope: Scope) -> bool:
    """True for a struct whose fields have no names."""
    e = e.unnest()
    local = scope.is_row(e.name.lower()) if isinstance(e, exp.Identifier | exp.Column) else None
    if local is not None:
        return local
    if isinstance(e, exp.Column) and isinstance(e.this, exp.Identifier):
        known = _meant(e, scope)
        return bool(known) and all(column.struct for column in known)
    if isinstance(e, exp.Explode | exp.Unnest):
        return len(_held(e)) == 1 and lists_rows(_held(e)[0], scope)
    if isinstance(e, exp.Bracket):
        index = e.expressions[0] if len(e.expressions) == 1 else None
        whole = isinstance(index, exp.Literal) and not index.is_string
        return whole and lists_rows(e.this, scope)
    if isinstance(e, exp.Struct):
        return not any(isinstance(i, exp.Alias | exp.PropertyEQ) for i in e.expressions)
    return isinstance(e, exp.Anonymous) and function_name(e) == "row"


def _held(e: exp.Expr) -> list[exp.Expr]:
    return [e.this] if isinstance(e, exp.Explode) else e.expressions


def lists_rows(e: exp.Expr, scope: Scope) -> bool:
    """True for a list of structs whose fields have no names."""
    e = e.unnest()
    if isinstance(e, exp.Array):
        return bool(e.expressions) and all(surely_row(item, scope) for item in e.expressions)
    return isinstance(e, exp.Func) and function_name(e) in ZIPS


ZIPS = frozenset({"list_zip", "array_zip", "zip"})


def schema_of(e: exp.Expr) -> object:
    """What `from_json(x, '["varchar"]')` or a cast is told to give; None where nothing says so."""
    e = e.unnest()
    if isinstance(e, exp.Cast):
        to = e.args.get("to")
        return _schema_of_type(to) if isinstance(to, exp.DataType) else None
    if not isinstance(e, exp.Func) or function_name(e) not in OF_A_SCHEMA:
        return None
    given = e.expressions[1:2] if isinstance(e, exp.Anonymous) else [e.args.get("expression")]
    if not (given and isinstance(given[0], exp.Literal)):
        return None
    try:
        told: object = json.loads(given[0].name)
    except ValueError:
        return None
    return told


def _schema_of_type(to: exp.DataType) -> object:
    if to.this in _ARRAY_TYPES and len(to.expressions) == 1:
        return [_schema_of_type(to.expressions[0])]
    if to.this is not exp.DataType.Type.STRUCT:
        return to.this.value
    fields = [f for f in to.expressions if isinstance(f, exp.ColumnDef)]
    return {f.name: _schema_of_type(f.args["kind"]) for f in fields} or None


def _meant(e: exp.Column, scope: Scope) -> list[Column]:
    """The known columns that a name may mean."""
    return [
        column
        for source in scope.sources
        if source.key == e.table.lower() or not e.table
        for column in source.relation.find(e.name.lower())
    ]
