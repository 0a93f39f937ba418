"""The select list: columns in order, some items several of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.scopes import Column, Item, Scope, Tail
from pii_lint.lineage.stars import is_star
from pii_lint.lineage.values import union
from pii_lint.lineage.walk import Walk

from .column_sets import column_set, star
from .generators import generated
from .output_columns import output_column
from .output_names import keep_apart
from .unpacking import unpacked

MOST_COLUMNS = 10_000
"""Columns of one query that are told apart."""


@dataclass(slots=True)
class SelectList:
    """The columns as far as the list is read."""

    items: list[Item] = field(default_factory=list)
    pattern: list[object] | None = field(default_factory=list)
    # equal patterns mean equal columns in equal order, whatever that order is
    doubtful: int | None = None
    # where the first item stands of which nobody knows how many columns it is

    @property
    def certain(self) -> int:
        """So many leading columns stand at their position for sure."""
        return len(self.items) if self.doubtful is None else self.doubtful

    def add(self, column: Column) -> None:
        """One item that is one column."""
        self.items.append(column)
        if self.pattern is not None:
            self.pattern.append(column.key)

    def extend(
        self, items: Iterable[Item], certain: bool, pattern: Sequence[object] | None
    ) -> None:
        """One item that is several columns; without a pattern where nobody knows which."""
        if not certain and self.doubtful is None:
            self.doubtful = len(self.items)
        self.items += items
        if self.pattern is not None:
            self.pattern = [*self.pattern, *pattern] if pattern is not None else None


def select_list(walk: Walk, e: exp.Select, scope: Scope) -> SelectList:
    """Read a select list item by item."""
    listed = SelectList()
    unnamed = False
    for item in e.expressions:
        walk.reset()
        plain = item.args["this"] if type(item) is exp.Alias else item
        if type(plain) is exp.Column and type(plain.args["this"]) is exp.Identifier:
            # most of what is ever selected: no star, no generator, no set of columns
            listed.add(output_column(walk, item, scope))
        else:
            unnamed = unnamed or not isinstance(item, exp.Alias)
            _read(walk, item, plain, listed, scope)
    if unnamed:
        keep_apart(e, listed.items)
    return listed if len(listed.items) <= MOST_COLUMNS else _cut_short(walk, listed)


def _read(walk: Walk, item: exp.Expr, plain: exp.Expr, listed: SelectList, scope: Scope) -> None:
    """Add the columns that one item stands for; `plain` is the item without its alias."""
    several = star(walk, item, plain, scope) if is_star(plain) else column_set(walk, item, scope)
    if several is not None:
        listed.extend(*several)
    elif (columns := generated(walk, item, scope)) is not None:
        listed.extend(columns, certain=True, pattern=[column.key for column in columns])
    elif (fields := unpacked(walk, item, scope)) is not None:
        listed.extend(fields, certain=False, pattern=None)
    else:
        listed.add(output_column(walk, item, scope))


def _cut_short(walk: Walk, listed: SelectList) -> SelectList:
    """The first columns, and one open rest that holds all the others."""
    rest = union(item_value(item) for item in listed.items[MOST_COLUMNS:])
    lost = walk.unknown(f"a query has more than {MOST_COLUMNS} columns")
    items = [*listed.items[:MOST_COLUMNS], Tail(None, value=union((rest, lost)))]
    return SelectList(items, None, min(listed.certain, MOST_COLUMNS))
