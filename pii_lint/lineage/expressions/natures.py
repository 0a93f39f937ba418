"""What is surely a list, or surely a struct, on DuckDB: by what its text says, not by its value."""

from __future__ import annotations

import json

from sqlglot import exp

from pii_lint.lineage.schemas import Schema, common, element, field, innermost, read_schema
from pii_lint.lineage.scopes import Relation, Scope
from pii_lint.lineage.values import Value

from .calls import arguments, function_name

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
_AS_LONG = frozenset(
    """array_distinct array_reverse array_sort array_unique list_distinct list_filter list_reverse
    list_reverse_sort list_select list_sort list_unique list_where""".split()  # noqa: SIM905
)
"""Those of them whose elements are elements of the list that goes in."""
_ONE_OF = frozenset(
    """array_extract list_any_value list_element list_extract list_first list_last
    list_max list_min""".split()  # noqa: SIM905
)
"""Functions that give an element of a list."""
_AS_INSIDE = (
    exp.Distinct, exp.Filter, exp.IgnoreNulls, exp.Order, exp.Paren, exp.RespectNulls, exp.Window,
)  # fmt: skip
_PICKS = (
    exp.AnyValue, exp.ArgMax, exp.ArgMin, exp.First, exp.FirstValue, exp.Lag, exp.Last,
    exp.LastValue, exp.Lead, exp.Max, exp.Min, exp.Mode, exp.NthValue,
)  # fmt: skip
"""What hands on a value of some row; several of them, if it is told how many."""
_SAME_LISTS = (exp.ArrayDistinct, exp.ArrayFilter, exp.ArraySort)
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
    return isinstance(nature(e, scope), list)


def nature(e: exp.Expr, scope: Scope) -> Schema:
    """What is known of a value's type. A struct whose fields have no names is an empty one."""
    told = _nature(e, scope)
    return {} if told is None and surely_row(e, scope) else told


def _nature(e: exp.Expr, scope: Scope) -> Schema:
    while isinstance(e, _AS_INSIDE):
        inside = e.expressions[0] if isinstance(e, exp.Distinct) and e.expressions else e.this
        if not isinstance(inside, exp.Expr):
            return None
        e = inside
    if isinstance(e, exp.Column | exp.Dot | exp.Bracket | exp.StructExtract):
        return _part(e, scope)
    if isinstance(e, exp.Cast):
        return schema_of(e)
    if isinstance(e, exp.JSONExtract | exp.JSONExtractScalar):
        path = e.expression
        several = isinstance(path, exp.Array) or path.find(exp.JSONPathWildcard) is not None
        return [None] if several else None
    if isinstance(e, exp.Lambda):
        # `unnest(payload -> '$.a[*]')`: the parser takes the arrow for that of a lambda
        several = isinstance(e.this, exp.Array) or (e.this.is_string and "*" in e.this.name)
        return [None] if several else None
    if isinstance(e, exp.Case | exp.If | exp.Coalesce):
        return common([nature(e, scope) for e in _branches(e) if not isinstance(e, exp.Null)])
    if isinstance(e, (exp.Array, exp.ArrayAgg, exp.Struct, *_PICKS)):
        return _made(e, scope)
    if isinstance(e, exp.Explode | exp.Unnest):
        return element(nature(e.this, scope)) if isinstance(e.this, exp.Expr) else None
    return _called(e, scope) if isinstance(e, exp.Func) else None


def _branches(e: exp.Expr) -> list[exp.Expr]:
    if isinstance(e, exp.Coalesce):
        return [e.this, *e.expressions]
    last = e.args.get("default") or e.args.get("false")
    return [
        *(branch.args["true"] for branch in e.args.get("ifs") or [e]),
        *([last] if isinstance(last, exp.Expr) else []),
    ]


def _made(e: exp.Expr, scope: Scope) -> Schema:
    """A list or struct that is written out, an aggregate or window function of one."""
    if isinstance(e, exp.Array):
        return [common([nature(inner, scope) for inner in e.expressions])]
    if isinstance(e, exp.Struct):
        fields = [f for f in e.expressions if isinstance(f, exp.PropertyEQ)]
        told = {f.name.lower(): nature(f.expression, scope) for f in fields}
        return told if len(told) == len(e.expressions) else None
    inner = nature(e.this, scope)
    return [inner] if isinstance(e, exp.ArrayAgg) or e.args.get("count") is not None else inner


