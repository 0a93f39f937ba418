"""Casts and operators: arithmetic, logic, letters."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import BUCKET, CASE, CAST, ENCODE, OPTIONAL, TRANSFORM, Flow
from pii_lint.lineage.values import Value, alternatives, apply, flow, union
from pii_lint.lineage.walk import Handler, Walk, values

from .calls import spec_of
from .concatenation import concatenated
from .natures import schema_of
from .paths import as_scalar

TEXT_TYPES = exp.DataType.TEXT_TYPES

CONTAINERS = {
    exp.DataType.Type.JSON,
    exp.DataType.Type.JSONB,
    exp.DataType.Type.VARIANT,
    exp.DataType.Type.OBJECT,
    exp.DataType.Type.SUPER,
    exp.DataType.Type.ARRAY,
    exp.DataType.Type.LIST,
    exp.DataType.Type.MAP,
    exp.DataType.Type.STRUCT,
}


def _cast(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    to = e.args.get("to")
    if isinstance(to, exp.DataType) and to.this in TYPED:
        typed = _typed(walk, e.this.unnest(), to, scope)
        if typed is not None:
            return typed
    inside = walk.value(walk, e.this, scope)
    if not isinstance(to, exp.DataType):
        return flow(inside, TRANSFORM)
    text = to.this in TEXT_TYPES
    if to.this is exp.DataType.Type.BOOLEAN:
        return flow(inside, TRANSFORM)
    if _cuts(walk, to):
        # a secret may be cut short; most values of a key stay apart
        return flow(as_scalar(inside), CAST | OPTIONAL)
    if to.expressions:
        if inside.fields and walk.dialect == "duckdb" and _named_alike(inside, schema_of(e)):
            return flow(inside, CAST)
        # the fields of a struct get new names
        return apply(inside, Flow(CAST))
    if to.this not in CONTAINERS:
        inside = as_scalar(inside)
    return flow(inside, CAST | OPTIONAL if isinstance(e, exp.TryCast) and not text else CAST)


TYPED = (exp.DataType.Type.STRUCT, exp.DataType.Type.ARRAY)


def _typed(walk: Walk, e: exp.Expr, to: exp.DataType, scope: Scope) -> Value | None:
    """A struct that is written out and given a type, as in `struct<a string>(x)`: names go by
    place. None where they may go by name, or there is no struct to be seen."""
    if isinstance(e, exp.Array) and to.this is exp.DataType.Type.ARRAY and len(to.expressions) == 1:
        held = to.expressions[0]
        items = [
            typed
            for item in e.expressions
            if isinstance(held, exp.DataType)
            and (typed := _typed(walk, item.unnest(), held, scope)) is not None
        ]
        whole = items and len(items) == len(e.expressions)
        return alternatives(items, OPTIONAL) if whole else None
    parts = _parts(e, named=walk.dialect in BY_PLACE)
    fields = to.expressions if to.this is exp.DataType.Type.STRUCT else []
    if not parts or len(parts) != len(fields):
        return None
    named: dict[str, Value] = {}
    for part, field in zip(parts, fields, strict=True):
        if not isinstance(field, exp.ColumnDef) or field.name.lower() in named:
            return None
        cast = exp.Cast(this=part.copy(), to=field.args["kind"].copy())
        named[field.name.lower()] = walk.value(walk, cast, scope)
    return Value({}, named)


BY_PLACE = frozenset({"athena", "bigquery", "databricks", "presto", "spark", "trino"})
"""Dialects that match the fields of a struct to those of its type by place, whatever their
names."""


def _parts(e: exp.Expr, *, named: bool) -> list[exp.Expr]:
    """What the fields of a struct that is written out hold, in order; none for anything else, or
    where some have a name and may not."""
    row = isinstance(e, exp.Anonymous) and e.name.lower() in ("row", "struct")
    if not (row or isinstance(e, exp.Struct | exp.Tuple)):
        return []
    if not named and any(isinstance(i, exp.Alias | exp.PropertyEQ) for i in e.expressions):
        return []
    if e.find(exp.Star, exp.Columns) is not None:
        return []
    return [
        item.expression if isinstance(item, exp.PropertyEQ) else item.unalias()
        for item in e.expressions
    ]


def _cuts(walk: Walk, to: exp.DataType) -> bool:
    """True for a type that keeps only the first of a longer text, and says nothing."""
    if to.this in (*TEXT_TYPES, *BINARY_TYPES) and to.expressions:
        return True
    if to.this in ONE_LETTER:
        return walk.dialect not in WHOLE_CHAR | LENIENT
    if to.this is exp.DataType.Type.USERDEFINED:
        # PostgreSQL's own type of one byte
        return str(to.args.get("kind")).lower() in ('"char"', "char")
    return to.this in exp.DataType.NUMERIC_TYPES and walk.dialect in LENIENT


BINARY_TYPES = (exp.DataType.Type.BINARY, exp.DataType.Type.VARBINARY)
ONE_LETTER = (exp.DataType.Type.CHAR, exp.DataType.Type.NCHAR)
WHOLE_CHAR = frozenset({"bigquery", "clickhouse", "databricks", "duckdb", "hive", "spark", "tsql"})
"""Dialects in which a `char` without a length isn't one letter: it is the whole text, 30 letters or
an error."""
LENIENT = frozenset({"mysql", "singlestore", "doris", "starrocks", "sqlite"})
"""Dialects that read as much of a text as a number as they can, and drop the rest."""


def _named_alike(v: Value, schema: object) -> bool:
    """True for a struct that has just the fields that a type names, in the same order."""
    while isinstance(schema, list):
        schema = schema[0]
    fields = v.fields or {}
    if not isinstance(schema, dict):
        return not fields
    names = [str(name).lower() for name in schema]
    return list(fields) == names and all(map(_named_alike, fields.values(), schema.values()))


def _case_fold(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    listed = isinstance(e, exp.Trim) and e.expression is not None
    inside = flow(walk.value(walk, e.this, scope), TRANSFORM if listed else CASE)
    others = [
        child for key, child in e.args.items() if key != "this" and isinstance(child, exp.Expr)
    ]
    return union((inside, flow(union(values(walk, others, scope)), TRANSFORM)))


def binary(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """An operator between two values, or a whole chain of it."""
    operands: list[exp.Expr] = []
    cls = type(e)
    while type(e) is cls:
        operands.append(e.expression)
        e = e.this
    operands.append(e)
    if cls is exp.Add and walk.dialect == "tsql":
        return concatenated(values(walk, operands, scope), skips_null=False)
    if cls is exp.Mod and len(operands) == 2 and _is_bucket(walk, operands[1], operands[0]):
        text = f"{operands[1].sql()} % {operands[0].sql()}".lower()
        number = walk.buckets.setdefault(text, len(walk.buckets) + 1)
        return apply(walk.value(walk, operands[1], scope), Flow(BUCKET * number))
    moved = [o for o in operands if not (isinstance(o, exp.Literal) and not o.is_string)]
    if cls in (exp.Add, exp.Sub, exp.Mul) and len(moved) == 1 and "0" not in map(_text, operands):
        # every value becomes another one, and can be told from it
        lossy = OPTIONAL if walk.dialect in LENIENT else 0
        return flow(walk.value(walk, moved[0], scope), ENCODE | lossy)
    return flow(union(values(walk, operands, scope)), TRANSFORM)


MOST_BUCKETS = 100
"""Numbers that many people share, if a digest is spread over no more."""


def _is_bucket(walk: Walk, number: exp.Expr, size: exp.Expr) -> bool:
    """True for `hash(id) % 10`: whole numbers, few, and no order of the values left in them."""
    while isinstance(number, exp.Paren | exp.Abs):
        number = number.this
    spec = spec_of(walk, number) if isinstance(number, exp.Func) else None
    few = isinstance(size, exp.Literal) and not size.is_string and size.name.isdecimal()
    digest = spec is not None and spec.cls == "digest"
    return few and digest and len(size.name) < 4 and int(size.name) <= MOST_BUCKETS


def _text(e: exp.Expr) -> str:
    """The digits of a number, without what changes nothing."""
    return e.name.strip("0.") or "0" if isinstance(e, exp.Literal) and not e.is_string else ""


def _negated(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    lossy = OPTIONAL if walk.dialect in LENIENT else 0
    return flow(walk.value(walk, e.this, scope), ENCODE | lossy)


def _connected(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    # thousands of conditions lean left: no recursion down their spine
    operands = list(e.flatten()) if isinstance(e, exp.Connector) else []
    return flow(union(values(walk, operands, scope)), TRANSFORM)


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Lower: _case_fold,
    exp.Upper: _case_fold,
    exp.Trim: _case_fold,
    exp.And: _connected,
    exp.Or: _connected,
    exp.Neg: _negated,
}
