"""Stars and what else stands for several columns at once: `*`, `t.*`, `columns(…)`, `* like`, unpacked structs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sqlglot import exp

from .expressions import value
from .names import resolve
from .scopes import Column, Item, Relation, Scope, Source, Tail, fold
from .values import NOTHING, Value, flow, stamp, union
from .walk import Walk

Keep = Callable[[str], bool]
_MATCHES: dict[type[exp.Expression], str] = {
    exp.Like: "like",
    exp.ILike: "like",
    exp.Glob: "glob",
    exp.SimilarTo: "regex",
    exp.RegexpLike: "regex",
    exp.RegexpFullMatch: "regex",
}


def is_star(e: exp.Expression) -> bool:
    """True for a select-list item that is a star, filtered or not."""
    if isinstance(e, exp.Not):
        return is_star(e.this)
    if type(e) in _MATCHES:
        return is_star(e.this)
    if isinstance(e, exp.Dot):
        return isinstance(e.expression, exp.Star)
    return isinstance(e, exp.Star) or (isinstance(e, exp.Column) and isinstance(e.this, exp.Star))


def expand(walk: Walk, e: exp.Expression, scope: Scope) -> tuple[list[Item], bool, tuple[object, ...] | None]:
    """The items of a star, whether their positions are certain, and their pattern."""
    if isinstance(e, exp.Not) or type(e) in _MATCHES:
        wanted = _pattern(e)
        inner = e.this
        while not isinstance(inner, exp.Star | exp.Column):
            inner = inner.this
        items, certain, _ = expand(walk, inner, scope)
        kept = [item for item in items if isinstance(item, Tail) or wanted(item.key)]
        return kept, certain, None
    if isinstance(e, exp.Dot):
        return _fields_of(walk, value(walk, e.this, scope)), False, None
    star = e if isinstance(e, exp.Star) else e.this
    if isinstance(e, exp.Column):
        found = _qualified_source(e, scope)
        if found is None:
            names = [part for part in e.parts if isinstance(part, exp.Identifier)]
            return _fields_of(walk, resolve(walk, names, scope)), False, None
        chosen, merged = [found], False
    else:
        chosen, merged = [source for source in scope.sources if source.visible], True
    items, certain = _columns_of(walk, chosen, scope, merged)
    liked = star.args.get("ilike")
    if isinstance(liked, exp.Expression):
        fits = _matcher("like", liked)
        items = [item for item in items if isinstance(item, Tail) or fits(item.key)]
    changes = _changes(walk, star, scope)
    pattern: tuple[object, ...] | None = None
    if liked is None and all(source.relation.pattern is not None for source in chosen):
        pattern = (*(source.relation.pattern for source in chosen), changes.signature)
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


def _columns_of(walk: Walk, chosen: list[Source], scope: Scope, merged: bool) -> tuple[list[Item], bool]:
    items: list[Item] = []
    certain = True
    given: set[str] = set()
    if merged and scope.merged and walk.dialect != "duckdb":
        # standard SQL puts the merged columns first
        for key, content in scope.merged.items():
            items.append(Column(key, key, fold(key, False, walk.dialect), content, named=False))
            given.add(key)
    for source in chosen:
        relation = source.relation
        certain = certain and relation.certain == len(relation.items)
        for item in relation.items:
            if isinstance(item, Tail):
                items.append(item.hiding(frozenset(given)) if given else item)
                continue
            if merged and item.key in scope.merged:
                if item.key in given:
                    continue
                given.add(item.key)
                items.append(item.having(scope.merged[item.key]))
                continue
            if merged and item.key in source.merged:
                continue
            content = item.value
            equal = scope.equated.get((id(source), item.key))
            if equal is not None:
                content = union((content, equal))
            if source.how:
                content = flow(content, source.how)
            items.append(item.having(content))
    return items, certain


class _changes:
    """EXCLUDE, REPLACE and RENAME of one star."""

    def __init__(self, walk: Walk, star: exp.Expression, scope: Scope) -> None:
        self.walk = walk
        self.without = frozenset(
            e.name.lower() for e in _listed(star.args.get("except_") or star.args.get("except"))
        )
        self.renames = {
            e.this.name.lower(): e.args["alias"] for e in _listed(star.args.get("rename")) if e.args.get("alias")
        }
        self.replaced: dict[str, Value] = {}
        for e in _listed(star.args.get("replace")):
            walk.reset()
            walk.column = e.alias_or_name
            self.replaced[e.alias_or_name.lower()] = stamp(value(walk, e.this, scope), walk.span, over=True)

    @property
    def signature(self) -> tuple[object, ...]:
        renames = tuple(sorted((old, new.name) for old, new in self.renames.items()))
        return (self.without, renames, frozenset(self.replaced))

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
                continue
            if item.key in self.replaced:
                result.append(item.having(self.replaced[item.key], named=True))
            elif item.key in self.renames:
                new = self.renames[item.key]
                result.append(self._renamed(new, item.value))
            else:
                result.append(item)
        tails = [item for item in items if isinstance(item, Tail)]
        for key, content in self.replaced.items():
            if key not in known:
                result.append(Column(key, key, fold(key, False, self.walk.dialect), content))
        for key, new in self.renames.items():
            if key not in known:
                content = union(v for tail in tails if (v := tail.column(key)) is not None)
                result.append(self._renamed(new, content))
        return result

    def _renamed(self, new: exp.Expression, content: Value) -> Column:
        quoted = bool(new.args.get("quoted"))
        return Column(new.name.lower(), new.name, fold(new.name, quoted, self.walk.dialect), content)


def _listed(arg: object) -> list[exp.Expression]:
    if isinstance(arg, exp.Expression):
        return list(arg.expressions) or [arg]
    return [e for e in arg if isinstance(e, exp.Expression)] if isinstance(arg, list) else []


def _fields_of(walk: Walk, content: Value) -> list[Item]:
    """A struct's fields as columns; what isn't known by field is an open rest."""
    fields = content.fields or {}
    items: list[Item] = [
        Column(key, key, key, union((part, Value(content.edges))), named=False) for key, part in fields.items()
    ]
    if content.edges or not fields:
        items.append(Tail(None, value=Value(content.edges)))
    return items


def _pattern(e: exp.Expression) -> Keep:
    if isinstance(e, exp.Not):
        inner = _pattern(e.this)
        return lambda key: not inner(key)
    matches = _matcher(_MATCHES[type(e)], e.expression)
    return (lambda key: not matches(key)) if e.args.get("negate") else matches


def _matcher(style: str, pattern: exp.Expression) -> Keep:
    """Whether a column's name fits a literal pattern; a computed one fits every name."""
    if not isinstance(pattern, exp.Literal):
        return lambda _key: True
    text = pattern.name
    if style == "like":
        text = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in text)
    elif style == "glob":
        text = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in text)
    try:
        compiled = re.compile(text, re.IGNORECASE)
    except re.error:
        return lambda _key: True
    whole = style != "search"
    return lambda key: bool(compiled.fullmatch(key) if whole else compiled.search(key))


