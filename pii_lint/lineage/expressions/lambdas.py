"""Lambdas and comprehensions: names that stand for the elements of a list."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import TRANSFORM, Signal, Test
from pii_lint.lineage.values import NOTHING, Value, apply, flow, sized, union
from pii_lint.lineage.walk import Handler, Walk, values

from .calls import arguments, function_name, spec_of
from .conditions import met_by
from .natures import NAMELESS, lists_rows
from .paths import accessed


def comprehension(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """A list made of another, element by element."""
    iterated = walk.value(walk, e.args["iterator"], scope)
    variable, place = e.args["expression"], e.args.get("position")
    size = sized(iterated, Signal("count"))
    names = {name.name.lower(): iterated for name in variable.find_all(exp.Identifier)}
    if place is not None:
        names[place.name.lower()] = size
    inner = Scope(parent=scope, locals=names)
    condition = e.args.get("condition")
    if lists_rows(e.args["iterator"], scope):
        inner.rows = frozenset(inner.locals)
    return union(
        (
            walk.value(walk, e.this, inner),
            size,
            apply(walk.value(walk, condition, inner), Test("condition"))
            if condition is not None
            else NOTHING,
            met_by(walk, condition, inner.locals, inner) if condition is not None else NOTHING,
        )
    )


def _lambda_scope(
    walk: Walk, e: exp.Expr, bound: list[Value], scope: Scope, *, rows: bool = False
) -> Scope:
    names = [name.name.lower() for name in e.expressions]
    padded = bound + [bound[-1] if bound else NOTHING] * (len(names) - len(bound))
    first = frozenset(names[:1] if rows else ())
    return Scope(parent=scope, locals=dict(zip(names, padded, strict=False)), rows=first)


def _bare_lambda(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    inside = walk.value(walk, e.this, _lambda_scope(walk, e, [NOTHING], scope))
    taken = arrow(walk, e, scope)
    return inside if taken is None else union((inside, taken))


def arrow(walk: Walk, e: exp.Expr, scope: Scope) -> Value | None:
    """`f(payload -> 'key')`: sqlglot takes the arrow of a JSON access for that of a lambda.

    None where the body uses the parameter, or where no column has its name.
    """
    parameter = e.expressions[0] if len(e.expressions) == 1 else None
    if not isinstance(parameter, exp.Identifier):
        return None
    if any(n.name == parameter.name for n in e.this.find_all(exp.Identifier)):
        return None
    container = walk.value(walk, parameter, scope)
    return accessed(walk, container, [e.this], scope) if container else None


def higher_order(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """A function with lambdas: parameters stand for the elements of the other arguments."""
    args = [arg for _, arg in arguments(e)]
    lambdas = [arg for arg in args if isinstance(arg, exp.Lambda)]
    container = union(values(walk, (arg for arg in args if not isinstance(arg, exp.Lambda)), scope))
    size = sized(container, Signal("count"))
    name = function_name(e)
    rows = bool(args) and walk.dialect in NAMELESS and lists_rows(args[0], scope)
    if name in (
        "transform",
        "list_transform",
        "array_transform",
        "list_apply",
        "array_apply",
        "apply",
    ):
        bodies = [
            walk.value(walk, f.this, _lambda_scope(walk, f, [container, size], scope, rows=rows))
            for f in lambdas
        ]
        return union((*bodies, size))
    if name in ("array_filter", "filter", "list_filter"):
        bodies = [
            walk.value(walk, f.this, _lambda_scope(walk, f, [container, size], scope, rows=rows))
            for f in lambdas
        ]
        equal = [
            met_by(
                walk,
                f.this,
                {name.name.lower() for name in f.expressions[:1]},
                _lambda_scope(walk, f, [container, size], scope, rows=rows),
            )
            for f in lambdas
        ]
        return union((container, *equal, apply(union(bodies), Test("condition"))))
    bodies = [walk.value(walk, f.this, _lambda_scope(walk, f, [container], scope)) for f in lambdas]
    spec = spec_of(walk, e)
    if spec is not None and spec.cls == "test":
        return apply(union((container, *bodies)), Test("test"))
    return flow(union((container, *bodies)), TRANSFORM)


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Comprehension: comprehension,
    exp.Lambda: _bare_lambda,
}
