"""Structs, maps and lists: built field by field, taken apart by bracket and dot."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import (
    MOVED,
    NULLABLE,
    OPTIONAL,
    TRANSFORM,
    UNKNOWN,
    Decode,
    Signal,
)
from pii_lint.lineage.values import (
    Value,
    apply,
    at_place,
    descend,
    flat,
    flow,
    placed,
    sized,
    union,
)
from pii_lint.lineage.walk import Handler, Walk, values

from .calls import arguments, function_name, literal, spec_of
from .columns import as_column
from .generators import RECORDS
from .natures import NAMELESS, surely_row
from .passing import children, transform
from .paths import keys_of
from .roles import Args, CallHandler, sorted_args, transformed
from .written_out import SEVERAL, counted, element, entries, pairs_of


def _struct(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    if walk.dialect in NAMELESS and isinstance(e, exp.Struct) and surely_row(e, scope):
        return placed(values(walk, e.expressions, scope))
    return union(built_field(walk, item, scope) for item in e.expressions)


def built_field(walk: Walk, item: exp.Expr, scope: Scope) -> Value:
    """One field of a builder; a name that isn't literal puts name and value into the whole."""
    if isinstance(item, exp.PropertyEQ | exp.JSONKeyValue | exp.Kwarg | exp.EQ):
        name, content = item.this, walk.value(walk, item.expression, scope)
    elif isinstance(item, exp.Alias):
        name, content = item.args["alias"], walk.value(walk, item.this, scope)
    elif (
        isinstance(item, exp.Column)
        and isinstance(item.this, exp.Identifier)
        and walk.dialect in NAMING
    ):
        name, content = item.this, walk.value(walk, item, scope)
    else:
        return walk.value(walk, item, scope)
    return named_field(walk, name, content, scope)


NAMING = frozenset({"bigquery", "spark", "databricks"})
"""Dialects whose struct builder names a field after the column that fills it."""


def named_field(walk: Walk, name: exp.Expr, content: Value, scope: Scope) -> Value:
    """A value with one field."""
    if isinstance(name, exp.Identifier) or (isinstance(name, exp.Literal) and name.is_string):
        return Value({}, {name.name.lower(): content})
    return union((flow(walk.value(walk, name, scope), TRANSFORM), flow(content, TRANSFORM)))


