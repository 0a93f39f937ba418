"""Expressions: what a value is made of. One handler a construct, found here by the class of its
node; the files beside this one come back through the walk for what stands inside."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.values import Value
from pii_lint.lineage.walk import Handler, Walk

from . import (
    choices,
    columns,
    concatenation,
    containers,
    functions,
    lambdas,
    operators,
    passing,
    paths,
    subqueries,
    windows,
)
from .outside import overridden

__all__ = ["value"]


def value(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """What an expression is made of."""
    if type(e) in walk.overrides:
        return overridden(walk, e, scope)
    handler = _HANDLERS.get(type(e))
    if handler is None:
        handler = _HANDLERS[type(e)] = _handler(type(e))
    return handler(walk, e, scope)


def _handler(cls: type[exp.Expr]) -> Handler:
    for base, handler in _FAMILIES:
        if issubclass(cls, base):
            return handler
    return passing.unrecognised


_HANDLERS: dict[type[exp.Expr], Handler] = {
    **passing.HANDLERS,
    **columns.HANDLERS,
    **operators.HANDLERS,
    **concatenation.HANDLERS,
    **choices.HANDLERS,
    **containers.HANDLERS,
    **paths.HANDLERS,
    **lambdas.HANDLERS,
    **subqueries.HANDLERS,
    **windows.HANDLERS,
    **functions.HANDLERS,
}

_FAMILIES: tuple[tuple[type[exp.Expr], Handler], ...] = (
    (exp.Query, subqueries.scalar),
    (exp.Predicate, passing.test),
    (exp.Func, functions.call),
    (exp.Binary, operators.binary),
    (exp.Unary, passing.transform),
    (exp.Condition, passing.transform),
)
"""What has no handler of its own goes by the first of these that it is."""
