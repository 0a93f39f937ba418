"""Two relations one below the other, under the heading of the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.expressions.natures import fitting
from pii_lint.lineage.schemas import common
from pii_lint.lineage.scopes import Column, Item, Relation, Tail
from pii_lint.lineage.summary import OPTIONAL
from pii_lint.lineage.values import Value, alternatives, merge, union


def combined(left: Relation, right: Relation, *, by_name: bool) -> Relation:
    """Both sides under the left one's names, aligned by position or by name."""
    rows = dict(left.rows)
    merge(rows, right.rows)
    filtered = left.filtered and right.filtered
    if by_name:
        items = list(_by_name(left, right))
        sure = left.certain == len(left.items) and right.certain == len(right.items)
        certain = len(items) if sure else 0
        return Relation(items, certain=certain, rows=rows, filtered=filtered)
    if _alike(left, right):
        pairs = zip(left.items, right.items, strict=True)
        items = [_either(a, item_value(b), [b]) for a, b in pairs]
        return Relation(
            items, certain=left.certain, rows=rows, filtered=filtered, pattern=left.pattern
        )
    items = list(_by_position(left, right))
    return Relation(items, certain=left.certain, rows=rows, filtered=filtered)


def _alike(left: Relation, right: Relation) -> bool:
    """True where both sides have the same columns in the same order, whatever that is."""
    known = left.pattern is not None and left.pattern == right.pattern
    return known and len(left.items) == len(right.items)


def _either(item: Item, other: Value, beside: Sequence[Item] = ()) -> Item:
    """The item with what stands under it on the other side, in columns that are known or not."""
    if isinstance(item, Tail):
        return Tail(item.read, item.hidden, union((item.value, other)))
    # a secret in one branch only isn't surely there
    both = item.having(alternatives((item.value, other), OPTIONAL))
    schemas = [one.schema if isinstance(one, Column) else None for one in (item, *beside)]
    both.schema = fitting(common(schemas), both.value)
    return both


def _by_position(left: Relation, right: Relation) -> Iterator[Item]:
    certain = min(left.certain, right.certain)
    loose = union(item_value(item) for item in right.items[certain:])
    for i, item in enumerate(left.items):
        there = right.items[i : i + 1] if i < certain else right.items[certain:]
        yield _either(item, item_value(there[0]) if i < certain else loose, there)


def _by_name(left: Relation, right: Relation) -> Iterator[Item]:
    seen: set[str] = set()
    for item in left.items:
        if isinstance(item, Tail):
            yield item
            continue
        seen.add(item.key)
        there: Sequence[Item] = right.find(item.key) or list(right.tails)
        yield _either(item, union(right.candidates(item.key)), there)
    for item in right.items:
        if isinstance(item, Tail):
            yield item
        elif item.key not in seen:
            yield _either(item, union(left.candidates(item.key)), [*left.tails])
