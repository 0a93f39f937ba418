"""What paths and keys take out of JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import (
    CAST,
    CHANGED,
    ENTRY,
    KEYS,
    NULLABLE,
    SCALAR,
    TRANSFORM,
    Edges,
    Flow,
    Ref,
    Test,
)
from pii_lint.lineage.values import NOTHING, Value, apply, descend, extend, flow, merge, union
from pii_lint.lineage.walk import Handler, Walk, values

from .passing import transform
from .predicates import asked, computes
from .roles import Args, CallHandler, sorted_args
from .written_out import counted, document, element, pairs_of


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
        text = re.sub(r"^\s*(lax|strict)\s+", "", path.name.lower())
        if computes(text):
            return None
        text = text.strip().removeprefix("$")
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
        text = _PLACES.sub("", text).replace('"', "")
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


_PLACES = re.compile(r"\[(?:[\d\s,#*-]|\bto\b|\blast\b)*\]")
"""Which elements of an array: `[0]`, `[*]`, `[last]`, `[1 to 3]`, `[#-1]`."""


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
        if keys is None and (read := asked(path)) is not None:
            inside = (accessed(walk, container, [one], scope) for one in read)
            container = flow(union(inside), TRANSFORM)
            continue
        if keys is None:
            dynamic = flow(walk.value(walk, path, scope), TRANSFORM)
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
        steps = [step for step in ref.path if not step.startswith(ENTRY)]
        deep = steps and not steps[-1].startswith("$")
        taken = ref._replace(path=(*ref.path, SCALAR)) if deep else ref
        merge(edges, {(taken, chain): span})
    return Value(edges, v.fields)


def _json_extract(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    # some dialects' parsers list the document before its paths
    listed = (e.this, e.args.get("expression"), *(e.args.get("expressions") or ()))
    given = [one for one in listed if one is not None]
    if not given:
        return NOTHING
    container, *paths = given
    scalar = isinstance(e, exp.JSONExtractScalar | exp.JSONBExtractScalar)
    if not scalar and walk.dialect == "duckdb" and _key_reaches_on(e):
        return flow(walk.value(walk, container, scope), TRANSFORM)
    if len(paths) == 1:
        container, paths[0] = _picked(document(container), paths[0])
    return accessed(walk, walk.value(walk, container, scope), paths, scope, scalar=scalar)


def _picked(container: exp.Expr, path: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """The element that a path begins with, of an array that is written out, and the rest of the
    path."""
    steps = path.expressions[1:2] if isinstance(path, exp.JSONPath) else []
    place = steps[0].this if steps and isinstance(steps[0], exp.JSONPathSubscript) else None
    found = element(container, place) if isinstance(place, int) else None
    if found is None:
        return container, path
    return found, exp.JSONPath(expressions=[exp.JSONPathRoot(), *path.expressions[2:]])


def _key_reaches_on(e: exp.Expr) -> bool:
    """DuckDB's `->` binds more loosely than any operator: `j -> 'a' || 'b'` asks for the key `ab`,
    where the parser sees a concatenation of what `a` gave."""
    return "only_json_types" in e.args and isinstance(e.parent, TIGHTER)


TIGHTER = (
    exp.DPipe, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Pow, exp.Bracket,
    exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseLeftShift, exp.BitwiseRightShift,
    exp.Collate,
)  # fmt: skip


def _access(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    if not args:
        return NOTHING
    picked = counted(args[0][1], args[1][1]) if spec.name in COUNTING and len(args) == 2 else None
    if picked is not None and walk.dialect == "duckdb":
        return flow(walk.value(walk, picked, scope), NULLABLE)
    scalar = any(word in spec.name for word in ("text", "string", "scalar", "value"))
    paths = [arg for _, arg in args[1:]]
    return accessed(walk, walk.value(walk, args[0][1], scope), paths, scope, scalar=scalar)


COUNTING = frozenset(
    {"array_extract", "list_element", "list_extract", "struct_extract", "struct_extract_at"}
)
"""Functions that take an element by its number, from 1 on."""


def keys_of(container: Value) -> Value:
    """The names of what it holds."""
    edges: Edges = {}
    for (ref, chain), span in container.edges.items():
        # what was changed may be a key itself: `map {email: …}`
        plain = all(isinstance(op, Flow) and not op.how & CHANGED for op in chain)
        key = Ref(ref.read, ref.column, (*ref.path, KEYS)) if plain else ref
        merge(edges, {(key, extend(chain, Flow(TRANSFORM))): span})
    return Value(edges)


def _keys(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    pairs = pairs_of(args[0][1]) if len(args) == 1 else None
    if pairs is not None:
        return flow(union(values(walk, pairs[0], scope)), TRANSFORM)
    main, side = sorted_args(walk, spec, args, scope)
    if "structure" in spec.name:
        # the types of the values, null among them
        side = union((side, apply(union(main), Test("test"))))
    return union((keys_of(union(main)), side))


def _json_value(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """The SQL standard's, with what it gives instead of an error or of nothing."""
    instead = e.args.get("on_condition")
    defaults = instead.args.values() if isinstance(instead, exp.Expr) else ()
    given = values(walk, (default for default in defaults if isinstance(default, exp.Expr)), scope)
    container = walk.value(walk, e.this, scope)
    return union((accessed(walk, container, [e.args["path"]], scope, scalar=True), *given))


def _matched(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """PostgreSQL's `@@`: a document meets a path's predicate, a text a query. Elsewhere it is
    `match … against`, which measures."""
    if walk.dialect not in AT_SIGNS:
        return transform(walk, e, scope)
    pattern, document = e.this, union(values(walk, e.expressions, scope))
    if isinstance(pattern, exp.Literal) and "$" in pattern.name:
        return apply(accessed(walk, document, [pattern], scope), Test("test"))
    return apply(union((document, walk.value(walk, pattern, scope))), Test("test"))


AT_SIGNS = frozenset({"postgres", "materialize", "risingwave"})


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.MatchAgainst: _matched,
    exp.JSONValue: _json_value,
    exp.JSONExtract: _json_extract,
    exp.JSONExtractScalar: _json_extract,
    exp.JSONBExtract: _json_extract,
    exp.JSONBExtractScalar: _json_extract,
}
CLASSES: dict[str, CallHandler] = {"access": _access, "keys": _keys}
