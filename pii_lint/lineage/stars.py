"""Stars and what else stands for several columns at once: `*`, `t.*`, `columns(…)`, `* like`,
unpacked structs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from .expressions import value
from .expressions.columns import identifiers, item_value
from .glyphs import FOLDS_ASCII, ascii_fold
from .names import resolve
from .schemas import Schema
from .scopes import Column, Item, Scope, Source, Tail, fold
from .values import Value, flow, stamp, union
from .walk import Walk

Keep = Callable[[str], bool | None]
"""Whether a column of that name is wanted; None where that can't be worked out."""
_MATCHES: dict[type[exp.Expr], str] = {
    exp.Like: "like",
    exp.ILike: "like",
    exp.Glob: "glob",
    exp.SimilarTo: "regex",
    exp.RegexpLike: "regex",
    exp.RegexpFullMatch: "whole",
}
OPTIONS = ("flag", "options", "modifiers")
"""Further arguments of a match, under which a pattern may mean something else."""


def is_star(e: exp.Expr) -> bool:
    """True for a select-list item that is a star, filtered or not."""
    if isinstance(e, exp.Not):
        return is_star(e.this)
    if type(e) in _MATCHES:
        return is_star(e.this)
    if isinstance(e, exp.Dot):
        return isinstance(e.expression, exp.Star)
    return isinstance(e, exp.Star) or (isinstance(e, exp.Column) and isinstance(e.this, exp.Star))


def expand(
    walk: Walk, e: exp.Expr, scope: Scope
) -> tuple[list[Item], bool, tuple[object, ...] | None]:
    """The items of a star, whether their positions are certain, and their pattern."""
    if isinstance(e, exp.Not) or type(e) in _MATCHES:
        inner = e.this
        while not isinstance(inner, exp.Star | exp.Column):
            inner = inner.this
        items, certain, _ = expand(walk, inner, scope)
        kept, sure = _kept(items, lambda name: _holds(e, name))
        return kept, certain and sure, None
    if isinstance(e, exp.Dot):
        return _fields_of(value(walk, e.this, scope)), False, None
    star = e if isinstance(e, exp.Star) else e.this
    if isinstance(e, exp.Column):
        found = _qualified_source(e, scope)
        if found is None:
            fields = _fields_of(resolve(walk, identifiers(e), scope))
            return _Changes(walk, star, scope).applied(fields), False, None
        chosen, merged = [found], False
    else:
        chosen, merged = [source for source in scope.sources if source.visible], True
    walk.met(star)
    changes = _Changes(walk, star, scope)
    items, certain = _columns_of(walk, chosen, scope, merged, changes.qualified)
    liked = star.args.get("ilike")
    if isinstance(liked, exp.Expr):
        items, sure = _kept(items, lambda name: _fits("like", liked, name))
        certain = certain and sure
    pattern: tuple[object, ...] | None = None
    if liked is None and (known := _pattern_of(chosen, scope)) is not None:
        pattern = (*known, changes.signature)
    return changes.applied(items), certain, pattern


def _qualified_source(e: exp.Column, scope: Scope) -> Source | None:
    key = e.table.lower()
    current: Scope | None = scope
    while current is not None:
        source = current.source(key)
        if source is not None:
            return source
        current = current.parent
    return None