# --- expressions over several columns ------------------------------------------------------------


def spread(walk: Walk, e: exp.Expression, scope: Scope) -> Iterator[tuple[Column | Tail, exp.Expression]] | None:
    """For an item with `columns(…)` in it: each column it stands for. None where it has none."""
    node = next(iter(_column_sets(e)), None)
    if node is None:
        return None
    chosen = _spread_source(node, scope)
    keep = _chosen_names(walk, node)
    items, _ = _columns_of(walk, chosen, scope, merged=len(chosen) > 1)
    inner = node.this if isinstance(node, exp.Columns) else None
    if isinstance(inner, exp.Star):
        items = _changes(walk, inner, scope).applied(items)
    return iter([(item, node) for item in items if isinstance(item, Tail) or keep(item.key)])


def _column_sets(e: exp.Expression) -> Iterator[exp.Expression]:
    for node in e.walk(prune=lambda n: isinstance(n, exp.Query)):
        if isinstance(node, exp.Columns):
            yield node
        elif isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous):
            if node.expression.name.lower() == "columns":
                yield node


def _spread_source(node: exp.Expression, scope: Scope) -> list[Source]:
    if isinstance(node, exp.Dot):
        named = scope.source(node.this.name.lower())
        if named is not None:
            return [named]
    return [source for source in scope.sources if source.visible]


def _chosen_names(walk: Walk, node: exp.Expression) -> Keep:
    what = node.expression.expressions[0] if isinstance(node, exp.Dot) else node.this
    if isinstance(what, exp.Literal):
        return _matcher("search", what)
    if isinstance(what, exp.Array | exp.List):
        names = {e.name.lower() for e in what.expressions}
        return lambda key: key in names
    if isinstance(what, exp.Lambda):
        return _lambda_filter(what)
    return lambda _key: True


def _lambda_filter(e: exp.Lambda) -> Keep:
    body = e.this
    negated = isinstance(body, exp.Not)
    if isinstance(body, exp.Not):
        body = body.this
    if type(body) in _MATCHES and isinstance(body.this, exp.Identifier | exp.Column):
        inner = _pattern(body)
        return (lambda key: not inner(key)) if negated else inner
    # anything computed may pick any column
    return lambda _key: True


def with_column(e: exp.Expression, node: exp.Expression, column: Column | Tail) -> exp.Expression:
    """The item with its column set replaced by a name that `LOCAL` will resolve."""
    copy = e.copy()
    if e is node:
        return exp.Identifier(this=CHOSEN)
    for inner in list(_column_sets(copy)):
        inner.replace(exp.Identifier(this=CHOSEN))
    return copy


CHOSEN = "$column"


def chosen_scope(scope: Scope, column: Column | Tail) -> Scope:
    """A scope in which the chosen column goes by a name of its own."""
    content = column.whole() if isinstance(column, Tail) else column.value
    return Scope(parent=scope, locals={CHOSEN: content or NOTHING}, sources=scope.sources, group=scope.group)
