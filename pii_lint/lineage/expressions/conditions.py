"""What a condition holds to one value."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import Edge
from pii_lint.lineage.values import flat
from pii_lint.lineage.walk import Walk, values


def conjuncts(e: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that must all hold."""
    stack = [e]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.And):
            stack += [node.this, node.expression]
        elif isinstance(node, exp.Paren):
            stack.append(node.this)
        else:
            yield node


def _compared_pairs(e: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Two expressions that a condition holds equal."""
    if isinstance(e, exp.EQ | exp.NullSafeEQ):
        yield e.this, e.expression
    elif isinstance(e, exp.In) and len(set(e.expressions)) == 1 and not e.args.get("query"):
        yield e.this, e.expressions[0]
    elif isinstance(e, exp.Between) and e.args["low"] == e.args["high"]:
        yield e.this, e.args["low"]


def pinned(walk: Walk, condition: exp.Expr, scope: Scope) -> frozenset[Edge]:
    """What a condition holds to one constant: a group key in all but name."""
    edges: set[Edge] = set()
    for node in conjuncts(condition):
        for pair in _compared_pairs(node):
            sides = values(walk, pair, scope)
            if not (sides[0] and sides[1]):
                edges |= {edge for side in sides for edge in flat(side)}
    return frozenset(edges)
