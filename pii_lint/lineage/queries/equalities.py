"""What conditions find equal: columns that carry each other's values, rows held to one of another
query's."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.expressions.conditions import conjuncts, pinned
from pii_lint.lineage.names import held, one_row
from pii_lint.lineage.scopes import Scope, rows_of
from pii_lint.lineage.summary import Edge, Test
from pii_lint.lineage.values import NOTHING, Value, apply, flat, union
from pii_lint.lineage.walk import Walk, values

from .from_clause import Condition, both_sides

Place = tuple[int, str]
"""A column of one source, as `Scope.equated` has it."""


def equate(walk: Walk, e: exp.Select, joined: list[Condition], scope: Scope) -> None:
    """A column found equal to something carries, when projected, what that something carries."""
    found: list[tuple[Place, Value]] = []
    tied: set[Edge] = set()
    with walk.quietly(), both_sides(scope):
        for condition, clause in _conditions(e, joined):
            for sides in _pairs(condition):
                walk.outer = False
                left, right = values(walk, sides, scope)
                if walk.outer:
                    # tied to one row of the outer query: a group key in all but name
                    tied |= {edge for v in (left, right) for edge in flat(v)}
                found += _carried(sides[0], right, clause, scope)
                found += _carried(sides[1], left, clause, scope)
            scope.pinned |= pinned(walk, condition, scope)
    for place, carried in found:
        scope.equated[place] = union((scope.equated.get(place, NOTHING), carried))
    scope.pinned |= held(scope.sources)
    sample = e.args.get("sample")
    if sample is not None:
        # taken before anything is added up
        scope.pinned |= one_row(sample.args.get("size"), rows_of(scope.sources))
    scope.tied = frozenset(tied)
    scope.group = scope.tied | scope.pinned


def _conditions(e: exp.Select, joined: list[Condition]) -> list[Condition]:
    """All that a row of the select must fulfil."""
    # what an anti join keeps is equal to nothing
    conditions = [(condition, clause) for condition, clause in joined if clause != "anti"]
    clauses = [e.args.get(key) for key in ("where", "qualify", "prewhere")]
    return conditions + [(node.this, "filter") for node in clauses if node is not None]


def _pairs(condition: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """The pairs of expressions that a condition may find equal."""
    for node in conjuncts(condition):
        if isinstance(node, exp.EQ | exp.NullSafeEQ):
            yield from _paired(node.this, node.expression)
        elif isinstance(node, exp.In):
            query = node.args.get("query")
            if query is not None:
                yield node.this, query
            for choice in node.expressions:
                yield from _paired(node.this, choice)
        elif isinstance(node, exp.ArrayContains) and isinstance(node.this, exp.Array):
            for choice in node.this.expressions:
                yield node.expression, choice


def _paired(left: exp.Expr, right: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Rows and lists are equal where each of their elements is."""
    left, right = left.unnest(), right.unnest()
    several = isinstance(left, exp.Tuple | exp.Array) and type(left) is type(right)
    if several and len(left.expressions) == len(right.expressions):
        for pair in zip(left.expressions, right.expressions, strict=True):
            yield from _paired(*pair)
    else:
        yield left, right


def _carried(
    side: exp.Expr, other: Value, clause: str, scope: Scope
) -> Iterator[tuple[Place, Value]]:
    """What the columns that one side may mean carry of the other."""
    places = _places(side, scope) if other else ()
    for place in places:
        yield place, apply(other, Test(clause, equated=True))


def _places(e: exp.Expr, scope: Scope) -> list[Place]:
    """The source columns that a plain column reference may mean in this scope."""
    e = e.unnest()
    if not isinstance(e, exp.Column) or isinstance(e.this, exp.Star):
        return []
    key = e.name.lower()
    table = e.table.lower()
    return [
        (id(source), key)
        for source in scope.sources
        if (
            source.key == table
            if table
            else source.relation.find(key) or any(source.relation.tails)
        )
    ]
