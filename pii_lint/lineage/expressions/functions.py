"""Function calls, by their class in the catalogue."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.names import resolve, row_numbers
from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.sql import spelled
from pii_lint.lineage.summary import SETTING, TRANSFORM, Part, Ref
from pii_lint.lineage.values import Value, apply, flow, union
from pii_lint.lineage.walk import Handler, Walk, values

from . import (
    choices,
    concatenation,
    containers,
    digests,
    folds,
    outside,
    parts,
    paths,
    roles,
    signals,
)
from .calls import arguments, function_name, literal, spec_of
from .lambdas import arrow, higher_order
from .parts import blots_out
from .passing import children, unrecognised
from .roles import CallHandler, transformed


def call(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """A function call, by its class."""
    if not isinstance(e, exp.Func):
        return unrecognised(walk, e, scope)
    args = arguments(e)
    lambdas = [arg for _, arg in args if isinstance(arg, exp.Lambda)]
    if lambdas and all(arrow(walk, arg, scope) is None for arg in lambdas):
        return higher_order(walk, e, scope)
    spec = spec_of(walk, e)
    if isinstance(e, exp.Anonymous):
        _meet_call(walk, e)
    given = _CLASSES.get(spec.cls if spec else "transform", transformed)(
        walk, e, spec or _PLAIN, args, scope
    )
    # grouping by it groups nothing
    return union((given, row_numbers(scope))) if function_name(e) in NEW_EACH_ROW else given


NEW_EACH_ROW = frozenset(
    """gen_random_uuid generate_uuid generateuuidv4 monotonically_increasing_id newid nextval rand
    rand32 rand64 randn random seq4 seq8 uuid uuid_generate_v1 uuid_generate_v4 uuid_string uuidv4
    uuidv7""".split()  # noqa: SIM905
)
"""Functions that give each row a value of its own."""


def _meet_call(walk: Walk, e: exp.Anonymous) -> None:
    if isinstance(e.this, exp.Identifier):
        walk.met(e.this)


_PLAIN = FunctionSpec(name="", cls="transform", roles=())


def _identifier(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """`identifier('t.a')`: the column that its text names."""
    said = spelled(e)
    if said is None:
        inside = flow(union(values(walk, children(e), scope)), TRANSFORM)
        return union((inside, walk.unknown("identifier() names a column at run time")))
    named = [exp.Identifier(this=text, quoted=quoted) for text, quoted in said.parts]
    return resolve(walk, named, scope)


def _anonymous(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    if walk.dialect in NAMING_BY_TEXT and function_name(e) == "identifier":
        return _identifier(walk, e, scope)
    v = call(walk, e, scope)
    if all(literal(arg) is not None for arg in e.expressions) and spec_of(walk, e) is None:
        secret = Ref(SETTING, f"function:{function_name(e)}")
        return union((v, Value({(secret, ()): walk.span})))
    return v


def _regexp_replaced(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """Where each character becomes the same one, only their number is left."""
    spec = spec_of(walk, e)
    if spec is None or spec.cls != "transform" or not blots_out(walk, e):
        return call(walk, e, scope)
    return apply(walk.value(walk, e.this, scope), Part("length"))


NAMING_BY_TEXT = frozenset({"databricks", "spark"})
"""Dialects in which a call of `identifier` stands for the name in its text."""


_CLASSES: dict[str, CallHandler] = {
    **choices.CLASSES,
    **concatenation.CLASSES,
    **containers.CLASSES,
    **digests.CLASSES,
    **folds.CLASSES,
    **outside.CLASSES,
    **parts.CLASSES,
    **paths.CLASSES,
    **roles.CLASSES,
    **signals.CLASSES,
}


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Anonymous: _anonymous,
    exp.DynamicIdentifier: _identifier,
    # a predicate, but of one path in a document
    exp.JSONBPathExists: call,
    exp.RegexpReplace: _regexp_replaced,
}
