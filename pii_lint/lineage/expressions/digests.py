"""Digests and ciphers, there and back, with the keys that go in."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import DECLARED, SETTING, Digest, MaskCall, Ref, Reveal, Signal
from pii_lint.lineage.values import Value, apply, flat, union, whole_refs
from pii_lint.lineage.walk import Walk, values

from .calls import function_name
from .passing import children
from .roles import Args, CallHandler, sorted_args

LITERAL_SALT = 8
"""Characters from which on a literal beside a digested value is a salt in code."""


def _salted_by_literal(e: exp.Expr) -> bool:
    """A literal long enough to be a salt stands whole in a digest's input."""
    if isinstance(e, exp.Literal):
        return e.is_string and len(e.name) >= LITERAL_SALT
    if isinstance(e, exp.DPipe):
        return _salted_by_literal(e.this) or _salted_by_literal(e.expression)
    if isinstance(e, exp.ConcatWs):
        return any(_salted_by_literal(item) for item in e.expressions[1:])
    if isinstance(e, exp.Concat):
        return any(_salted_by_literal(item) for item in e.expressions)
    if isinstance(e, exp.Paren | exp.Cast | exp.Encode | exp.Lower | exp.Upper | exp.Add):
        return any(_salted_by_literal(item) for item in children(e))
    if isinstance(e, exp.Anonymous):
        return any(_salted_by_literal(item) for item in e.expressions)
    return False


def _digest(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = sorted_args(walk, spec, [a for a in args if spec.role(a[0]) not in BESIDE], scope)
    inside, key = union(main), _in_role(walk, spec, args, "key", scope)
    bound = _in_role(walk, spec, args, "associated", scope)
    name = spec.name or function_name(e)
    keys = whole_refs(inside) | whole_refs(key)
    if spec.cls == "keyed" and "key" not in spec.roles:
        # a project vouches for its own tokeniser: the key is nobody's argument
        keys |= {(Ref(SETTING, f"{DECLARED}{name}"), False)}
    digest = Digest(keys, name)
    salted = any(_salted_by_literal(arg) for pos, arg in args if spec.role(pos) in ("value", "key"))
    entering = union((inside, key, bound))
    if entering:
        walk.masks[id(e)] = MaskCall(
            walk.column, name, flat(entering), digest.keys, salted, walk.span
        )
    return union((apply(entering, digest), side))


def _reveal(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = sorted_args(walk, spec, [a for a in args if spec.role(a[0]) not in BESIDE], scope)
    key = _in_role(walk, spec, args, "key", scope)
    used = apply(key, Digest(whole_refs(key), spec.name))
    # with other associated data there is no answer
    asked = apply(_in_role(walk, spec, args, "associated", scope), Signal("condition"))
    return union((apply(union(main), Reveal()), used, asked, side))


BESIDE = frozenset({"key", "associated"})
"""Roles of what isn't hidden by a cipher, and doesn't come back from it."""


def _in_role(walk: Walk, spec: FunctionSpec, args: Args, role: str, scope: Scope) -> Value:
    return union(values(walk, (arg for at, arg in args if spec.role(at) == role), scope))


CLASSES: dict[str, CallHandler] = {"digest": _digest, "keyed": _digest, "reveal": _reveal}
