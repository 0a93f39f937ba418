"""PIVOT: rows into columns."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions.choices import chosen
from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.scopes import Column, Item, Relation, Scope, Source, Tail
from pii_lint.lineage.summary import Signal
from pii_lint.lineage.values import Value, apply, flat, merge, union
from pii_lint.lineage.walk import Walk, values

from .pivot_names import pivot_names
from .relations import column, without
from .unpivots import unpivoted


def pivoted(walk: Walk, relation: Relation, node: exp.Pivot, scope: Scope) -> Relation:
    """PIVOT or UNPIVOT applied to a table."""
    inner = Scope(parent=scope, sources=[Source("", relation)])
    if node.args.get("unpivot"):
        return unpivoted(walk, relation, node, inner)
    keys, choices = _keys(node)
    calls = [c for c in node.args.get("using") or node.expressions if isinstance(c, exp.Expr)]
    kept = _kept(relation, node, [*keys, *calls])
    inner.group = frozenset(edge for item in kept for edge in flat(item_value(item)))
    decided = union(values(walk, keys, inner))
    folded = values(walk, calls, inner) or [apply(decided, Signal("count"))]
    names = pivot_names(node, calls, choices)
    items = [*kept, *_made(names, folded, decided)]
    certain = min(relation.certain, len(kept))
    if names and certain == len(kept):
        certain = len(items)
    rows = dict(relation.rows)
    merge(rows, apply(union(item_value(item) for item in kept), Signal("group")).edges)
    return Relation(items, certain=certain, rows=rows)


def _keys(node: exp.Pivot) -> tuple[list[exp.Expr], list[list[exp.Expr]] | None]:
    """The columns pivoted on, and the literals listed for each; None where any is computed."""
    keys: list[exp.Expr] = []
    choices: list[list[exp.Expr]] | None = []
    for item in node.args.get("fields") or (node.expressions if node.args.get("using") else ()):
        listed = item.expressions if isinstance(item, exp.In) else []
        keys.append(item.this if isinstance(item, exp.In) else item)
        if not listed or not all(_constant(choice) for choice in listed):
            choices = None
        elif choices is not None:
            choices.append(listed)
    return keys, choices or None


def _constant(e: exp.Expr) -> bool:
    if isinstance(e, exp.Alias | exp.PivotAlias | exp.Paren | exp.Cast | exp.Neg):
        return _constant(e.this)
    if isinstance(e, exp.Tuple):
        return all(_constant(item) for item in e.expressions)
    return isinstance(e, exp.Literal | exp.Null | exp.Boolean)


def _kept(relation: Relation, node: exp.Pivot, used: list[exp.Expr]) -> list[Item]:
    """The columns that the rows are grouped by: those named, else those used nowhere else."""
    group = node.args.get("group")
    if group is not None and group.expressions:
        grouped = _names([group])
        return [c for c in relation.columns if c.key in grouped]
    return without(relation.items, _names(used))


def _names(expressions: list[exp.Expr]) -> frozenset[str]:
    return frozenset(c.name.lower() for e in expressions for c in e.find_all(exp.Column))


def _made(names: list[str], folded: list[Value], decided: Value) -> list[Column] | list[Tail]:
    """The columns that the pivot makes; one open rest where their names aren't sure."""
    if not names:
        return [Tail(None, value=union((*folded, decided)))]
    choice = chosen([decided], [], len(names))
    # the aggregates take turns for each choice
    contents = [union((folded[i % len(folded)], choice)) for i in range(len(names))]
    return [column(name, content) for name, content in zip(names, contents, strict=True)]
