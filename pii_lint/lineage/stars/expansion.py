"""The columns that a star stands for."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.expressions.columns import identifiers
from pii_lint.lineage.names import resolve
from pii_lint.lineage.scopes import Column, Item, Scope, Source, Tail, fold
from pii_lint.lineage.values import Value, flow, union
from pii_lint.lineage.walk import Walk

from .names import MATCHES, Keep, fits, holds
from .options import Options


def is_star(e: exp.Expr) -> bool:
    """True for a select-list item that is a star, filtered or not."""
    if isinstance(e, exp.Not):
        return is_star(e.this)
    if type(e) in MATCHES:
        return is_star(e.this)
    if isinstance(e, exp.Dot):
        return isinstance(e.expression, exp.Star)
    return isinstance(e, exp.Star) or (isinstance(e, exp.Column) and isinstance(e.this, exp.Star))


def expand(
    walk: Walk, e: exp.Expr, scope: Scope
) -> tuple[list[Item], bool, tuple[object, ...] | None]:
    """The items of a star, whether their positions are certain, and their pattern."""
    if isinstance(e, exp.Not) or type(e) in MATCHES:
        inner = e.this
        while not isinstance(inner, exp.Star | exp.Column):
            inner = inner.this
        items, certain, _ = expand(walk, inner, scope)
        kept, sure = wanted(items, lambda name: holds(e, name))
        return kept, certain and sure, None
    if isinstance(e, exp.Dot):
        return _fields_of(value(walk, e.this, scope)), False, None
    star = e if isinstance(e, exp.Star) else e.this
    if isinstance(e, exp.Column):
        found = scope.nearest(e.table.lower())
        if found is None:
            fields = _fields_of(resolve(walk, identifiers(e), scope))
            return Options(walk, star, scope).applied(fields), False, None
        chosen, merged = [found], False
    else:
        chosen, merged = [source for source in scope.sources if source.visible], True
    walk.met(star)
    changes = Options(walk, star, scope)
    items, certain = columns_of(walk, chosen, scope, merged, changes.qualified)
    liked = star.args.get("ilike")
    if isinstance(liked, exp.Expr):
        items, sure = wanted(items, lambda name: fits("like", liked, name))
        certain = certain and sure
    pattern: tuple[object, ...] | None = None
    if liked is None and (known := pattern_of(chosen, scope)) is not None:
        pattern = (*known, changes.signature)
    return changes.applied(items), certain, pattern


def columns_of(
    walk: Walk,
    chosen: list[Source],
    scope: Scope,
    merged: bool,
    without: frozenset[tuple[str, str]] = frozenset(),
) -> tuple[list[Item], bool]:
    items: list[Item] = []
    certain = True
    given: set[str] = set()
    span = walk.span
    if merged and scope.merged and walk.dialect != "duckdb":
        # standard SQL puts the merged columns first
        for key, content in scope.merged.items():
            items.append(Column(key, key, fold(key, False, walk.dialect), content, named=False))
            given.add(key)
    for source in chosen:
        relation = source.relation
        certain = certain and relation.certain == len(relation.items)
        if not (source.how or source.merged or scope.merged or scope.equated or without):
            items += [
                item.having(item.value, span=span) if isinstance(item, Column) else item
                for item in relation.items
            ]
            continue
        for item in relation.items:
            if isinstance(item, Tail):
                items.append(item.hiding(frozenset(given)) if given else item)
                continue
            if merged and item.key in scope.merged and item.key in source.joint:
                if item.key in given:
                    continue
                given.add(item.key)
                items.append(item.having(scope.merged[item.key], span=span))
                continue
            if (merged and item.key in source.merged) or (source.key, item.key) in without:
                continue
            content = item.value
            equal = scope.equated.get((id(source), item.key))
            if equal is not None:
                content = union((content, equal))
            if source.how:
                content = flow(content, source.how)
            items.append(item.having(content, span=span))
    return items, certain


def _fields_of(content: Value) -> list[Item]:
    """A struct's fields as columns; what isn't known by field is an open rest."""
    fields = content.fields or {}
    items: list[Item] = [
        Column(key, key, key, union((part, Value(content.edges))), named=False)
        for key, part in fields.items()
    ]
    if content.edges or not fields:
        items.append(Tail(None, value=Value(content.edges)))
    return items


def wanted(items: list[Item], keep: Keep) -> tuple[list[Item], bool]:
    """The items that a filter on names leaves or may leave, and whether it surely leaves all of
    them."""
    said = [(item, None if isinstance(item, Tail) else keep(item.name)) for item in items]
    kept = [(item, sure) for item, sure in said if sure is not False]
    return [item for item, _ in kept], all(sure for _, sure in kept)


def pattern_of(sources: list[Source], scope: Scope) -> tuple[object, ...] | None:
    if any(source.relation.pattern is None for source in sources):
        return None
    return (*((s.relation.pattern, s.merged) for s in sources), tuple(scope.merged))