def _called(e: exp.Func, scope: Scope) -> Schema:
    name = function_name(e)
    args = [arg for _, arg in arguments(e)]
    if name in OF_A_SCHEMA:
        return schema_of(e)
    if name == "map_entries":
        return [{"key": None, "value": None}]
    if name in ("struct_concat", "struct_insert", "struct_update"):
        return _put_together(args, scope)
    if name in _ONE_OF:
        return element(nature(args[0], scope)) if args else None
    if isinstance(e, _SAME_LISTS) or name in _AS_LONG:
        inside = nature(args[0], scope) if args else None
        return inside if isinstance(inside, list) else [None]
    return [None] if isinstance(e, LISTS) or name in _GIVING_LISTS else None


def _put_together(args: list[exp.Expr], scope: Scope) -> Schema:
    """Structs, and fields by name, as one struct."""
    told: dict[str, Schema] = {}
    for arg in args:
        if isinstance(arg, exp.PropertyEQ):
            told[arg.name.lower()] = nature(arg.expression, scope)
            continue
        inside = nature(arg, scope)
        if not isinstance(inside, dict):
            return None
        told |= inside
    return told


def _part(e: exp.Expr, scope: Scope) -> Schema:
    """A column, a field, an element."""
    if isinstance(e, exp.Column):
        return _named([part.name.lower() for part in e.parts], scope)
    if isinstance(e, exp.Bracket):
        whole, index = nature(e.this, scope), e.expressions[0]
        if isinstance(whole, list):
            return whole if isinstance(index, exp.Slice) else whole[0]
        return field(whole, index.name) if isinstance(index, exp.Literal) else None
    by_name = isinstance(e.expression, exp.Identifier | exp.Literal)
    return field(nature(e.this, scope), e.expression.name) if by_name else None


def _named(parts: list[str], scope: Scope) -> Schema:
    """What a name stands for that may lead into a struct."""
    first, *rest = parts
    known = [c for source in scope.sources for c in source.relation.find(first)]
    owner = scope.source(first)
    if owner is not None and rest and not known:
        known, rest = owner.relation.find(rest[0]), rest[1:]
    elif owner is not None and not known:
        return _row(owner.relation)
    told = common([column.schema for column in known]) if known else scope.schemas.get(first)
    for key in rest:
        told = field(told, key)
    return told


def _row(relation: Relation) -> Schema:
    """A whole row, if nobody's columns are missing in it."""
    columns = list(relation.columns)
    open_ = relation.scalar or any(relation.tails)
    return None if open_ or not columns else {c.key: c.schema for c in columns}


def fitting(schema: Schema, content: Value) -> Schema:
    """As much of it as the value bears out: all of its fields are told, and they are kept apart."""
    inner = innermost(schema)
    fits = not (isinstance(inner, dict) and inner) or _borne_out(inner, content)
    return schema if fits else [None] if isinstance(schema, list) else None


def _borne_out(schema: Schema, content: Value) -> bool:
    fields = content.fields or {}
    schema = innermost(schema)
    if not isinstance(schema, dict):
        return True
    return fields.keys() == schema.keys() and all(
        _borne_out(schema[key], below) for key, below in fields.items() if below.fields
    )


NAMELESS = frozenset({"duckdb", "athena", "presto", "trino"})
"""Dialects whose rows have fields without names, asked for by place."""


def surely_row(e: exp.Expr, scope: Scope) -> bool:
    """True for a struct whose fields have no names."""
    e = e.unnest()
    local = scope.is_row(e.name.lower()) if isinstance(e, exp.Identifier | exp.Column) else None
    if local is not None:
        return local
    if isinstance(e, exp.Column) and isinstance(e.this, exp.Identifier):
        known = [
            column
            for source in scope.sources
            if source.key == e.table.lower() or not e.table
            for column in source.relation.find(e.name.lower())
        ]
        return bool(known) and all(isinstance(column.schema, dict) for column in known)
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


def schema_of(e: exp.Expr) -> Schema:
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
        return read_schema(json.loads(given[0].name))
    except (ValueError, RecursionError):
        return None


def _schema_of_type(to: exp.DataType) -> Schema:
    if to.this in _ARRAY_TYPES:
        return [_schema_of_type(to.expressions[0]) if len(to.expressions) == 1 else None]
    if to.this is not exp.DataType.Type.STRUCT:
        return to.this.value
    fields = [f for f in to.expressions if isinstance(f, exp.ColumnDef)]
    return {f.name: _schema_of_type(f.args["kind"]) for f in fields} or None
