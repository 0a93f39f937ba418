"""One of several values, and what decides which."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.scopes import Scope, makers_of
from pii_lint.lineage.summary import (
    CONCAT,
    NULLABLE,
    OPTIONAL,
    SIZING,
    TRANSFORM,
    Chain,
    Decode,
    Edges,
    Ref,
    Signal,
    Test,
)
from pii_lint.lineage.values import Value, apply, blend, extend, flat, flow, merge, union
from pii_lint.lineage.walk import Handler, Walk, values

from .pairs import where_asked
from .roles import Args, CallHandler, passing


def _nullif(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    kept = flow(walk.value(walk, e.this, scope), OPTIONAL)
    return union((kept, apply(walk.value(walk, e.expression, scope), Test("condition"))))


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
        conditions.append(walk.value(walk, branch.this, scope))
        result = branch.args["true"]
        content = walk.value(walk, result, scope)
        results.append(where_asked(branch.this, result, content) if operand is None else content)
    default = e.args.get("default")
    if default is not None:
        results.append(walk.value(walk, default, scope))
    return chosen(conditions, results, len(branches) + 1)


def _if(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    taken = [e.args[key] for key in ("true", "false", "null") if e.args.get(key) is not None]
    results = values(walk, taken, scope)
    if isinstance(e, exp.If):
        results[0] = where_asked(e.this, taken[0], results[0])
    return chosen([walk.value(walk, e.this, scope)], results, 2)


def _decode_case(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    operand, *rest = e.expressions
    pairs = len(rest) // 2
    conditions = [operand, *rest[0 : 2 * pairs : 2]]
    results = [*rest[1 : 2 * pairs : 2], *rest[2 * pairs :]]
    return chosen(values(walk, conditions, scope), values(walk, results, scope), pairs + 1)


def _choose(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    chosen_one = passing(OPTIONAL)(walk, e, spec, args, scope)
    return compared(chosen_one) if isinstance(e, exp.Greatest | exp.Least) else chosen_one


def _pick(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    """One of the values; over a window, under a filter or beside a null there may be none."""
    doubtful = walk.window is not None or isinstance(e.parent, exp.Filter)
    extreme = isinstance(e, exp.Min | exp.Max)
    how = OPTIONAL if doubtful else 0 if extreme else NULLABLE
    if isinstance(e, exp.GroupConcat):
        how |= CONCAT
    picked = passing(how)(walk, e, spec, args, scope)
    if isinstance(e, GATHERING):
        # as long as there are rows: whoever measures it has back what made them
        picked = union((picked, flow(makers_of(scope.sources), TRANSFORM | SIZING)))
    return compared(picked) if extreme else picked


GATHERING = (exp.ArrayAgg, exp.GroupConcat)


def compared(picked: Value) -> Value:
    """Structs compare field by field: the first ones decide which the others come from."""
    if not picked.fields or len(picked.fields) < 2:
        return picked
    return union((picked, apply(picked, Signal("sort"))))


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Case: _case,
    exp.If: _if,
    exp.Nvl2: _if,
    exp.DecodeCase: _decode_case,
    exp.Nullif: _nullif,
}
CLASSES: dict[str, CallHandler] = {"choose": _choose, "pick": _pick}
