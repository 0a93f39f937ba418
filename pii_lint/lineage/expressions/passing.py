"""Constructs that add nothing of their own to what stands in them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import OPTIONAL, TRANSFORM, Test
from pii_lint.lineage.values import NOTHING, Value, alternatives, apply, flow, opened, union
from pii_lint.lineage.walk import Handler, Walk, values


def children(e: exp.Expr) -> Iterator[exp.Expr]:
    """Direct children that are expressions, in order."""
    for arg in e.args.values():
        if isinstance(arg, exp.Expr):
            yield arg
        elif isinstance(arg, list):
            yield from (item for item in arg if isinstance(item, exp.Expr))


def _nothing(_walk: Walk, _e: exp.Expr, _scope: Scope) -> Value:
    return NOTHING


def this(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """What stands in it, as it is."""
    return walk.value(walk, e.this, scope) if isinstance(e.this, exp.Expr) else NOTHING


def _all(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return union(values(walk, children(e), scope))


def _rows(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """The elements of a list, one a row."""
    return opened(_all(walk, e, scope))


def _elements(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return alternatives(values(walk, e.expressions, scope), OPTIONAL)


def transform(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """Something computed from all that stands in it."""
    return flow(union(values(walk, children(e), scope)), TRANSFORM)


def test(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """Yes or no, from all that stands in it."""
    return apply(union(values(walk, children(e), scope)), Test("test"))


def unrecognised(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """Nobody knows what it does."""
    inside = flow(union(values(walk, children(e), scope)), TRANSFORM)
    return union((inside, walk.unknown(f"{type(e).__name__} is not understood")))


def _content(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return walk.value(walk, e.expression, scope)


def _listed(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return union(values(walk, e.expressions, scope))


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Literal: _nothing,
    exp.Null: _nothing,
    exp.Boolean: _nothing,
    exp.DataType: _nothing,
    exp.Var: _nothing,
    exp.JSONPath: _nothing,
    exp.National: _nothing,
    exp.RawString: _nothing,
    exp.HexString: _nothing,
    exp.ByteString: _nothing,
    exp.BitString: _nothing,
    exp.UnicodeString: _nothing,
    exp.IntervalSpan: _nothing,
    exp.LimitOptions: _nothing,
    exp.WindowSpec: transform,
    exp.Slice: transform,
    exp.Interval: transform,
    exp.AtTimeZone: transform,
    exp.Xor: transform,
    exp.Not: transform,
    exp.Alias: this,
    exp.Aliases: this,
    exp.Paren: this,
    exp.Collate: this,
    exp.ToMap: this,
    exp.StarMap: this,
    exp.Where: this,
    exp.Ordered: this,
    exp.IgnoreNulls: this,
    exp.RespectNulls: this,
    exp.Explode: _rows,
    exp.ExplodeOuter: _rows,
    exp.Inline: _rows,
    exp.Kwarg: _content,
    exp.PropertyEQ: _content,
    exp.Distinct: _listed,
    exp.Tuple: _all,
    exp.Limit: _all,
    exp.Offset: _all,
    exp.Fetch: _all,
    exp.Connect: _all,
    exp.Prior: this,
    exp.Unnest: _rows,
    exp.Array: _elements,
}
