"""Calls that bring in more than their arguments."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import SETTING, TRANSFORM, Ref
from pii_lint.lineage.values import Value, flow, union
from pii_lint.lineage.walk import Walk, values

from .calls import function_name, literal
from .lambdas import comprehension
from .passing import children
from .roles import Args, CallHandler, transformed

OWN = ("routine", "external")
"""Classes of the project's own functions that bring in more than their arguments."""


def overridden(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """A call that may be one of the project's own functions."""
    if isinstance(e, exp.Comprehension):
        inside = comprehension(walk, e, scope)
    else:
        inside = union(values(walk, children(e), scope))
    found = [flow(inside, TRANSFORM)]
    for name in walk.overrides[type(e)]:
        spec = walk.functions.get(name)
        if spec is not None and spec.cls in OWN:
            found.append(CLASSES[spec.cls](walk, e, spec, [], scope))
    return union(found)


def _external(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    reason = f"{function_name(e)} reads something outside the manifest"
    return union((transformed(walk, e, spec, args, scope), walk.unknown(reason)))


def _routine(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    """A function of the project's own that reads relations, beside its arguments."""
    read = Value({(Ref(SETTING, f"function:{spec.name}"), ()): walk.span})
    return union((transformed(walk, e, spec, args, scope), read))


def _setting(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    words = [literal(arg) for _, arg in args]
    name = words[0] if words and words[0] is not None else ""
    return Value({(Ref(SETTING, f"setting:{name.lower()}"), ()): walk.span})


CLASSES: dict[str, CallHandler] = {
    "external": _external,
    "routine": _routine,
    "setting": _setting,
}
