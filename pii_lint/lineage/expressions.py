"""Expressions: what a value is made of. One handler a construct; functions go by their class in
the catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec, unit_proves_part

from .names import BARE_WORDS, resolve, row_numbers, surely
from .scopes import Item, Scope, Tail
from .summary import (
    BUCKET,
    CASE,
    CAST,
    CONCAT,
    DECLARED,
    ENCODE,
    KEYS,
    MOVED,
    NULLABLE,
    OPTIONAL,
    SCALAR,
    SETTING,
    SKIPPED,
    TRANSFORM,
    UNKNOWN,
    Chain,
    Decode,
    Digest,
    Edge,
    Edges,
    Floor,
    Flow,
    Fold,
    MaskCall,
    Op,
    Part,
    Ref,
    Reveal,
    Signal,
    Test,
)
from .values import (
    NOTHING,
    Value,
    alternatives,
    apply,
    blend,
    descend,
    extend,
    flat,
    flow,
    merge,
    union,
    whole_refs,
)
from .walk import Walk, WindowFrame

Handler = Callable[[Walk, exp.Expr, Scope], Value]
LITERAL_SALT = 8
"""Characters from which on a literal beside a digested value is a salt in code."""


def value(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """What an expression is made of."""
    if type(e) in walk.overrides:
        return _overridden(walk, e, scope)
    handler = _HANDLERS.get(type(e))
    if handler is None:
        handler = _HANDLERS[type(e)] = _handler(type(e))
    return handler(walk, e, scope)


def _overridden(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """A call that may be one of the project's own functions."""
    if isinstance(e, exp.Comprehension):
        inside = _comprehension(walk, e, scope)
    else:
        inside = union(values(walk, children(e), scope))
    found = [flow(inside, TRANSFORM)]
    for name in walk.overrides[type(e)]:
        spec = walk.functions.get(name)
        if spec is not None and spec.cls in OWN:
            found.append(_CLASSES[spec.cls](walk, e, spec, [], scope))
    return union(found)


OWN = ("routine", "external")
"""Classes of the project's own functions that bring in more than their arguments."""


def _handler(cls: type[exp.Expr]) -> Handler:
    for base, handler in _FAMILIES:
        if issubclass(cls, base):
            return handler
    return _unrecognised


def children(e: exp.Expr) -> Iterator[exp.Expr]:
    """Direct children that are expressions, in order."""
    for arg in e.args.values():
        if isinstance(arg, exp.Expr):
            yield arg
        elif isinstance(arg, list):
            yield from (item for item in arg if isinstance(item, exp.Expr))


def values(walk: Walk, items: Iterable[exp.Expr], scope: Scope) -> list[Value]:
    """The values of several expressions."""
    return [value(walk, item, scope) for item in items]


# --- leaves and wrappers -------------------------------------------------------------------------


def _nothing(_walk: Walk, _e: exp.Expr, _scope: Scope) -> Value:
    return NOTHING


