"""Functions that make several rows and columns out of one value."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import OPTIONAL
from pii_lint.lineage.values import Value, alternatives, counting, places, union
from pii_lint.lineage.walk import Walk, values

from .calls import arguments, function_name
from .paths import accessed

RECORDS = ("to_record", "to_recordset", "populate_record", "populate_recordset")
"""How the names end of PostgreSQL's functions that make rows of the caller's own columns."""


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
        document = walk.value(walk, args[0], scope)
        return [accessed(walk, document, [key], scope, scalar=True) for key in args[1:]]
    whole = walk.value(walk, call, scope)
    if name.startswith("posexplode") and count == 2:
        return [places(counting(whole)), whole]
    if isinstance(call, exp.Inline) and whole.fields and len(whole.fields) == count:
        return [union((field, Value(whole.edges))) for field in whole.fields.values()]
    return [whole] * count
