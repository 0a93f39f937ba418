"""Values one after the other."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import CONCAT, NULLABLE, OPTIONAL, SKIPPED, Edges, Flow, Test
from pii_lint.lineage.values import Value, apply, extend, flow, merge, union
from pii_lint.lineage.walk import Handler, Walk, values

from .roles import Args, CallHandler, sorted_args


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


def _concat(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = sorted_args(walk, spec, args, scope)
    strict = isinstance(e, exp.Concat) and not e.args.get("coalesce")
    skips = not strict and walk.dialect != "redshift"
    return union((concatenated(main, skips_null=skips), side))


HANDLERS: dict[type[exp.Expr], Handler] = {exp.DPipe: _dpipe}
CLASSES: dict[str, CallHandler] = {"concat": _concat, "concat_ws": _concat}