def _columns_of(
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


class _Changes:
    """EXCLUDE, REPLACE and RENAME of one star."""

    def __init__(self, walk: Walk, star: exp.Expr, scope: Scope) -> None:
        self.walk = walk
        excluded = _listed(star.args.get("except_") or star.args.get("except"))
        self.without = frozenset(e.name.lower() for e in excluded if not _table(e))
        self.spelled = frozenset(ascii_fold(e.name) for e in excluded)
        self.qualified = frozenset((_table(e), e.name.lower()) for e in excluded if _table(e))
        self.renames = {
            e.this.name.lower(): e.args["alias"]
            for e in _listed(star.args.get("rename"))
            if e.args.get("alias")
        }
        self.replaced: dict[str, Value] = {}
        for e in _listed(star.args.get("replace")):
            walk.reset()
            walk.column = e.alias_or_name
            self.replaced[e.alias_or_name.lower()] = stamp(
                value(walk, e.this, scope), walk.span, over=True
            )

    @property
    def signature(self) -> tuple[object, ...]:
        renames = tuple(sorted((old, new.name) for old, new in self.renames.items()))
        return (self.without, self.qualified, renames, frozenset(self.replaced))

    def applied(self, items: list[Item]) -> list[Item]:
        if not (self.without or self.renames or self.replaced):
            return items
        gone = self.without | frozenset(self.renames) | frozenset(self.replaced)
        result: list[Item] = []
        known: set[str] = set()
        for item in items:
            if isinstance(item, Tail):
                result.append(item.hiding(gone))
                continue
            known.add(item.key)
            if item.key in self.without:
                if self.walk.dialect in FOLDS_ASCII and ascii_fold(item.name) not in self.spelled:
                    # the case of a letter outside ASCII tells them apart
                    result.append(item)
                continue
            if item.key in self.replaced:
                item = item.having(self.replaced[item.key], named=True)
                # of another type, perhaps
                item.schema = None
            if item.key in self.renames:
                result.append(self._renamed(self.renames[item.key], item.value, item.schema))
            else:
                result.append(item)
        tails = [item for item in items if isinstance(item, Tail)]
        for key, content in self.replaced.items():
            if key not in known and key not in self.renames:
                result.append(Column(key, key, fold(key, False, self.walk.dialect), content))
        for key, new in self.renames.items():
            if key not in known:
                brought = union(v for tail in tails if (v := tail.column(key)) is not None)
                content = self.replaced.get(key, brought)
                result.append(self._renamed(new, content))
        return result

    def _renamed(self, new: exp.Expr, content: Value, schema: Schema = None) -> Column:
        name, quoted = new.name, bool(new.args.get("quoted"))
        exact = fold(name, quoted, self.walk.dialect)
        return Column(name.lower(), name, exact, content, schema=schema)


def _table(e: exp.Expr) -> str:
    return e.table.lower() if isinstance(e, exp.Column) else ""


def _listed(arg: object) -> list[exp.Expr]:
    if isinstance(arg, exp.Expr):
        return list(arg.expressions) or [arg]
    return [e for e in arg if isinstance(e, exp.Expr)] if isinstance(arg, list) else []


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


def _kept(items: list[Item], keep: Keep) -> tuple[list[Item], bool]:
    """The items that a filter on names leaves or may leave, and whether it surely leaves all of
    them."""
    said = [(item, None if isinstance(item, Tail) else keep(item.name)) for item in items]
    kept = [(item, sure) for item, sure in said if sure is not False]
    return [item for item, _ in kept], all(sure for _, sure in kept)


def _holds(e: exp.Expr, name: str) -> bool | None:
    """Whether a condition on a column's name holds; None where that can't be worked out."""
    if isinstance(e, exp.Paren):
        return _holds(e.this, name)
    if isinstance(e, exp.Not):
        inner = _holds(e.this, name)
        return None if inner is None else not inner
    if isinstance(e, exp.And | exp.Or):
        sides = (_holds(e.this, name), _holds(e.expression, name))
        decisive = isinstance(e, exp.Or)
        return decisive if decisive in sides else (None if None in sides else not decisive)
    found: bool | None = None
    sign = ""
    if isinstance(e, exp.Escape) and isinstance(e.this, exp.Like | exp.ILike):
        if not (isinstance(e.expression, exp.Literal) and len(e.expression.name) == 1):
            return None
        e, sign = e.this, e.expression.name
    folded = e.args.get("this")
    if isinstance(folded, exp.Lower | exp.Upper):
        if not name.isascii():
            return None
        e = e.copy()
        e.set("this", folded.this)
        name = name.lower() if isinstance(folded, exp.Lower) else name.upper()
    if not isinstance(e.args.get("this"), exp.Identifier | exp.Column | exp.Star):
        # not the name itself, but something made of it
        return None
    if type(e) in _MATCHES:
        if any(e.args.get(key) is not None for key in OPTIONS):
            return None
        style = "search" if e.meta.get(SEARCHED) else _MATCHES[type(e)]
        found = _fits(style + sign, e.expression, name)
    elif isinstance(e, exp.StartsWith | exp.EndsWith | exp.Contains):
        found = _has(e, name)
    elif isinstance(e, exp.In) and all(isinstance(x, exp.Literal) for x in e.expressions):
        found = _among([x.name for x in e.expressions], name)
    elif isinstance(e, exp.EQ | exp.NEQ) and isinstance(e.expression, exp.Literal):
        same = _among([e.expression.name], name)
        found = same if same is None else same is isinstance(e, exp.EQ)
    return found if found is None or not e.args.get("negate") else not found


def _among(texts: list[str], name: str) -> bool | None:
    """Whether a name is listed; None where only case decides, for a YAML's case proves nothing."""
    loosely = name.lower() in {text.lower() for text in texts}
    return loosely if loosely == (name in texts) else None


def _has(e: exp.Expr, name: str) -> bool | None:
    """Whether a name begins with, ends in or holds a literal; None where only case decides."""
    if not (isinstance(e.expression, exp.Literal) and e.expression.is_string):
        return None
    found = set()
    for text, inside in ((e.expression.name, name), (e.expression.name.lower(), name.lower())):
        at_start, at_end = inside.startswith(text), inside.endswith(text)
        if isinstance(e, exp.StartsWith | exp.EndsWith):
            found.add(at_start if isinstance(e, exp.StartsWith) else at_end)
        else:
            found.add(text in inside)
    return found.pop() if len(found) == 1 else None


def _fits(style: str, pattern: exp.Expr, name: str) -> bool | None:
    """Whether a name fits a literal pattern, with and without regard to case alike."""
    source = _regex(style, pattern)
    if source is None:
        return None
    found = set()
    for pattern_ in (re.compile(source), re.compile(source, re.IGNORECASE)):
        # a regular expression of which nobody says whether it has to fit the whole name: both
        if style in ("search", "regex"):
            found.add(bool(pattern_.search(name)))
        if style != "search":
            found.add(bool(pattern_.fullmatch(name)))
    return found.pop() if len(found) == 1 else None


PLAIN_REGEX = re.compile(r"(?:[A-Za-z0-9_.|(^$]|\)(?![*+?])|\[[a-z0-9_-]+\]|[*+?](?![*+?]))*")
"""What every engine's regular expressions and Python's surely read alike, and fast."""
MOST_WILDCARDS = 4
_WILDCARDS = {"%": ".*", "_": "."}
LONGEST_PATTERN = 200


def _regex(style: str, pattern: exp.Expr) -> str | None:
    """A literal pattern as a regular expression; None for a computed or foreign one."""
    if not isinstance(pattern, exp.Literal):
        return None
    text = pattern.name
    if len(text) > LONGEST_PATTERN or sum(text.count(c) for c in "%*+?") > MOST_WILDCARDS:
        return None
    if style.startswith("like"):
        sign = re.escape(style.removeprefix("like"))
        pieces = re.findall(f"{sign}.|." if sign else ".", text, re.DOTALL)
        return "".join(_WILDCARDS.get(piece) or re.escape(piece[-1]) for piece in pieces)
    if style == "glob" and not set(text) & set("[]!\\"):
        return "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in text)
    if not PLAIN_REGEX.fullmatch(text):
        return None
    try:
        re.compile(text)
    except re.error:
        return None
    return text


# --- expressions over several columns ------------------------------------------------------------


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
    if isinstance(asked, exp.Column) and is_star(asked) and not _qualified_source(asked, scope):
        # the fields of a struct
        items, certain, pattern = expand(walk, asked, scope)
        return Chosen(node, items, certain, pattern)
    sources = _spread_source(node, scope)
    _tell_searches(walk, asked)
    keep = _chosen_names(node)
    items, certain = _columns_of(walk, sources, scope, merged=len(sources) > 1)
    inner = asked.this if isinstance(asked, exp.Column) else asked
    if isinstance(inner, exp.Star):
        items = _Changes(walk, inner, scope).applied(items)
    kept, sure = _kept(items, keep)
    known = _pattern_of(sources, scope)
    return Chosen(node, kept, certain and sure, known and (*known, node.sql(walk.dialect)))


def _pattern_of(sources: list[Source], scope: Scope) -> tuple[object, ...] | None:
    if any(source.relation.pattern is None for source in sources):
        return None
    return (*((s.relation.pattern, s.merged) for s in sources), tuple(scope.merged))


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


SEARCHED = "searched"
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
        return lambda name: _fits("search", what, name)
    condition = _filter_of_all(what)
    if condition is not None:
        return lambda name: _holds(condition, name)
    if isinstance(what, exp.Array | exp.List):
        names = {e.name.lower() for e in what.expressions if isinstance(e, exp.Literal)}
        computed = any(not isinstance(e, exp.Literal) for e in what.expressions)
        return lambda name: name.lower() in names or (None if computed else False)
    if isinstance(what, exp.Lambda):
        return lambda name: _holds(what.this, name)
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
        source = _regex("search", pattern)
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
