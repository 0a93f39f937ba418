"""Functions in FROM, by their class in the catalogue."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.expressions.calls import arguments, function_name, spec_of
from pii_lint.lineage.expressions.generators import RECORDS, default_names, spread_call
from pii_lint.lineage.expressions.paths import accessed, keys_of
from pii_lint.lineage.scopes import Column, Item, Relation, Scope, Tail
from pii_lint.lineage.summary import TRANSFORM, Edges
from pii_lint.lineage.values import NOTHING, Value, flow, merge, opened, union
from pii_lint.lineage.walk import Walk

from .documents import rows_of_document
from .relations import column, counted, opaque
from .run_time import query_table, query_text

POSTGRES = ("postgres", "materialize", "redshift", "risingwave")
FLATTENED = ("seq", "key", "path", "index", "value", "this")
"""The columns of Snowflake's `flatten`."""
JSON_ROWS = (
    "key", "value", "type", "atom", "id", "parent", "fullkey", "path", "rowid", "json", "root",
)  # fmt: skip
"""The columns of `json_each` and `json_tree`; PostgreSQL's has the first two."""


def table_function(walk: Walk, call: exp.Expr, scope: Scope) -> Relation:
    """A function in FROM. Its arguments go into every column."""
    name = called(call)
    if name == "query_table":
        return query_table(walk, call)
    if name == "query":
        return query_text(walk, call)
    document = rows_of_document(walk, call, scope)
    if document is not None:
        return document
    inputs = _inputs(walk, call, name, scope)
    spec = spec_of(walk, call)
    cls = spec.cls if spec is not None else ""
    if cls == "series":
        elements = value(walk, call, scope)
        return Relation([column(name, elements)], rows=counted(elements))
    if cls == "constant":
        return Relation([column(name, NOTHING), Tail(None)], certain=0)
    if cls in ("table", "keys", "access"):
        return _opened(walk, call, name, union(inputs), scope)
    reason = f"table function {name} reads something outside the manifest"
    if cls != "external":
        reason = f"table function {name} is not in the catalogue"
    return opaque(walk, reason, inputs)


def called(call: exp.Expr) -> str:
    """The name of a function in FROM; `range` is `generate_series` to the parser, but for its
    end."""
    return "range" if call.args.get("is_end_exclusive") else function_name(call)


def _inputs(walk: Walk, call: exp.Expr, name: str, scope: Scope) -> list[Value]:
    """The arguments; of a document with a path, the part that the path names."""
    args = [arg for _, arg in arguments(call)]
    inputs = [value(walk, arg, scope) for arg in args]
    paths = [k.expression for k in call.find_all(exp.Kwarg) if k.this.name.lower() == "path"]
    if paths:
        return [accessed(walk, union(inputs[:1]), paths, scope)]
    if "json" in name and len(args) == 2 and isinstance(args[1], exp.Literal):
        return [accessed(walk, inputs[0], args[1:], scope)]
    return inputs


def _opened(walk: Walk, call: exp.Expr, name: str, whole: Value, scope: Scope) -> Relation:
    """The rows of a value under the names that the engine gives their columns. These are the
    function's own, never fields of its arguments."""
    rows = counted(whole)
    changed = flow(whole, TRANSFORM)
    if "flatten" in name or (walk.dialect == "snowflake" and isinstance(call, exp.Explode)):
        shown = {"value": opened(whole), "this": whole}
        flattened = [column(c, shown.get(c, changed)) for c in FLATTENED]
        return Relation([*flattened], rows=rows)
    if name in ("json_tree", "each") or ("json" in name and "each" in name):
        named = JSON_ROWS[:2] if walk.dialect in POSTGRES else JSON_ROWS
        told = {"key": keys_of(whole), "fullkey": keys_of(whole)} if name == "json_each" else {}
        return Relation([column(c, told.get(c, opened(whole))) for c in named], rows=rows)
    if walk.dialect in POSTGRES and not name.endswith((*RECORDS, "unnest")):
        own = "value" if "array_elements" in name or name == "svals" else name
        return Relation([column(own, whole)], rows=rows, scalar=True)
    names = default_names(call) if walk.dialect in ("spark", "databricks") else []
    if isinstance(call, exp.Inline) and not whole.edges:
        # the fields of the structs, where all are known
        names = [*(whole.fields or ())]
    if names:
        contents = spread_call(walk, call, len(names), scope)
        spread = [column(c, v) for c, v in zip(names, contents, strict=True)]
        return Relation([*spread], rows=rows)
    return Relation([column(name, whole), Tail(None, value=changed)], certain=1, rows=rows)


def rows_from(walk: Walk, node: exp.Table, scope: Scope) -> Relation:
    """PostgreSQL's `rows from (f(…), g(…))`: the columns of all, side by side."""
    items: list[Item] = []
    rows: Edges = {}
    for call in node.args.get("rows_from") or ():
        inner = call.this if isinstance(call, exp.Table | exp.Alias) else call
        if not isinstance(inner, exp.Func):
            return opaque(walk, "a function in ROWS FROM is not understood")
        relation = table_function(walk, inner, scope)
        items += [item for item in relation.items if isinstance(item, Column)]
        merge(rows, relation.rows)
    if not items:
        return opaque(walk, "a relation without a name is not understood")
    return Relation(items, rows=rows)