def _this(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return value(walk, e.this, scope) if isinstance(e.this, exp.Expr) else NOTHING


def _all(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return union(values(walk, children(e), scope))


def _elements(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return alternatives(values(walk, e.expressions, scope), OPTIONAL)


def _transform(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return flow(union(values(walk, children(e), scope)), TRANSFORM)


def _test(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return apply(union(values(walk, children(e), scope)), Test("test"))


def _unrecognised(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    inside = flow(union(values(walk, children(e), scope)), TRANSFORM)
    return union((inside, walk.unknown(f"{type(e).__name__} is not understood")))


def _column(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    found = surely(walk, e, scope)
    if found is not None:
        return found
    if isinstance(e.this, exp.Star):
        return _row_of(walk, e.args.get("table"), scope)
    return resolve(walk, identifiers(e), scope)


def identifiers(e: exp.Expr) -> list[exp.Identifier]:
    """The parts of a column's name, outermost first."""
    parts = (e.args.get(key) for key in NAME_PARTS)
    return [part for part in parts if isinstance(part, exp.Identifier)]


def _row_of(walk: Walk, table: exp.Expr | None, scope: Scope) -> Value:
    if table is None:
        return union(source.relation.row() for source in scope.sources if source.visible)
    current: Scope | None = scope
    while current is not None:
        source = current.source(table.name.lower())
        if source is not None:
            return source.relation.row()
        current = current.parent
    return resolve(walk, [table], scope) if isinstance(table, exp.Identifier) else NOTHING


def _identifier(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """NOTE: left of a dot sqlglot turns columns into bare identifiers."""
    quiet, walk.quiet = walk.quiet, True
    found = resolve(walk, [e], scope) if isinstance(e, exp.Identifier) else NOTHING
    walk.quiet = quiet
    return NOTHING if any(ref.read == UNKNOWN and not ref.path for ref, _ in found.edges) else found


def _star(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return _row_of(walk, None, scope)


def item_at(position: int, scope: Scope) -> Item | None:
    """The item of FROM at a position, counted from 1; None where positions aren't certain that
    far."""
    for source in scope.sources:
        items = source.relation.items
        if position <= min(source.relation.certain, len(items)):
            return items[position - 1]
        if source.relation.certain < len(items):
            return None
        position -= len(items)
    return None


def item_value(item: Item) -> Value:
    """What an item stands for."""
    return item.whole() if isinstance(item, Tail) else item.value


def _positional(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    item = item_at(int(e.name), scope) if e.name.isdigit() else None
    return item_value(item) if item is not None else flow(_row_of(walk, None, scope), TRANSFORM)


def _parameter(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    name = e.name
    if name.isdigit() and scope.sources:
        return _positional(walk, e, scope)
    return Value({(Ref(SETTING, f"variable:{name.lower()}"), ()): walk.span}) if name else NOTHING


# --- operators -----------------------------------------------------------------------------------


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
    inside = value(walk, e.this, scope)
    to = e.args.get("to")
    if not isinstance(to, exp.DataType):
        return flow(inside, TRANSFORM)
    text = to.this in TEXT_TYPES
    if to.this is exp.DataType.Type.BOOLEAN:
        return flow(inside, TRANSFORM)
    if text and to.expressions:
        # it may cut a secret short, and leaves most values of a key apart
        return flow(as_scalar(inside), CAST | OPTIONAL)
    if to.expressions:
        # the fields of a struct get new names
        return apply(inside, Flow(CAST))
    if to.this not in CONTAINERS:
        inside = as_scalar(inside)
    return flow(inside, CAST | OPTIONAL if isinstance(e, exp.TryCast) and not text else CAST)


def _case_fold(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    listed = isinstance(e, exp.Trim) and e.expression is not None
    inside = flow(value(walk, e.this, scope), TRANSFORM if listed else CASE)
    others = [
        child for key, child in e.args.items() if key != "this" and isinstance(child, exp.Expr)
    ]
    return union((inside, flow(union(values(walk, others, scope)), TRANSFORM)))


def concatenated(vals: Iterable[Value], *, skips_null: bool) -> Value:
    """Values one after the other. Where nulls are left out, one that may be null isn't surely
    there."""
    if not skips_null:
        return union(flow(v, CONCAT) for v in vals)
    joined = flow(union(vals), CONCAT | SKIPPED)
    edges: Edges = {}
    for (ref, chain), span in joined.edges.items():
        last = chain[-1]
        doubtful = isinstance(last, Flow) and last.how & NULLABLE
        merge(edges, {(ref, extend(chain, Flow(OPTIONAL)) if doubtful else chain): span})
    return Value(edges)


BARS_ARE_OR = frozenset({"mysql", "singlestore", "doris", "starrocks"})
"""Dialects whose `||` is a logical or."""


def _dpipe(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    # a long chain leans left: take it apart in a loop, not by recursion
    operands: list[exp.Expr] = []
    while isinstance(e, exp.DPipe):
        operands.append(e.expression)
        e = e.this
    operands.append(e)
    inside = values(walk, operands, scope)
    if walk.dialect in BARS_ARE_OR:
        return apply(union(inside), Test("test"))
    return concatenated(inside, skips_null=walk.dialect == "oracle")


def _binary(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
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
        return apply(value(walk, operands[1], scope), Flow(BUCKET * number))
    moved = [o for o in operands if not (isinstance(o, exp.Literal) and not o.is_string)]
    if cls in (exp.Add, exp.Sub, exp.Mul) and len(moved) == 1 and "0" not in map(_text, operands):
        # every value becomes another one, and can be told from it
        return flow(value(walk, moved[0], scope), ENCODE)
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
    return flow(value(walk, e.this, scope), ENCODE)


def _connected(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    # thousands of conditions lean left: no recursion down their spine
    operands = list(e.flatten()) if isinstance(e, exp.Connector) else []
    return flow(union(values(walk, operands, scope)), TRANSFORM)


def _nullif(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    kept = flow(value(walk, e.this, scope), OPTIONAL)
    return union((kept, apply(value(walk, e.expression, scope), Test("condition"))))


def chosen(conditions: list[Value], results: list[Value], outcomes: int) -> Value:
    """A branch: any of the results, decided by the conditions."""
    choice = union(conditions)
    edges: Edges = {}
    for (ref, chain), span in flat(choice).items():
        merge(edges, {(ref, extend(chain, Decode(outcomes))): span})
    return _summed(union((Value(edges), blend(flow(v, OPTIONAL) for v in results))))


def _summed(v: Value) -> Value:
    """Outcomes of nested choices by the same value add up."""
    counts: dict[tuple[Ref, Chain], int] = {}
    for ref, chain in v.edges:
        if chain and isinstance(chain[-1], Decode):
            key = (ref, chain[:-1])
            counts[key] = counts.get(key, 0) + chain[-1].outcomes
    if not counts:
        return v
    edges: Edges = {}
    for (ref, chain), span in v.edges.items():
        if chain and isinstance(chain[-1], Decode):
            chain = (*chain[:-1], Decode(counts[ref, chain[:-1]]))
        merge(edges, {(ref, chain): span})
    return Value(edges, v.fields)


def _case(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    operand = e.args.get("this")
    branches = e.args.get("ifs") or []
    conditions = values(walk, [operand] if operand is not None else [], scope)
    results: list[Value] = []
    for branch in branches:
        conditions.append(value(walk, branch.this, scope))
        results.append(value(walk, branch.args["true"], scope))
    default = e.args.get("default")
    if default is not None:
        results.append(value(walk, default, scope))
    return chosen(conditions, results, len(branches) + 1)


def _if(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    taken = [e.args[key] for key in ("true", "false", "null") if e.args.get(key) is not None]
    return chosen([value(walk, e.this, scope)], values(walk, taken, scope), 2)


def _decode_case(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    operand, *rest = e.expressions
    pairs = len(rest) // 2
    conditions = [operand, *rest[0 : 2 * pairs : 2]]
    results = [*rest[1 : 2 * pairs : 2], *rest[2 * pairs :]]
    return chosen(values(walk, conditions, scope), values(walk, results, scope), pairs + 1)


# --- containers ----------------------------------------------------------------------------------


def _struct(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return union(_field(walk, item, scope) for item in e.expressions)


def _field(walk: Walk, item: exp.Expr, scope: Scope) -> Value:
    """One field of a builder; a name that isn't literal puts name and value into the whole."""
    if isinstance(item, exp.PropertyEQ | exp.JSONKeyValue | exp.Kwarg | exp.EQ):
        name, content = item.this, value(walk, item.expression, scope)
    elif isinstance(item, exp.Alias):
        name, content = item.args["alias"], value(walk, item.this, scope)
    elif (
        isinstance(item, exp.Column)
        and isinstance(item.this, exp.Identifier)
        and walk.dialect in NAMING
    ):
        name, content = item.this, value(walk, item, scope)
    else:
        return value(walk, item, scope)
    return named_field(walk, name, content, scope)


NAMING = frozenset({"bigquery", "spark", "databricks"})
"""Dialects whose struct builder names a field after the column that fills it."""


def named_field(walk: Walk, name: exp.Expr, content: Value, scope: Scope) -> Value:
    """A value with one field."""
    if isinstance(name, exp.Identifier) or (isinstance(name, exp.Literal) and name.is_string):
        return Value({}, {name.name.lower(): content})
    return union((flow(value(walk, name, scope), TRANSFORM), flow(content, TRANSFORM)))


def _map(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    keys, contents = e.args.get("keys"), e.args.get("values")
    if (
        isinstance(keys, exp.Array)
        and isinstance(contents, exp.Array)
        and len(keys.expressions) == len(contents.expressions)
    ):
        pairs = zip(keys.expressions, contents.expressions, strict=True)
        return union(named_field(walk, key, value(walk, v, scope), scope) for key, v in pairs)
    return _transform(walk, e, scope)


CONSTANTS = (exp.Array, exp.Struct, exp.ToMap, exp.Map, exp.VarMap)


def _bracket(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    container = value(walk, e.this, scope)
    for index in e.expressions:
        if isinstance(index, exp.Literal):
            if index.is_string:
                container = descend(container, index.name.lower())
            container = flow(container, NULLABLE)
            continue
        chosen_by = value(walk, index, scope)
        if isinstance(index, exp.Slice):
            # part of a text: no longer the value that a declared part was named for
            bounds = [b for b in children(index) if literal(b) is None]
            how = TRANSFORM | _moved(container, values(walk, bounds, scope))
            container = flow(union((container, chosen_by)), how)
            continue
        # NOTE: sqlglot reads `map {…}[x]` as a map of `{…}[x]`
        if not flat(container) and isinstance(e.this, CONSTANTS):
            # a map or list of constants is a decoder
            container = apply(chosen_by, Decode(len(list(e.this.find_all(exp.Literal)))))
        else:
            container = union((flow(container, OPTIONAL), flow(chosen_by, TRANSFORM)))
    return container


def _moved(whole: Value, bounds: list[Value]) -> int:
    """Bounds that aren't made of the value itself may take all its pieces in turn."""
    known = {ref for ref, _ in flat(whole)}
    made_of_it = all(v and {ref for ref, _ in flat(v)} <= known for v in bounds)
    return 0 if made_of_it else MOVED


def _dot(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    right = e.expression
    if isinstance(right, exp.Func):
        chained = _chained(walk, e.this, right, scope)
        return chained if chained is not None else value(walk, right, scope)
    container = value(walk, _as_column(e.this), scope)
    if isinstance(right, exp.Star):
        return container
    call = e.this.unnest()
    spec = spec_of(walk, call) if isinstance(call, exp.Func) else None
    if spec is not None and spec.cls == "table" and not isinstance(call, exp.Explode | exp.Unnest):
        # a column of the function's own, not a key of its argument
        return flow(container, TRANSFORM)
    return descend(container, right.name.lower())


def _as_column(e: exp.Expr) -> exp.Expr:
    """A dotted name that sqlglot left as bare identifiers, as a column."""
    names: list[exp.Identifier] = []
    inner = e
    while isinstance(inner, exp.Dot) and isinstance(inner.expression, exp.Identifier):
        names.insert(0, inner.expression)
        inner = inner.this
    if not isinstance(inner, exp.Identifier) or len(names) >= len(NAME_PARTS):
        return e
    names.insert(0, inner)
    keys = NAME_PARTS[-len(names) :]
    return exp.Column(**{key: name.copy() for key, name in zip(keys, names, strict=True)})


NAME_PARTS = ("catalog", "db", "table", "this")


def _chained(walk: Walk, left: exp.Expr, call: exp.Func, scope: Scope) -> Value | None:
    """`value.function(…)`, DuckDB's call with its first argument in front; None for
    `schema.function(…)`."""
    if walk.dialect != "duckdb":
        if isinstance(_as_column(left), exp.Column | exp.Identifier):
            return None
        # a method, as of T-SQL's XML
        return union((flow(value(walk, left, scope), TRANSFORM), value(walk, call, scope)))
    left = _as_column(left)
    quiet, walk.quiet = walk.quiet, True
    first = value(walk, left, scope)
    walk.quiet = quiet
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
    return value(walk, whole, scope)


CHAINED = "$chained"


def path_keys(path: exp.Expr) -> list[str] | None:
    """The keys of a literal JSON path, lower case; None where it is computed or has a wildcard."""
    if isinstance(path, exp.Array) and path.expressions:
        inner = [path_keys(step) for step in path.expressions]
        return None if None in inner else [key for step in inner for key in step or ()]
    if isinstance(path, exp.JSONPath):
        keys: list[str] = []
        for part in path.expressions:
            if isinstance(part, exp.JSONPathKey):
                if not isinstance(part.this, str):
                    return None
                keys.append(part.this.lower())
            elif isinstance(part, exp.JSONPathSubscript) and isinstance(part.this, str):
                keys.append(part.this.lower())
            elif not isinstance(part, exp.JSONPathRoot | exp.JSONPathSubscript):
                return None
        return keys
    if isinstance(path, exp.Literal):
        if not path.is_string:
            return []
        text = re.sub(r"^\s*(lax|strict)\s+", "", path.name.lower()).removeprefix("$")
        if text.startswith("{") and text.endswith("}"):
            # PostgreSQL's text array
            return [step.strip('" ') for step in text[1:-1].split(",")]
        if text.startswith("/"):
            # a JSON pointer
            steps = [step for step in text[1:].split("/") if not step.isdigit()]
            return (
                None
                if "*" in text
                else [step.replace("~1", "/").replace("~0", "~") for step in steps]
            )
        text = text.replace("[*]", "").replace('"', "")
        pieces = [
            piece
            for piece in text.replace("[", ".").replace("]", "").replace("/", ".").split(".")
            if piece
        ]
        keys = []
        for piece in pieces:
            if "*" in piece:
                return None
            if not piece.isdigit():
                keys.append(piece.strip("'{},"))
        return keys
    return None


def accessed(
    walk: Walk, container: Value, paths: Iterable[exp.Expr], scope: Scope, *, scalar: bool = False
) -> Value:
    """What paths, one after the other, take out of a container; `scalar` takes it for a value."""
    for path in paths:
        if isinstance(path, exp.Array) and path.expressions and walk.dialect != "postgres":
            container = union(
                accessed(walk, container, [one], scope, scalar=scalar) for one in path.expressions
            )
            continue
        keys = None if _perhaps_one_key(walk, path) else path_keys(path)
        if keys is None:
            dynamic = flow(value(walk, path, scope), TRANSFORM)
            container = union((flow(container, TRANSFORM), dynamic))
            continue
        for key in keys:
            container = descend(container, key)
    return flow(as_scalar(container) if scalar else container, CAST | NULLABLE)


def _perhaps_one_key(walk: Walk, path: exp.Expr) -> bool:
    """`'a.b'` is one key to DuckDB and `'$.a.b'` a path; the parser makes the same of both."""
    if walk.dialect != "duckdb" or not isinstance(path, exp.JSONPath) or len(path.expressions) < 3:
        return False
    first = path.expressions[1].this
    if walk.text is None or not isinstance(first, str):
        return walk.text is None
    return re.search(rf"'{re.escape(first.casefold())}\s*[.\[]", walk.text) is not None


def as_scalar(v: Value) -> Value:
    """A field read as text, a number or a date: whatever lies deeper in it isn't asked for."""
    edges: Edges = {}
    for (ref, chain), span in v.edges.items():
        deep = ref.path and not ref.path[-1].startswith("$")
        taken = ref._replace(path=(*ref.path, SCALAR)) if deep else ref
        merge(edges, {(taken, chain): span})
    return Value(edges, v.fields)


def _json_extract(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    listed = (e.args.get("expression"), *(e.args.get("expressions") or ()))
    paths = [path for path in listed if path is not None]
    scalar = isinstance(e, exp.JSONExtractScalar | exp.JSONBExtractScalar)
    if not scalar and walk.dialect == "duckdb" and _key_reaches_on(e):
        return flow(value(walk, e.this, scope), TRANSFORM)
    return accessed(walk, value(walk, e.this, scope), paths, scope, scalar=scalar)


def _key_reaches_on(e: exp.Expr) -> bool:
    """DuckDB's `->` binds more loosely than any operator: `j -> 'a' || 'b'` asks for the key `ab`,
    where the parser sees a concatenation of what `a` gave."""
    return "only_json_types" in e.args and isinstance(e.parent, TIGHTER)


TIGHTER = (
    exp.DPipe, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Pow, exp.Bracket,
    exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseLeftShift, exp.BitwiseRightShift,
    exp.Collate,
)  # fmt: skip


# --- lambdas -------------------------------------------------------------------------------------


def _comprehension(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    iterated = value(walk, e.args["iterator"], scope)
    variable = e.args["expression"]
    inner = Scope(
        parent=scope,
        locals={name.name.lower(): iterated for name in variable.find_all(exp.Identifier)},
    )
    condition = e.args.get("condition")
    return union(
        (
            value(walk, e.this, inner),
            apply(iterated, Signal("count")),
            apply(value(walk, condition, inner), Test("condition"))
            if condition is not None
            else NOTHING,
        )
    )


def _lambda_scope(walk: Walk, e: exp.Expr, bound: list[Value], scope: Scope) -> Scope:
    names = [name.name.lower() for name in e.expressions]
    padded = bound + [bound[-1] if bound else NOTHING] * (len(names) - len(bound))
    return Scope(parent=scope, locals=dict(zip(names, padded, strict=False)))


def _bare_lambda(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    inside = value(walk, e.this, _lambda_scope(walk, e, [NOTHING], scope))
    arrow = _arrow(walk, e, scope)
    return inside if arrow is None else union((inside, arrow))


def _arrow(walk: Walk, e: exp.Expr, scope: Scope) -> Value | None:
    """`f(payload -> 'key')`: sqlglot takes the arrow of a JSON access for that of a lambda.

    None where the body uses the parameter, or where no column has its name.
    """
    parameter = e.expressions[0] if len(e.expressions) == 1 else None
    if not isinstance(parameter, exp.Identifier):
        return None
    if any(n.name == parameter.name for n in e.this.find_all(exp.Identifier)):
        return None
    container = value(walk, parameter, scope)
    return accessed(walk, container, [e.this], scope) if container else None


def _higher_order(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """A function with lambdas: parameters stand for the elements of the other arguments."""
    args = [arg for _, arg in arguments(e)]
    lambdas = [arg for arg in args if isinstance(arg, exp.Lambda)]
    container = union(values(walk, (arg for arg in args if not isinstance(arg, exp.Lambda)), scope))
    size = apply(container, Signal("count"))
    name = function_name(e)
    if name in (
        "transform",
        "list_transform",
        "array_transform",
        "list_apply",
        "array_apply",
        "apply",
    ):
        bodies = [
            value(walk, f.this, _lambda_scope(walk, f, [container, size], scope)) for f in lambdas
        ]
        return union((*bodies, size))
    if name in ("array_filter", "filter", "list_filter"):
        bodies = [
            value(walk, f.this, _lambda_scope(walk, f, [container, size], scope)) for f in lambdas
        ]
        return union((container, apply(union(bodies), Test("condition"))))
    bodies = [value(walk, f.this, _lambda_scope(walk, f, [container], scope)) for f in lambdas]
    spec = spec_of(walk, e)
    if spec is not None and spec.cls == "test":
        return apply(union((container, *bodies)), Test("test"))
    return flow(union((container, *bodies)), TRANSFORM)


# --- subqueries ----------------------------------------------------------------------------------


def _scalar(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    relation = walk.query(walk, e, scope)
    column = union(item_value(item) for item in relation.items)
    if relation.filtered:
        column = flow(column, NULLABLE)
    return union((column, Value(relation.rows)))


def _exists(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    if not isinstance(e.this, exp.Query):
        # Spark's exists(array, x -> …)
        return apply(_higher_order(walk, e, scope), Test("test"))
    return apply(Value(walk.query(walk, e.this, scope).rows), Signal("exists"))


def _in(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    tested = [value(walk, e.this, scope), *values(walk, e.expressions, scope)]
    others = [e.args[key] for key in ("unnest", "field") if e.args.get(key) is not None]
    tested += values(walk, others, scope)
    query = e.args.get("query")
    rows: Value = NOTHING
    if query is not None:
        relation = walk.query(walk, query, scope)
        tested.append(relation.row())
        # asked for one value of its column: a group key in all but name
        asked = Value(_grouped_by(relation.rows, frozenset(flat(relation.row()))))
        rows = apply(asked, Signal("exists"))
    return union((apply(union(tested), Test("test")), rows))


def _grouped_by(rows: Edges, group: frozenset[Edge]) -> Edges:
    """What decided about rows, of which only those of one group are asked for."""
    grouped: Edges = {}
    for (ref, chain), span in rows.items():
        last = chain[-1] if chain else None
        if isinstance(last, Signal) and last.clause in ("filter", "join"):
            chain = (*chain[:-1], Signal(last.clause, last.group | group))
        grouped[ref, chain] = span
    return grouped


def _quantified(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    if isinstance(e.this, exp.Query):
        relation = walk.query(walk, e.this, scope)
        return union((relation.row(), apply(Value(relation.rows), Signal("exists"))))
    return _this(walk, e, scope)


# --- windows and aggregates ----------------------------------------------------------------------


def _window(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    chain = [e, *_named_windows(e, scope)]
    keys = [v for w in chain for v in values(walk, w.args.get("partition_by") or [], scope)]
    partition = frozenset(flat(union(keys)))
    framed = any(w.args.get(key) is not None for w in chain for key in ("order", "spec"))
    for window in chain:
        spec = window.args.get("spec")
        bounds = [spec.args.get(key) for key in ("start", "end")] if spec is not None else []
        deciding = [window.args.get("order"), *bounds]
        keys += values(walk, [d for d in deciding if isinstance(d, exp.Expr)], scope)
    outer, walk.window = walk.window, WindowFrame(partition, framed)
    inside = value(walk, e.this, scope)
    walk.window = outer
    return union((inside, apply(union(keys), Signal("window"))))


def _named_windows(e: exp.Expr, scope: Scope) -> Iterator[exp.Expr]:
    """The windows of the WINDOW clause that this one builds on."""
    window, seen = e, set[str]()
    while (name := _base_window(window)) is not None and name not in seen:
        seen.add(name)
        within: Scope | None = scope
        while within is not None and name not in within.windows:
            within = within.parent
        if within is None:
            return
        window = within.windows[name]
        yield window


def _base_window(window: exp.Expr) -> str | None:
    alias = window.args.get("alias")
    return str(alias.name).lower() if isinstance(alias, exp.Expr) else None


def _filtered(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    condition = e.expression.this if isinstance(e.expression, exp.Where) else e.expression
    outer, scope.group = scope.group, scope.group | pinned(walk, condition, scope)
    floors, scope.floors = scope.floors, ()
    inside = value(walk, e.this, scope)
    scope.group, scope.floors = outer, floors
    decided = apply(value(walk, condition, scope), Signal("filter", group_of(walk, scope)))
    return union((inside, decided))


def group_of(walk: Walk, scope: Scope) -> frozenset[Edge]:
    """What the rows that a call sees have in common."""
    return scope.group if walk.window is None else walk.window.partition


def conjuncts(e: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that must all hold."""
    stack = [e]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.And):
            stack += [node.this, node.expression]
        elif isinstance(node, exp.Paren):
            stack.append(node.this)
        else:
            yield node


def _compared_pairs(e: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Two expressions that a condition holds equal."""
    if isinstance(e, exp.EQ | exp.NullSafeEQ):
        yield e.this, e.expression
    elif isinstance(e, exp.In) and len(set(e.expressions)) == 1 and not e.args.get("query"):
        yield e.this, e.expressions[0]
    elif isinstance(e, exp.Between) and e.args["low"] == e.args["high"]:
        yield e.this, e.args["low"]


def pinned(walk: Walk, condition: exp.Expr, scope: Scope) -> frozenset[Edge]:
    """What a condition holds to one constant: a group key in all but name."""
    edges: set[Edge] = set()
    for node in conjuncts(condition):
        for pair in _compared_pairs(node):
            sides = values(walk, pair, scope)
            if not (sides[0] and sides[1]):
                edges |= {edge for side in sides for edge in flat(side)}
    return frozenset(edges)


def _ordered_argument(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    keys = apply(union(values(walk, e.expressions, scope)), Signal("sort"))
    return union((value(walk, e.this, scope), keys)) if e.this is not None else keys


def _order_keys(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return (
        union(values(walk, e.expressions, scope))
        if e.this is None
        else _ordered_argument(walk, e, scope)
    )


def _having_extreme(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """BigQuery's `any_value(x having max y)`."""
    return union(
        (value(walk, e.this, scope), apply(value(walk, e.expression, scope), Signal("sort")))
    )


def _within_group(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """An ordered-set aggregate: it computes over the keys of its order."""
    call = e.this
    keys = union(values(walk, e.expression.expressions, scope))
    spec = spec_of(walk, call)
    cls = spec.cls if spec is not None else "transform"
    if cls == "quantile":
        return _quantile_of(walk, keys, [arg for _, arg in arguments(call)], scope)
    inside = value(walk, call, scope)
    if cls in ("rank", "count"):
        return union((inside, apply(keys, Signal("window"))))
    if cls == "pick" and spec is not None and arguments(call) and "fraction" not in spec.roles:
        return union((inside, apply(keys, Signal("sort"))))
    return union((inside, keys if cls == "pick" else flow(keys, TRANSFORM)))


def folded(
    walk: Walk, v: Value, scope: Scope, *, numeric: bool, args: Iterable[exp.Expr] = ()
) -> Value:
    """Many rows into one number."""
    if walk.window is not None and walk.window.framed:
        return flow(v, TRANSFORM)
    group = group_of(walk, scope)
    picked = frozenset(edge for arg in args for edge in _picked(walk, arg, scope))
    if walk.window is not None:
        return apply(v, Fold(group | picked, numeric))
    floors = tuple(Floor(ref, *floor) for ref in _plain(v) for floor in scope.floors)
    return apply(v, Fold(group | picked, numeric, scope.behind, floors))


def _plain(v: Value) -> tuple[Ref, ...]:
    """The one column that a value is, as far as values go."""
    found = [(ref, chain) for ref, chain in v.edges if not _is_equality(chain)]
    whole = all(isinstance(op, Flow) and not op.how & ~CAST for _, chain in found for op in chain)
    return (found[0][0],) if len(found) == 1 and whole and not v.fields else ()


def _is_equality(chain: Chain) -> bool:
    return len(chain) == 1 and isinstance(chain[0], Test) and chain[0].equated


def _picked(walk: Walk, arg: exp.Expr, scope: Scope) -> Iterator[Edge]:
    """What the conditions inside an aggregate's argument hold to one constant: whoever isn't meant
    may count for nothing."""
    quiet, walk.quiet = walk.quiet, True
    for node in arg.walk(prune=lambda n: isinstance(n, exp.Query)):
        if isinstance(node, exp.Case) and node.this is not None:
            for branch in node.args.get("ifs") or ():
                yield from pinned(walk, exp.EQ(this=node.this, expression=branch.this), scope)
        elif isinstance(node, exp.EQ | exp.NullSafeEQ | exp.In | exp.Between):
            yield from pinned(walk, node, scope)
    walk.quiet = quiet


def _quantile_of(
    walk: Walk,
    v: Value,
    fractions: list[exp.Expr],
    scope: Scope,
    args: Iterable[exp.Expr] = (),
) -> Value:
    for fraction in fractions:
        numbers = (
            fraction.expressions if isinstance(fraction, exp.Array | exp.Tuple) else [fraction]
        )
        for number in numbers:
            try:
                inside = isinstance(number, exp.Literal) and 0 < float(number.name) < 1
            except ValueError:
                inside = False
            if not inside:
                return union((v, flow(value(walk, fraction, scope), TRANSFORM)))
    return folded(walk, v, scope, numeric=False, args=args)


def default_names(call: exp.Expr) -> list[str]:
    """The names Spark gives a generator's columns where nobody else does; empty for other calls."""
    name = function_name(call).removesuffix("_outer")
    args = [arg for _, arg in arguments(call)]
    if name == "explode":
        mapped = bool(args) and isinstance(args[0], exp.Map | exp.VarMap | exp.ToMap)
        return ["key", "value"] if mapped else ["col"]
    if name == "posexplode":
        return ["pos", "col"]
    if name == "json_tuple":
        return [f"c{i}" for i in range(len(args) - 1)]
    if name == "stack" and args and isinstance(args[0], exp.Literal) and args[0].name.isdigit():
        return [f"col{i}" for i in range(-(-(len(args) - 1) // max(int(args[0].name), 1)))]
    return []


def spread_call(walk: Walk, call: exp.Expr, count: int, scope: Scope) -> list[Value]:
    """What each of `count` columns of a generator such as `stack`, `inline`, `json_tuple` holds."""
    name = function_name(call)
    args = [arg for _, arg in arguments(call)]
    if name == "stack" and args and isinstance(args[0], exp.Literal) and args[0].name.isdigit():
        cells = values(walk, args[1:], scope)
        width = -(-len(cells) // max(int(args[0].name), 1))
        if width == count:
            return [alternatives(cells[i::width], OPTIONAL) for i in range(width)]
    if name == "json_tuple" and len(args) == count + 1:
        document = value(walk, args[0], scope)
        return [accessed(walk, document, [key], scope, scalar=True) for key in args[1:]]
    whole = value(walk, call, scope)
    if name.startswith("posexplode") and count == 2:
        return [NOTHING, whole]
    if isinstance(call, exp.Inline) and whole.fields and len(whole.fields) == count:
        return [union((field, Value(whole.edges))) for field in whole.fields.values()]
    return [whole] * count


# --- functions by class --------------------------------------------------------------------------


# NOTE: a union of types is made anew each time it is met, which costs more than the whole test
UNCLASSED = (exp.Anonymous, exp.AnonymousAggFunc, exp.CombinedAggFunc)
"""Calls that sqlglot has no class for."""


def function_name(e: exp.Expr) -> str:
    """The name a call goes by: as written where sqlglot has no class for it, else sqlglot's own."""
    if isinstance(e, UNCLASSED):
        return str(e.this.name if isinstance(e.this, exp.Expr) else e.this).lower()
    if isinstance(e, exp.Func):
        return e.sql_name().lower()
    return e.key


_spec_keys: dict[type[exp.Expr], tuple[str, ...]] = {}


def spec_of(walk: Walk, e: exp.Expr) -> FunctionSpec | None:
    """The catalogue's entry for a call. `schema.md5(x)` is whatever somebody put into that
    schema."""
    parent = e.parent
    if isinstance(parent, exp.Dot) and parent.expression is e:
        found = walk.functions.get(f"{parent.this.sql()}.{function_name(e)}".lower())
        if found is not None:
            return found
        plain = _listed(walk, e)
        return plain if plain is not None and plain.cls not in LOWERING else None
    return _listed(walk, e)


LOWERING = frozenset(
    {"part", "digest", "keyed", "fold", "quantile", "count", "size", "test", "constant", "rank"}
)
"""Classes that leave less than went in: never assumed of a function that is only named alike."""


def _listed(walk: Walk, e: exp.Expr) -> FunctionSpec | None:
    if isinstance(e, UNCLASSED):
        return walk.functions.get(function_name(e))
    if type(e) in walk.overrides:
        return FunctionSpec(walk.overrides[type(e)][0], "external", ())
    keys = _spec_keys.get(type(e))
    if keys is None:
        names = type(e).sql_names() if isinstance(e, exp.Func) else []
        keys = _spec_keys[type(e)] = (*(name.lower() for name in names), type(e).key)
    return next((spec for key in keys if (spec := walk.functions.get(key)) is not None), None)


def arguments(e: exp.Expr) -> list[tuple[int, exp.Expr]]:
    """The arguments of a call with their positions in the catalogue's order."""
    if isinstance(e, UNCLASSED):
        return [(i, arg) for i, arg in enumerate(e.expressions) if isinstance(arg, exp.Expr)]
    found: list[tuple[int, exp.Expr]] = []
    for i, key in enumerate(e.arg_types):
        arg = e.args.get(key)
        if isinstance(arg, exp.Expr):
            found.append((i, arg))
        elif isinstance(arg, list):
            found.extend((i + j, item) for j, item in enumerate(arg) if isinstance(item, exp.Expr))
    return found


def literal(e: exp.Expr) -> str | None:
    """The text of a literal, a bare word or a negative number; None for anything else."""
    if isinstance(e, (exp.Paren, exp.Cast)):
        return literal(e.this)
    if isinstance(e, (exp.Literal, exp.Var)):
        return str(e.name)
    if isinstance(e, (exp.WeekStart, exp.Week)) and isinstance(e.this, exp.Var):
        return "week"
    if isinstance(e, exp.Neg) and isinstance(e.this, exp.Literal):
        return f"-{e.this.name}"
    if isinstance(e, exp.Column) and not e.table and e.name.lower() in BARE_WORDS:
        return str(e.name)
    return None


def call(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """A function call, by its class."""
    if not isinstance(e, exp.Func):
        return _unrecognised(walk, e, scope)
    args = arguments(e)
    lambdas = [arg for _, arg in args if isinstance(arg, exp.Lambda)]
    if lambdas and all(_arrow(walk, arg, scope) is None for arg in lambdas):
        return _higher_order(walk, e, scope)
    spec = spec_of(walk, e)
    if isinstance(e, exp.Anonymous):
        _meet_call(walk, e)
    given = _CLASSES.get(spec.cls if spec else "transform", _call_transform)(
        walk, e, spec or _PLAIN, args, scope
    )
    # grouping by it groups nothing
    return union((given, row_numbers(scope))) if function_name(e) in NEW_EACH_ROW else given


NEW_EACH_ROW = frozenset(
    """gen_random_uuid generate_uuid generateuuidv4 monotonically_increasing_id newid nextval rand
    rand32 rand64 randn random seq4 seq8 uuid uuid_generate_v1 uuid_generate_v4 uuid_string uuidv4
    uuidv7""".split()  # noqa: SIM905
)
"""Functions that give each row a value of its own."""


def _meet_call(walk: Walk, e: exp.Anonymous) -> None:
    if isinstance(e.this, exp.Identifier):
        walk.met(e.this)


_PLAIN = FunctionSpec(name="", cls="transform", roles=())
Args = list[tuple[int, exp.Expr]]
CallHandler = Callable[[Walk, exp.Expr, FunctionSpec, Args, Scope], Value]
DECIDING: dict[str, Op] = {"condition": Test("condition"), "sort": Signal("sort")}


def _sorted_args(
    walk: Walk, spec: FunctionSpec, args: Args, scope: Scope
) -> tuple[list[Value], Value]:
    """Values in `value` position, and what everything else leaves."""
    main: list[Value] = []
    side: list[Value] = []
    for position, arg in args:
        role = spec.role(position)
        if role == "value":
            main.append(value(walk, arg, scope))
        elif role in DECIDING:
            side.append(apply(value(walk, arg, scope), DECIDING[role]))
        elif literal(arg) is None:
            side.append(flow(value(walk, arg, scope), TRANSFORM))
    return main, union(side)


def _passing(how: int) -> CallHandler:
    def handler(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
        main, side = _sorted_args(walk, spec, args, scope)
        whole = blend(main)
        return union((flow(whole, how) if how else whole, side))

    return handler


_call_transform = _passing(TRANSFORM)


def _call_pick(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    """One of the values; over a window, under a filter or beside a null there may be none."""
    doubtful = walk.window is not None or isinstance(e.parent, exp.Filter)
    extreme = isinstance(e, exp.Min | exp.Max)
    how = OPTIONAL if doubtful else 0 if extreme else NULLABLE
    if isinstance(e, exp.GroupConcat):
        how |= CONCAT
    picked = _passing(how)(walk, e, spec, args, scope)
    return _compared(picked) if extreme else picked


def _compared(picked: Value) -> Value:
    """Structs compare field by field: the first ones decide which the others come from."""
    if not picked.fields or len(picked.fields) < 2:
        return picked
    return union((picked, apply(picked, Signal("sort"))))


def _call_choose(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    chosen_one = _passing(OPTIONAL)(walk, e, spec, args, scope)
    return _compared(chosen_one) if isinstance(e, exp.Greatest | exp.Least) else chosen_one


def _call_concat(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = _sorted_args(walk, spec, args, scope)
    strict = isinstance(e, exp.Concat) and not e.args.get("coalesce")
    skips = not strict and walk.dialect != "redshift"
    return union((concatenated(main, skips_null=skips), side))


def _call_part(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = _sorted_args(walk, spec, args, scope)
    if spec.name in LENGTHS and args and isinstance(args[0][1], LISTS):
        return union((apply(union(main), Signal("count")), side))
    bounds: list[str] = []
    computed: list[exp.Expr] = []
    width: int | None = None
    proven = True
    present = {position for position, _ in args}
    for position, role in enumerate(spec.roles):
        if role == "width" and position not in present:
            proven = False
    for position, arg in args:
        role = spec.role(position)
        if role not in ("width", "literal", "unit"):
            continue
        text = literal(arg)
        if text is None or (role == "literal" and not text):
            proven = False
            computed += [arg] if text is None else []
            continue
        bounds.append(text.lower())
        if role == "width":
            try:
                width = int(text)
            except ValueError:
                proven = False
        elif role == "unit" and not unit_proves_part(spec.name, text):
            proven = False
    if not proven or (width is not None and width < 0):
        moved = _moved(union(main), values(walk, computed, scope)) if computed else 0
        return union((flow(union(main), TRANSFORM | moved), side))
    if width == 0:
        return side
    name = PART_NAMES.get(spec.name, spec.name)
    if name in ("extract", "date_part") and len(bounds) == 1:
        part = bounds[0]
    else:
        part = f"{name}({','.join(bounds)})" if bounds else name
    return union((apply(union(main), Part(part, width)), side))


def _regexp_replaced(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """Where each character becomes the same one, only their number is left."""
    spec = spec_of(walk, e)
    if spec is None or spec.cls != "transform" or not _blots_out(walk, e):
        return call(walk, e, scope)
    return apply(value(walk, e.this, scope), Part("length"))


def _blots_out(walk: Walk, e: exp.Expr) -> bool:
    given = {key for key, arg in e.args.items() if arg is not None} - ALWAYS_GIVEN
    pattern, by = e.expression, e.args.get("replacement")
    flags = e.args.get("modifiers")
    if walk.dialect in FIRST_ONLY:
        told = isinstance(flags, exp.Literal) and flags.name in ("g", "gs", "sg")
        everywhere = told and given == {"modifiers"}
    else:
        everywhere = walk.dialect in EVERYWHERE and not given
    dot = isinstance(pattern, exp.Literal | exp.RawString) and pattern.name == "."
    return everywhere and dot and isinstance(by, exp.Literal) and by.name in PLAIN_MARKS


ALWAYS_GIVEN = frozenset({"this", "expression", "replacement", "single_replace"})
FIRST_ONLY = frozenset({"duckdb", "postgres"})
"""Dialects that replace the first match unless they are told otherwise."""
EVERYWHERE = frozenset(
    {"bigquery", "databricks", "mysql", "oracle", "redshift", "snowflake", "spark", "trino"}
)
PLAIN_MARKS = frozenset("*#-_.+=~xX0")
"""What stands for itself in a replacement: no sign by which the match comes back."""
LENGTHS = frozenset({"length", "len"})
LISTS = (exp.Array, exp.ArrayAgg, exp.ArrayConcat, exp.ArrayFilter, exp.Split, exp.Transform)
"""What is surely a list: its length counts elements, not characters."""
PART_NAMES = {
    "timestamp_trunc": "date_trunc",
    "datetime_trunc": "date_trunc",
    "timestamptrunc": "date_trunc",
    "datetrunc": "date_trunc",
    "substr": "substring",
    "datepart": "date_part",
    "char_length": "length",
    "character_length": "length",
}
"""Spellings of one part function, brought together so that policy files need only one."""


def _salted_by_literal(e: exp.Expr) -> bool:
    """A literal long enough to be a salt stands whole in a digest's input."""
    if isinstance(e, exp.Literal):
        return e.is_string and len(e.name) >= LITERAL_SALT
    if isinstance(e, exp.DPipe):
        return _salted_by_literal(e.this) or _salted_by_literal(e.expression)
    if isinstance(e, exp.ConcatWs):
        return any(_salted_by_literal(item) for item in e.expressions[1:])
    if isinstance(e, exp.Concat):
        return any(_salted_by_literal(item) for item in e.expressions)
    if isinstance(e, exp.Paren | exp.Cast | exp.Encode | exp.Lower | exp.Upper | exp.Add):
        return any(_salted_by_literal(item) for item in children(e))
    if isinstance(e, exp.Anonymous):
        return any(_salted_by_literal(item) for item in e.expressions)
    return False


def _call_digest(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = _sorted_args(walk, spec, [a for a in args if spec.role(a[0]) != "key"], scope)
    key_args = [arg for position, arg in args if spec.role(position) == "key"]
    inside = union(main)
    key = union(values(walk, key_args, scope))
    name = spec.name or function_name(e)
    keys = whole_refs(inside) | whole_refs(key)
    if spec.cls == "keyed" and "key" not in spec.roles:
        # a project vouches for its own tokeniser: the key is nobody's argument
        keys |= {(Ref(SETTING, f"{DECLARED}{name}"), False)}
    digest = Digest(keys, name)
    salted = any(_salted_by_literal(arg) for pos, arg in args if spec.role(pos) in ("value", "key"))
    if inside or key:
        walk.masks[id(e)] = MaskCall(
            walk.column, name, {**flat(inside), **flat(key)}, digest.keys, salted, walk.span
        )
    return union((apply(union((inside, key)), digest), side))


def _call_reveal(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = _sorted_args(walk, spec, [a for a in args if spec.role(a[0]) != "key"], scope)
    key = union(
        values(walk, (arg for position, arg in args if spec.role(position) == "key"), scope)
    )
    used = apply(key, Digest(whole_refs(key), spec.name))
    return union((apply(union(main), Reveal()), used, side))


def _call_fold(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = _sorted_args(walk, spec, args, scope)
    operands = [arg for _, arg in args]
    return union((folded(walk, union(main), scope, numeric=True, args=operands), side))


def _call_quantile(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    fractions = [arg for position, arg in args if spec.role(position) == "fraction"]
    rest = [(position, arg) for position, arg in args if spec.role(position) != "fraction"]
    main, side = _sorted_args(walk, spec, rest, scope)
    operands = [arg for _, arg in rest]
    return union((_quantile_of(walk, union(main), fractions, scope, operands), side))


def _deciding(op: Test | Signal) -> CallHandler:
    def handler(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
        counted = [(i, arg) for i, arg in args if not isinstance(arg, exp.Star)]
        paths = [arg for i, arg in counted if spec.role(i) == "path"]
        rest = [arg for i, arg in counted if spec.role(i) != "path"]
        inside = union(values(walk, rest, scope))
        counting = isinstance(op, Signal) and spec.cls == "count"
        leaves = Signal(op.clause, group_of(walk, scope)) if counting else op
        return apply(accessed(walk, inside, paths, scope) if paths else inside, leaves)

    return handler


def _call_constant(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    return NOTHING


def _call_rank(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    ranked = apply(union(values(walk, (arg for _, arg in args), scope)), Signal("window"))
    # a number a row: grouping by it groups nothing
    return union((ranked, row_numbers(scope))) if isinstance(e, exp.RowNumber) else ranked


def _call_pairs(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    items = [arg for _, arg in args]
    if any(
        isinstance(item, exp.JSONKeyValue | exp.PropertyEQ | exp.Alias | exp.Star) for item in items
    ):
        return union(_field(walk, item, scope) for item in items)
    if len(items) % 2:
        return _call_transform(walk, e, spec, args, scope)
    pairs = zip(items[::2], items[1::2], strict=True)
    return union(
        named_field(walk, name, value(walk, content, scope), scope) for name, content in pairs
    )


def _call_fields(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    if spec.name == "row" and walk.dialect == "postgres":
        fields = (value(walk, arg, scope) for _, arg in args)
        return Value({}, {f"f{i}": field for i, field in enumerate(fields, 1)})
    return union(_field(walk, arg, scope) for _, arg in args)


def _call_access(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    if not args:
        return NOTHING
    scalar = any(word in spec.name for word in ("text", "string", "scalar", "value"))
    paths = [arg for _, arg in args[1:]]
    return accessed(walk, value(walk, args[0][1], scope), paths, scope, scalar=scalar)


def _call_keys(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = _sorted_args(walk, spec, args, scope)
    edges: Edges = {}
    for (ref, chain), span in union(main).edges.items():
        plain = all(isinstance(op, Flow) for op in chain)
        key = Ref(ref.read, ref.column, (*ref.path, KEYS)) if plain else ref
        merge(edges, {(key, extend(chain, Flow(TRANSFORM))): span})
    if "structure" in spec.name:
        # the types of the values, null among them
        side = union((side, apply(union(main), Test("test"))))
    return union((Value(edges), side))


def _call_table(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = _sorted_args(walk, spec, args, scope)
    return union((*main, side))


def _call_external(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    reason = f"{function_name(e)} reads something outside the manifest"
    return union((_call_transform(walk, e, spec, args, scope), walk.unknown(reason)))


def _call_routine(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    """A function of the project's own that reads relations, beside its arguments."""
    read = Value({(Ref(SETTING, f"function:{spec.name}"), ()): walk.span})
    return union((_call_transform(walk, e, spec, args, scope), read))


def _call_setting(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    words = [literal(arg) for _, arg in args]
    name = words[0] if words and words[0] is not None else ""
    return Value({(Ref(SETTING, f"setting:{name.lower()}"), ()): walk.span})


def _anonymous(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    v = call(walk, e, scope)
    if all(literal(arg) is not None for arg in e.expressions) and spec_of(walk, e) is None:
        secret = Ref(SETTING, f"function:{function_name(e)}")
        return union((v, Value({(secret, ()): walk.span})))
    return v


_CLASSES: dict[str, CallHandler] = {
    "copy": _passing(0),
    "choose": _call_choose,
    "pick": _call_pick,
    "recode": _passing(ENCODE),
    "concat": _call_concat,
    "concat_ws": _call_concat,
    "transform": _call_transform,
    "part": _call_part,
    "digest": _call_digest,
    "keyed": _call_digest,
    "reveal": _call_reveal,
    "fold": _call_fold,
    "quantile": _call_quantile,
    "count": _deciding(Signal("count")),
    "size": _deciding(Signal("count")),
    "test": _deciding(Test("test")),
    "constant": _call_constant,
    "rank": _call_rank,
    "pairs": _call_pairs,
    "fields": _call_fields,
    "array": _passing(0),
    "access": _call_access,
    "keys": _call_keys,
    "table": _call_table,
    "series": _call_transform,
    "external": _call_external,
    "setting": _call_setting,
    "routine": _call_routine,
}

_HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Column: _column,
    exp.Identifier: _identifier,
    exp.Star: _star,
    exp.Columns: _star,
    exp.PositionalColumn: _positional,
    exp.Parameter: _parameter,
    exp.SessionParameter: _parameter,
    exp.Placeholder: _parameter,
    exp.Literal: _nothing,
    exp.Null: _nothing,
    exp.Boolean: _nothing,
    exp.DataType: _nothing,
    exp.Var: _nothing,
    exp.JSONPath: _nothing,
    exp.National: _nothing,
    exp.RawString: _nothing,
    exp.HexString: _nothing,
    exp.ByteString: _nothing,
    exp.BitString: _nothing,
    exp.UnicodeString: _nothing,
    exp.WindowSpec: _transform,
    exp.Slice: _transform,
    exp.Interval: _transform,
    exp.IntervalSpan: _nothing,
    exp.Alias: _this,
    exp.Aliases: _this,
    exp.Paren: _this,
    exp.Tuple: _all,
    exp.Array: _elements,
    exp.Kwarg: lambda walk, e, scope: value(walk, e.expression, scope),
    exp.PropertyEQ: lambda walk, e, scope: value(walk, e.expression, scope),
    exp.Collate: _this,
    exp.AtTimeZone: _transform,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Lower: _case_fold,
    exp.Upper: _case_fold,
    exp.Trim: _case_fold,
    exp.DPipe: _dpipe,
    exp.And: _connected,
    exp.Or: _connected,
    exp.Neg: _negated,
    exp.Xor: _transform,
    exp.Not: _transform,
    exp.Case: _case,
    exp.If: _if,
    exp.Nvl2: _if,
    exp.DecodeCase: _decode_case,
    exp.Nullif: _nullif,
    exp.Struct: _struct,
    exp.ToMap: _this,
    exp.JSONObject: _struct,
    exp.Map: _map,
    exp.VarMap: _map,
    exp.StarMap: _this,
    exp.Bracket: _bracket,
    exp.Dot: _dot,
    exp.JSONExtract: _json_extract,
    exp.JSONExtractScalar: _json_extract,
    exp.JSONBExtract: _json_extract,
    exp.JSONBExtractScalar: _json_extract,
    exp.Comprehension: _comprehension,
    exp.Lambda: _bare_lambda,
    exp.Exists: _exists,
    exp.In: _in,
    exp.Any: _quantified,
    exp.All: _quantified,
    exp.Window: _window,
    exp.Filter: _filtered,
    exp.Where: _this,
    exp.Distinct: lambda walk, e, scope: union(values(walk, e.expressions, scope)),
    exp.Order: _order_keys,
    exp.Ordered: _this,
    exp.WithinGroup: _within_group,
    exp.IgnoreNulls: _this,
    exp.RespectNulls: _this,
    exp.HavingMax: _having_extreme,
    exp.Limit: _all,
    exp.Offset: _all,
    exp.Fetch: _all,
    exp.LimitOptions: _nothing,
    exp.Connect: _all,
    exp.Explode: _this,
    exp.ExplodeOuter: _this,
    exp.Unnest: _all,
    exp.Inline: _this,
    exp.Anonymous: _anonymous,
    exp.RegexpReplace: _regexp_replaced,
}

_FAMILIES: tuple[tuple[type[exp.Expr], Handler], ...] = (
    (exp.Query, _scalar),
    (exp.Predicate, _test),
    (exp.Func, call),
    (exp.Binary, _binary),
    (exp.Unary, _transform),
    (exp.Condition, _transform),
)
