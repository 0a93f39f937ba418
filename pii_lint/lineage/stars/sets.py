"""`columns(…)`: one expression over several columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.scopes import Column, Item, Scope, Source, Tail
from pii_lint.lineage.values import union
from pii_lint.lineage.walk import Walk

from .expansion import columns_of, expand, is_star, pattern_of, wanted
from .names import SEARCHED, Keep, as_regex, fits, holds
from .options import Options


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns that one `columns(…)` stands for."""

    node: exp.Expr
    items: list[Item]
    certain: bool
    # these and no others, in this order
    pattern: tuple[object, ...] | None
    # equal patterns mean equal columns in equal order


def spread(walk: Walk, e: exp.Expr, scope: Scope) -> Chosen | None:
    """For an item with `columns(…)` in it: each column it stands for. None where it has none."""
    node = next(iter(_column_sets(e)), None)
    if node is None:
        return None
    chosen = chosen_columns(walk, node, scope)
    if node.args.get("unpack"):
        whole = union(item_value(item) for item in chosen.items)
        return Chosen(node, [Column(UNPACKED, UNPACKED, UNPACKED, whole)], True, (UNPACKED,))
    return chosen


def chosen_columns(walk: Walk, node: exp.Expr, scope: Scope) -> Chosen:
    """The columns that one `columns(…)` stands for."""
    asked = _asked(node)
    if isinstance(asked, exp.Column) and is_star(asked) and not scope.nearest(asked.table.lower()):
        # the fields of a struct
        items, certain, pattern = expand(walk, asked, scope)
        return Chosen(node, items, certain, pattern)
    sources = _spread_source(node, scope)
    _tell_searches(walk, asked)
    keep = _chosen_names(node)
    items, certain = columns_of(walk, sources, scope, merged=len(sources) > 1)
    inner = asked.this if isinstance(asked, exp.Column) else asked
    if isinstance(inner, exp.Star):
        items = Options(walk, inner, scope).applied(items)
    kept, sure = wanted(items, keep)
    known = pattern_of(sources, scope)
    return Chosen(node, kept, certain and sure, known and (*known, node.sql(walk.dialect)))


def _column_sets(e: exp.Expr) -> Iterator[exp.Expr]:
    for node in e.walk(prune=lambda n: isinstance(n, exp.Query)):
        if isinstance(node, exp.Columns) or is_column_call(node):
            yield node


def is_column_call(e: exp.Expr) -> bool:
    """True for `t.columns(…)`."""
    call = e.expression if isinstance(e, exp.Dot) else None
    return isinstance(call, exp.Anonymous) and call.name.lower() == "columns"


def _spread_source(node: exp.Expr, scope: Scope) -> list[Source]:
    asked = _asked(node)
    table = asked.table if isinstance(asked, exp.Column) else ""
    if isinstance(node, exp.Dot):
        table = node.this.name
    named = scope.source(table.lower()) if table else None
    return [named] if named is not None else [s for s in scope.sources if s.visible]


def _asked(node: exp.Expr) -> exp.Expr:
    what: exp.Expr = node.expression.expressions[0] if isinstance(node, exp.Dot) else node.this
    return what


_SEARCH = re.compile(r"\bregexp_matches\s*\(\s*$")


def _tell_searches(walk: Walk, asked: exp.Expr) -> None:
    """DuckDB's `regexp_matches(c, 'x')` finds its pattern anywhere, for `c ~ 'x'` it has to be the
    whole name; the parser makes the same of both."""
    # what isn't ASCII may be longer once its case is folded
    if walk.dialect != "duckdb" or walk.text is None or not walk.text.isascii():
        return
    for match in asked.find_all(exp.RegexpLike):
        named = match.this.parts[0] if isinstance(match.this, exp.Column) else match.this
        start = named.meta.get("start")
        if start is not None and _SEARCH.search(walk.text, 0, start):
            match.meta[SEARCHED] = True


def _chosen_names(node: exp.Expr) -> Keep:
    what = _asked(node)
    if isinstance(what, exp.Literal):
        return lambda name: fits("search", what, name)
    condition = _filter_of_all(what)
    if condition is not None:
        return lambda name: holds(condition, name)
    if isinstance(what, exp.Array | exp.List):
        names = {e.name.lower() for e in what.expressions if isinstance(e, exp.Literal)}
        computed = any(not isinstance(e, exp.Literal) for e in what.expressions)
        return lambda name: name.lower() in names or (None if computed else False)
    if isinstance(what, exp.Lambda):
        return lambda name: holds(what.this, name)
    plain = isinstance(what, exp.Star) or (
        isinstance(what, exp.Column) and isinstance(what.this, exp.Star)
    )
    return lambda _name: True if plain else None


def _filter_of_all(what: exp.Expr) -> exp.Expr | None:
    """The condition of `[c for c in (*) if …]`; None for anything else."""
    inside = what.expressions[0] if isinstance(what, exp.Array) and what.expressions else None
    if not isinstance(inside, exp.Comprehension):
        return None
    same = isinstance(inside.this, exp.Column) and inside.this.name == inside.expression.name
    over_all = type(inside.args["iterator"].unnest()) is exp.Star
    condition: exp.Expr | None = inside.args.get("condition") if same and over_all else None
    return condition


def renamed_by(alias: str, pattern: exp.Expr | None, name: str) -> str | None:
    """The alias of one chosen column: `\\0` is its name, `\\1` what the first group of the pattern
    took. None where nobody can say."""
    if "\\" not in alias:
        return alias
    groups: tuple[str | None, ...] = ()
    if pattern is not None and re.search(r"\\[1-9]", alias):
        source = as_regex("search", pattern)
        match = re.search(source, name) if source is not None else None
        if match is None:
            return None
        groups = match.groups()

    def taken(found: re.Match[str]) -> str:
        if not found[1].isdigit():
            return found[1]
        number = int(found[1])
        return name if number == 0 else groups[number - 1] or "" if number <= len(groups) else ""

    return re.sub(r"\\(.)", taken, alias)


def name_pattern(e: exp.Expr) -> exp.Expr | None:
    """The regular expression by which columns are chosen; None where it isn't by one."""
    if isinstance(e, exp.SimilarTo | exp.RegexpLike):
        asked: exp.Expr = e.expression
    elif isinstance(e, exp.Columns) or is_column_call(e):
        asked = _asked(e)
    else:
        return None
    return None if isinstance(asked, CHOSEN_OTHERWISE) else asked


CHOSEN_OTHERWISE = (exp.Array, exp.List, exp.Lambda, exp.Star)


def with_column(e: exp.Expr, node: exp.Expr, column: Column | Tail) -> exp.Expr:
    """The item with its column set replaced by a name that `LOCAL` will resolve."""
    copy = e.copy()
    if e is node:
        return exp.Identifier(this=CHOSEN)
    for inner in list(_column_sets(copy)):
        inner.replace(exp.Identifier(this=CHOSEN))
    return copy


CHOSEN = "$column"
UNPACKED = "$unpacked"
"""The name of the one column that `*columns(…)` gives to the call around it."""


def chosen_scope(scope: Scope, column: Column | Tail) -> Scope:
    """A scope in which the chosen column goes by a name of its own."""
    local = {CHOSEN: item_value(column)}
    return Scope(parent=scope, locals=local, sources=scope.sources, group=scope.group)
