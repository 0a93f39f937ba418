"""Calls that leave no more than a number, a rank or an answer."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.names import row_numbers
from pii_lint.lineage.scopes import Scope, makers_of
from pii_lint.lineage.summary import TRANSFORM, Signal, Test
from pii_lint.lineage.values import NOTHING, Value, apply, flow, sized, union
from pii_lint.lineage.walk import Walk, values

from .calls import literal
from .folds import group_of, recounted
from .paths import accessed
from .roles import Args, CallHandler, transformed


def _deciding(op: Test | Signal) -> CallHandler:
    def handler(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
        counted = [(i, arg) for i, arg in args if not isinstance(arg, exp.Star)]
        paths = [arg for i, arg in counted if spec.role(i) == "path"]
        rest = [arg for i, arg in counted if spec.role(i) != "path"]
        inside = union(values(walk, rest, scope))
        counting = isinstance(op, Signal) and spec.cls == "count"
        leaves = Signal(op.clause, group_of(walk, scope)) if counting else op
        asked = accessed(walk, inside, paths, scope) if paths else inside
        if isinstance(leaves, Signal) and spec.cls == "size":
            return sized(asked, leaves)
        left = apply(asked, leaves)
        return union((left, recounted(walk, scope))) if counting else left

    return handler


def _aggregated(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    """The fold of a list that a literal names."""
    named = literal(args[1][1]) if len(args) > 1 else None
    meant = walk.functions.get(named.lower()) if named is not None else None
    if meant is None or meant.cls != "count":
        return transformed(walk, e, spec, args, scope)
    return sized(walk.value(walk, args[0][1], scope), Signal("count"))


def _rank(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    ranked = apply(union(values(walk, (arg for _, arg in args), scope)), Signal("window"))
    ranked = union((ranked, flow(makers_of(scope.sources), TRANSFORM)))
    # a number a row: grouping by it groups nothing
    return union((ranked, row_numbers(scope))) if isinstance(e, exp.RowNumber) else ranked


def _constant(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    return NOTHING


CLASSES: dict[str, CallHandler] = {
    "count": _deciding(Signal("count")),
    "size": _deciding(Signal("count")),
    "test": _deciding(Test("test")),
    "rank": _rank,
    "aggregate": _aggregated,
    "constant": _constant,
}
