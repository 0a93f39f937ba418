"""Many rows into one number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.names import reads_of
from pii_lint.lineage.scopes import Scope, makers_of, rows_of
from pii_lint.lineage.summary import CAST, TRANSFORM, Chain, Edge, Floor, Flow, Fold, Ref, Test
from pii_lint.lineage.values import NOTHING, Value, apply, flow, union
from pii_lint.lineage.walk import Walk

from .conditions import pinned
from .roles import Args, CallHandler, sorted_args


def group_of(walk: Walk, scope: Scope) -> frozenset[Edge]:
    """What the rows that a call sees have in common."""
    return scope.group if walk.window is None else walk.window.partition


def folded(
    walk: Walk, v: Value, scope: Scope, *, numeric: bool, args: Iterable[exp.Expr] = ()
) -> Value:
    """Many rows into one number."""
    if walk.window is not None and walk.window.framed:
        return flow(v, TRANSFORM)
    group = group_of(walk, scope)
    picked = frozenset(edge for arg in args for edge in _picked(walk, arg, scope))
    if walk.window is not None:
        return apply(v, Fold(group | picked, numeric))
    floors = tuple(Floor(ref, *floor) for ref in _plain(v) for floor in scope.floors)
    return apply(v, Fold(group | picked, numeric, scope.behind, floors))


def _plain(v: Value) -> tuple[Ref, ...]:
    """The one column that a value is, as far as values go."""
    found = [(ref, chain) for ref, chain in v.edges if not _is_equality(chain)]
    whole = all(isinstance(op, Flow) and not op.how & ~CAST for _, chain in found for op in chain)
    return (found[0][0],) if len(found) == 1 and whole and not v.fields else ()


def _is_equality(chain: Chain) -> bool:
    return len(chain) == 1 and isinstance(chain[0], Test) and chain[0].equated


def _picked(walk: Walk, arg: exp.Expr, scope: Scope) -> Iterator[Edge]:
    """What the conditions inside an aggregate's argument hold to one constant: whoever isn't meant
    may count for nothing."""
    with walk.quietly():
        for node in arg.walk(prune=lambda n: isinstance(n, exp.Query)):
            if isinstance(node, exp.Case) and node.this is not None:
                for branch in node.args.get("ifs") or ():
                    yield from pinned(walk, exp.EQ(this=node.this, expression=branch.this), scope)
            elif isinstance(node, exp.And | exp.EQ | exp.NullSafeEQ | exp.In | exp.Between):
                yield from pinned(walk, node, scope)


def quantile_of(
    walk: Walk,
    v: Value,
    fractions: list[exp.Expr],
    scope: Scope,
    args: Iterable[exp.Expr] = (),
) -> Value:
    """A value between the others; the first or the last one is a person's own."""
    for fraction in fractions:
        numbers = (
            fraction.expressions if isinstance(fraction, exp.Array | exp.Tuple) else [fraction]
        )
        for number in numbers:
            try:
                inside = isinstance(number, exp.Literal) and 0 < float(number.name) < 1
            except ValueError:
                inside = False
            if not inside:
                return union((v, flow(walk.value(walk, fraction, scope), TRANSFORM)))
    return folded(walk, v, scope, numeric=False, args=args)


def _fold(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = sorted_args(walk, spec, args, scope)
    operands = [arg for _, arg in args]
    # a sum of ones counts the rows
    made = recounted(walk, scope) if spec.name in ADDING else NOTHING
    return union((folded(walk, union(main), scope, numeric=True, args=operands), made, side))


def recounted(walk: Walk, scope: Scope) -> Value:
    """The values that rows were made of, when the rows are counted."""
    made = makers_of(scope.sources)
    if not made:
        return made
    mine = reads_of(rows_of(scope.sources))
    own = {edge: span for edge, span in made.edges.items() if edge[0].read in mine}
    # made by the one row of an outer query that a scalar query is asked for
    outer = {edge: span for edge, span in made.edges.items() if edge not in own}
    return union((folded(walk, Value(own), scope, numeric=True), flow(Value(outer), TRANSFORM)))


ADDING = frozenset({"sum", "fsum", "kahan_sum", "sumkahan", "sum_no_overflow", "try_sum"})


def _quantile(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    fractions = [arg for position, arg in args if spec.role(position) == "fraction"]
    rest = [(position, arg) for position, arg in args if spec.role(position) != "fraction"]
    main, side = sorted_args(walk, spec, rest, scope)
    operands = [arg for _, arg in rest]
    return union((quantile_of(walk, union(main), fractions, scope, operands), side))


CLASSES: dict[str, CallHandler] = {"fold": _fold, "quantile": _quantile}
