"""What a condition holds to one value."""

from __future__ import annotations

from collections.abc import Container, Iterator

from sqlglot import exp

from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import Edge, Test
from pii_lint.lineage.values import Value, apply, flat, union
from pii_lint.lineage.walk import Walk, values


def conjuncts(e: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that must all hold, and the equalities that two of them come to."""
    stack = [e]
    bounds: list[tuple[exp.Expr, exp.Expr]] = []
    while stack:
        node = stack.pop()
        if isinstance(node, exp.And):
            stack += [node.this, node.expression]
        elif isinstance(node, exp.Paren):
            stack.append(node.this)
        else:
            bounds += _bounds(node)
            yield node
    yield from _meeting(bounds)


def _bounds(e: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Two expressions of which the first is at most the second."""
    if isinstance(e, exp.Not):
        inside = e.this.unnest()
        if isinstance(inside, exp.GT):
            yield inside.this, inside.expression
        elif isinstance(inside, exp.LT):
            yield inside.expression, inside.this
    elif isinstance(e, exp.LTE):
        yield e.this, e.expression
    elif isinstance(e, exp.GTE):
        yield e.expression, e.this
    elif isinstance(e, exp.Between):
        yield e.args["low"], e.this
        yield e.this, e.args["high"]


def _meeting(bounds: list[tuple[exp.Expr, exp.Expr]]) -> Iterator[exp.EQ]:
    """What is at most another thing and at least it is equal to it."""
    if len(bounds) < 2:
        return
    below: set[tuple[str, str]] = set()
    for less, more in bounds:
        pair = _bare(less), _bare(more)
        if pair[::-1] in below:
            yield exp.EQ(this=less.copy(), expression=more.copy())
        below.add(pair)


def _bare(e: exp.Expr) -> str:
    """An expression as text, whichever of two ways its columns are written: `d` may be `r.d`."""
    bare = e.unnest().copy()
    for column in bare.find_all(exp.Column):
        column.set("table", None)
    return bare.sql().lower()


def _compared_pairs(e: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Two expressions that a condition holds equal."""
    if isinstance(e, exp.EQ | exp.NullSafeEQ):
        yield e.this, e.expression
    elif isinstance(e, exp.In) and len(set(e.expressions)) == 1 and not e.args.get("query"):
        yield e.this, e.expressions[0]
    elif isinstance(e, exp.Between) and e.args["low"] == e.args["high"]:
        yield e.this, e.args["low"]


def met_by(walk: Walk, condition: exp.Expr, names: Container[str], scope: Scope) -> Value:
    """What a condition holds one of these names equal to: what goes by it then is that value."""
    found: list[Value] = []
    for node in conjuncts(condition):
        for left, right in _compared_pairs(node):
            for named, other in ((left, right), (right, left)):
                if named.unnest().name.lower() in names and isinstance(named.unnest(), NAMES):
                    found.append(walk.value(walk, other, scope))
    return apply(union(found), Test("condition", equated=True))


NAMES = (exp.Identifier, exp.Column)


def pinned(walk: Walk, condition: exp.Expr, scope: Scope) -> frozenset[Edge]:
    """What a condition holds to one constant: a group key in all but name."""
    edges: set[Edge] = set()
    for node in conjuncts(condition):
        for pair in _compared_pairs(node):
            sides = values(walk, pair, scope)
            if not (sides[0] and sides[1]):
                edges |= {edge for side in sides for edge in flat(side)}
    return frozenset(edges)
