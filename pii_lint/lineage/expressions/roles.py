"""Calls by the roles that the catalogue gives their arguments."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import ENCODE, SIZING, TRANSFORM, Op, Signal, Test
from pii_lint.lineage.values import Value, apply, blend, flat, flow, union
from pii_lint.lineage.walk import Walk

from .calls import literal

Args = list[tuple[int, exp.Expr]]

CallHandler = Callable[[Walk, exp.Expr, FunctionSpec, Args, Scope], Value]

DECIDING: dict[str, Op] = {"condition": Test("condition"), "sort": Signal("sort")}


def sorted_args(
    walk: Walk, spec: FunctionSpec, args: Args, scope: Scope
) -> tuple[list[Value], Value]:
    """Values in `value` position, and what everything else leaves."""
    main: list[Value] = []
    side: list[Value] = []
    for position, arg in args:
        role = spec.role(position)
        if role == "value":
            main.append(walk.value(walk, arg, scope))
        elif role in DECIDING:
            side.append(apply(walk.value(walk, arg, scope), DECIDING[role]))
        elif literal(arg) is None:
            told = walk.value(walk, arg, scope)
            # a width, how many times: whoever measures the result has it back
            measure = 0 if spec.cls == "part" and same(told, main) else SIZING
            side.append(flow(told, TRANSFORM | measure))
    return main, union(side)


def same(told: Value, main: list[Value]) -> bool:
    """True where what a call is told besides its values is made of nothing else than they."""
    return {ref for ref, _ in flat(told)} <= {ref for v in main for ref, _ in flat(v)}


def passing(how: int) -> CallHandler:
    """A call that hands on its values; `how` says what happens to them."""

    def handler(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
        main, side = sorted_args(walk, spec, args, scope)
        whole = blend(main)
        return union((flow(whole, how) if how else whole, side))

    return handler


def _copied(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    formatted = any(spec.role(position) == "template" for position, _ in args)
    return passing(TRANSFORM if formatted else 0)(walk, e, spec, args, scope)


transformed = passing(TRANSFORM)


def _table(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = sorted_args(walk, spec, args, scope)
    return union((*main, side))


CLASSES: dict[str, CallHandler] = {
    "copy": _copied,
    "array": passing(0),
    "recode": passing(ENCODE),
    "transform": transformed,
    "series": passing(TRANSFORM | SIZING),
    "table": _table,
}