def _map(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    keys, contents = e.args.get("keys"), e.args.get("values")
    if (
        isinstance(keys, exp.Array)
        and isinstance(contents, exp.Array)
        and len(keys.expressions) == len(contents.expressions)
    ):
        pairs = zip(keys.expressions, contents.expressions, strict=True)
        return union(named_field(walk, key, walk.value(walk, v, scope), scope) for key, v in pairs)
    return transform(walk, e, scope)


def _pairs(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    items = [arg for _, arg in args]
    if any(
        isinstance(item, exp.JSONKeyValue | exp.PropertyEQ | exp.Alias | exp.Star) for item in items
    ):
        return union(built_field(walk, item, scope) for item in items)
    if len(items) % 2:
        return transformed(walk, e, spec, args, scope)
    pairs = zip(items[::2], items[1::2], strict=True)
    return union(
        named_field(walk, name, walk.value(walk, content, scope), scope) for name, content in pairs
    )


def _fields(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    if spec.name == "struct_update":
        return _updated(walk, args, scope)
    if spec.name.startswith("map_") and spec.name != "map_concat":
        found = _of_map(walk, spec.name, args[0][1], scope) if len(args) == 1 else None
        return transformed(walk, e, spec, args, scope) if found is None else found
    if spec.name == "row" and walk.dialect == "postgres":
        fields = (walk.value(walk, arg, scope) for _, arg in args)
        return Value({}, {f"f{i}": field for i, field in enumerate(fields, 1)})
    if spec.name == "row" and walk.dialect in NAMELESS:
        return placed(walk.value(walk, arg, scope) for _, arg in args)
    return union(built_field(walk, arg, scope) for _, arg in args)


def _updated(walk: Walk, args: Args, scope: Scope) -> Value:
    """A struct some of whose fields are others now."""
    before = walk.value(walk, args[0][1], scope)
    given = union(built_field(walk, arg, scope) for _, arg in args[1:])
    whole = union((Value(before.edges), Value(given.edges)))
    return Value(whole.edges, {**(before.fields or {}), **(given.fields or {})})


def _of_map(walk: Walk, name: str, of: exp.Expr, scope: Scope) -> Value | None:
    """The values of a map that is written out, or such a map; None for another."""
    if name == "map_from_entries":
        listed = list(entries(of))
        fields = (named_field(walk, k, walk.value(walk, v, scope), scope) for k, v in listed)
        return union(fields) if listed else None
    pairs = pairs_of(of)
    if pairs is None:
        return None
    return flow(union(values(walk, pairs[1], scope)), TRANSFORM)


def _zip(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    """Lists side by side: the longest says how many rows there are, and whose ends are null."""
    lists = values(walk, (arg for _, arg in args), scope)
    counted = (
        sized(v, Signal("count"))
        for v, (_, arg) in zip(lists, args, strict=True)
        if not isinstance(arg, exp.Array) or arg.find(*SEVERAL) is not None
    )
    return union((placed(flow(v, NULLABLE) for v in lists), *counted))


def _entries(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    pairs = pairs_of(args[0][1]) if len(args) == 1 else None
    if pairs is not None:
        keys, contents = (flow(union(values(walk, part, scope)), TRANSFORM) for part in pairs)
        return Value({}, {"key": keys, "value": contents})
    main, side = sorted_args(walk, spec, args, scope)
    whole = union(main)
    return union((Value({}, {"key": keys_of(whole), "value": flow(whole, TRANSFORM)}), side))


CONSTANTS = (exp.Array, exp.Struct, exp.ToMap, exp.Map, exp.VarMap)


def _bracket(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    picked = _element(walk, e)
    if picked is not None:
        return flow(walk.value(walk, picked, scope), NULLABLE)
    container = walk.value(walk, e.this, scope)
    for index in e.expressions:
        if isinstance(index, exp.Literal):
            if index.is_string:
                container = descend(container, index.name.lower())
            elif walk.dialect in NAMELESS and surely_row(e.this, scope):
                # the parser counts from 0
                container = at_place(container, int(index.name) + 1)
            container = flow(container, NULLABLE)
            continue
        chosen_by = walk.value(walk, index, scope)
        if isinstance(index, exp.Slice):
            # part of a text: no longer the value that a declared part was named for
            bounds = [b for b in children(index) if literal(b) is None]
            how = TRANSFORM | moved(container, values(walk, bounds, scope))
            container = flow(union((container, chosen_by)), how)
            continue
        # NOTE: sqlglot reads `map {…}[x]` as a map of `{…}[x]`
        if not flat(container) and isinstance(e.this, CONSTANTS):
            # a map or list of constants is a decoder
            container = apply(chosen_by, Decode(len(list(e.this.find_all(exp.Literal)))))
        else:
            container = union((flow(container, OPTIONAL), flow(chosen_by, TRANSFORM)))
    return container


def _element(walk: Walk, e: exp.Expr) -> exp.Expr | None:
    """The element of a list or row that is written out, picked by a literal; None for anything
    else."""
    index = e.expressions[0]
    if walk.dialect == "duckdb" and isinstance(index, exp.Neg) and len(e.expressions) == 1:
        # the parser counts from 0, from the end too
        return counted(e.this, exp.Neg(this=_one_less(index.this)))
    if len(e.expressions) > 1 or not isinstance(index, exp.Literal) or index.is_string:
        return None
    if walk.dialect != "duckdb" and not isinstance(e.this.unnest(), exp.Array):
        return None
    return element(e.this, int(index.name)) if index.name.isdigit() else None


def _one_less(number: exp.Expr) -> exp.Expr:
    known = isinstance(number, exp.Literal) and number.name.isdecimal()
    return exp.Literal.number(int(number.name) - 1) if known else number


def moved(whole: Value, bounds: list[Value]) -> int:
    """Bounds that aren't made of the value itself may take all its pieces in turn."""
    known = {ref for ref, _ in flat(whole)}
    made_of_it = all(v and {ref for ref, _ in flat(v)} <= known for v in bounds)
    return 0 if made_of_it else MOVED


def _dot(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    right = e.expression
    if isinstance(right, exp.Func):
        chained = _chained(walk, e.this, right, scope)
        return chained if chained is not None else walk.value(walk, right, scope)
    container = walk.value(walk, as_column(e.this), scope)
    if isinstance(right, exp.Star):
        return container
    call = e.this.unnest()
    spec = spec_of(walk, call) if isinstance(call, exp.Func) else None
    if spec is not None and spec.cls == "table" and not _opens(call, spec):
        # a column of the function's own, not a key of its argument
        return flow(container, TRANSFORM)
    return descend(container, right.name.lower())


def _opens(call: exp.Expr, spec: FunctionSpec) -> bool:
    """True for a function whose rows have the fields of what it is given."""
    return isinstance(call, exp.Explode | exp.Unnest) or spec.name.endswith(RECORDS)


def _chained(walk: Walk, left: exp.Expr, call: exp.Func, scope: Scope) -> Value | None:
    """`value.function(…)`, DuckDB's call with its first argument in front; None for
    `schema.function(…)`."""
    if walk.dialect != "duckdb":
        if isinstance(as_column(left), exp.Column | exp.Identifier):
            return None
        # a method, as of T-SQL's XML
        return union(
            (flow(walk.value(walk, left, scope), TRANSFORM), walk.value(walk, call, scope))
        )
    left = as_column(left)
    with walk.quietly():
        first = walk.value(walk, left, scope)
    if any(ref.read == UNKNOWN for ref, _ in flat(first)):
        return None
    if isinstance(left, exp.Dot):
        # a chain of calls is long at times, and read once: its value goes by a name of its own
        scope = Scope(
            parent=scope, locals={CHAINED: first}, sources=scope.sources, group=scope.group
        )
        left = exp.Identifier(this=CHAINED)
    args = [arg.copy() for _, arg in arguments(call)]
    whole = exp.func(function_name(call), left.copy(), *args, dialect=walk.dialect)
    return walk.value(walk, whole, scope)


CHAINED = "$chained"


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Struct: _struct,
    exp.JSONObject: _struct,
    exp.Map: _map,
    exp.VarMap: _map,
    exp.Bracket: _bracket,
    exp.Dot: _dot,
}
CLASSES: dict[str, CallHandler] = {
    "pairs": _pairs,
    "fields": _fields,
    "entries": _entries,
    "zip": _zip,
}
