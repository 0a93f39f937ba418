"""UNPIVOT: columns into rows."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.scopes import Column, Item, Relation, Scope
from pii_lint.lineage.stars import expand, is_star
from pii_lint.lineage.stars.sets import chosen_columns
from pii_lint.lineage.summary import Signal
from pii_lint.lineage.values import NOTHING, Value, apply, merge, union
from pii_lint.lineage.walk import Walk

from .relations import column, without


def unpivoted(walk: Walk, relation: Relation, node: exp.Pivot, inner: Scope) -> Relation:
    """The name column holds names, each value column its share of the inputs."""
    names, outputs, inputs = _parts(node)
    shares, used = _shares(walk, inputs, len(outputs), inner)
    kept = without(relation.items, frozenset(used))
    contents = [union(share) for share in shares]
    fresh = [column(name, NOTHING) for name in names]
    fresh += [column(name, content) for name, content in zip(outputs, contents, strict=True)]
    certain = len(kept) + len(fresh) if relation.certain == len(relation.items) else 0
    rows = dict(relation.rows)
    # nulls give no row
    merge(rows, apply(union(contents), Signal("filter")).edges)
    return Relation([*kept, *fresh], certain=certain, rows=rows)


def _parts(node: exp.Pivot) -> tuple[list[str], list[str], list[exp.Expr]]:
    """The name columns, the value columns, and what goes into them."""
    into = node.args.get("into")
    if into is not None:
        return [into.this.name], [c.name for c in into.expressions], list(node.expressions)
    if not node.args.get("fields"):
        return ["name"], ["value"], list(node.expressions)
    outputs = [c.name for e in node.expressions for c in _cells(e)]
    fields = node.args["fields"]
    return [f.this.name for f in fields], outputs, [e for f in fields for e in f.expressions]


def _cells(e: exp.Expr) -> list[exp.Expr]:
    return e.expressions if isinstance(e, exp.Tuple) else [e]


def _shares(
    walk: Walk, inputs: list[exp.Expr], count: int, inner: Scope
) -> tuple[list[list[Value]], set[str]]:
    """What goes into each of so many value columns, and the columns used up for it."""
    shares: list[list[Value]] = [[] for _ in range(count)]
    used: set[str] = set()
    for item in inputs:
        target = item.this if isinstance(item, exp.Alias | exp.PivotAlias) else item
        chosen = _chosen(walk, target, inner)
        if chosen is not None:
            used |= {c.key for c in chosen if isinstance(c, Column)}
            for share in shares:
                share += [item_value(c) for c in chosen]
            continue
        used |= {c.name.lower() for c in target.find_all(exp.Column)}
        cells = _cells(target)
        matched = len(cells) == count
        for i, cell in enumerate(cells):
            content = value(walk, cell, inner)
            for share in [shares[i]] if matched else shares:
                share.append(content)
    return shares, used


def _chosen(walk: Walk, target: exp.Expr, scope: Scope) -> list[Item] | None:
    if isinstance(target, exp.Columns):
        return chosen_columns(walk, target, scope).items
    return expand(walk, target, scope)[0] if is_star(target) else None
