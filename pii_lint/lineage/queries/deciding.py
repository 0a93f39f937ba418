"""What decides which rows a select gives, how many and in what order."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.expressions.calls import function_name, spec_of
from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.scopes import Item, Scope, rows_of
from pii_lint.lineage.summary import ROWS, Edges, Signal
from pii_lint.lineage.values import Value, counting, extend, flat, merge, settled, told, union
from pii_lint.lineage.walk import ROWS_BY_NAME, Walk, values

from .from_clause import Condition, both_sides, joins_of
from .grouping import group_keys
from .modifiers import may_leave_none, sort_key
from .select_list import SelectList

Decider = tuple[Value, Signal]

JOIN, FILTER, GROUP = Signal("join"), Signal("filter"), Signal("group")
SORT, COUNT = Signal("sort"), Signal("count")


def row_signals(
    walk: Walk, e: exp.Select, conditions: list[Condition], listed: SelectList, scope: Scope
) -> Edges:
    """What decides the rows, each value as the signal that is left of it."""
    rows = rows_of(scope.sources)
    if told(rows) and e.args.get("group") is None and any(map(_folds, e.expressions)):
        rows = settled(rows)
    for decider in (
        _joining(walk, conditions, scope),
        _filtering(walk, e, scope),
        _grouping(walk, e, listed.items, scope),
        _sorting(walk, e, listed, scope),
        _limiting(walk, e, scope),
        _multiplying(walk, e, scope),
    ):
        for content, signal in decider:
            merge(rows, _signalled(content, signal))
    return rows


def _signalled(content: Value, signal: Signal) -> Edges:
    if signal is COUNT:
        return counting(content)
    edges: Edges = {}
    for (ref, chain), span in flat(content).items():
        # whose rows these are is no value
        edge = (ref, extend(chain, signal) if chain or ref.column != ROWS else chain)
        if edges.get(edge) is None:
            edges[edge] = span
    return edges


def _joining(walk: Walk, conditions: list[Condition], scope: Scope) -> Iterator[Decider]:
    with both_sides(scope):
        for condition, _ in conditions:
            yield value(walk, condition, scope), JOIN
    for content in scope.merged.values():
        yield content, JOIN


def _filtering(walk: Walk, e: exp.Select, scope: Scope) -> Iterator[Decider]:
    # of a query tied to one row of another, who is asked for is settled
    tied = Signal("filter", scope.tied)
    for key in ("where", "prewhere", "having", "qualify"):
        node = e.args.get(key)
        if node is not None:
            yield value(walk, node.this, scope), tied


def _grouping(walk: Walk, e: exp.Select, items: list[Item], scope: Scope) -> Iterator[Decider]:
    if e.args.get("group") is not None:
        with walk.quietly():
            keys = union(values(walk, group_keys(e), scope))
        yield keys, GROUP
    distinct = e.args.get("distinct")
    if distinct is not None:
        on = distinct.args.get("on")
        whole = value(walk, on, scope) if on is not None else union(item_value(i) for i in items)
        yield whole, GROUP


def _sorting(walk: Walk, e: exp.Select, listed: SelectList, scope: Scope) -> Iterator[Decider]:
    for key in ("order", "sort", "cluster", "distribute"):
        node = e.args.get(key)
        if node is not None:
            yield sort_key(walk, node, scope, listed.items, listed.certain), SORT


def _limiting(walk: Walk, e: exp.Select, scope: Scope) -> Iterator[Decider]:
    for key in ("connect", "limit", "offset"):
        node = e.args.get(key)
        if node is not None:
            yield value(walk, node, scope), FILTER


def _multiplying(walk: Walk, e: exp.Select, scope: Scope) -> Iterator[Decider]:
    for item in e.expressions if walk.row_makers else ():
        for call in _row_makers(walk, item):
            yield value(walk, call, scope), COUNT


SERIES = (exp.GenerateSeries, exp.ExplodingGenerateSeries)


def _row_makers(walk: Walk, item: exp.Expr) -> Iterator[exp.Expr]:
    """Calls in the select list that give several rows for one."""
    for node in item.walk(prune=lambda n: isinstance(n, exp.Query)):
        series = isinstance(node, SERIES) and walk.dialect in ROWS_BY_NAME
        if series or isinstance(node, exp.Explode | exp.Unnest | exp.Inline):
            yield node
        elif isinstance(node, exp.Anonymous) and (
            walk.dialect in ROWS_BY_NAME or function_name(node) == "generate_subscripts"
        ):
            spec = spec_of(walk, node)
            if spec is not None and spec.cls in ("table", "series", "keys"):
                yield node


def _folds(item: exp.Expr) -> bool:
    """True for an aggregate over all rows, of which one is left."""
    inside = item.walk(prune=lambda n: isinstance(n, exp.Query | exp.Window))
    return type(item) is not exp.Column and any(isinstance(node, exp.AggFunc) for node in inside)


RESTRICTING = ("where", "prewhere", "having", "qualify", "sample", "connect")


def may_be_empty(e: exp.Select, scope: Scope) -> bool:
    """True where there may be no row at all."""
    return (
        any(e.args.get(key) is not None for key in RESTRICTING)
        or any(_drops_rows(node) for node in joins_of(e))
        or may_leave_none(e)
        or any(source.relation.filtered for source in scope.sources)
    )


def _drops_rows(node: exp.Join) -> bool:
    return node.side.upper() not in ("LEFT", "FULL") and node.kind.upper() != "CROSS"
