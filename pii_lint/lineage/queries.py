"""Queries: SELECT, set operations, CTEs. One pass, scopes of our own."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from .expressions import value
from .expressions.calls import function_name, spec_of
from .expressions.columns import item_at, item_value
from .expressions.conditions import conjuncts, pinned
from .expressions.generators import default_names, spread_call
from .expressions.natures import LISTS, OF_A_SCHEMA, schema_of, surely_list, surely_struct
from .floors import demanded
from .glyphs import FOLDS_ASCII, ascii_fold
from .headings import heading
from .names import held, one_row, reads_of
from .scopes import Column, Item, Relation, Scope, Source, Tail, fold, rows_of
from .stars import (
    UNPACKED,
    Chosen,
    chosen_scope,
    expand,
    is_column_call,
    is_star,
    name_pattern,
    renamed_by,
    spread,
    with_column,
)
from .summary import NULLABLE, OPTIONAL, TRANSFORM, Edge, Edges, Flow, Ref, Signal
from .tables import (
    equated_to,
    join,
    joins_within,
    opaque,
    pivot_statement,
    renamed,
    rows_of_values,
    sources,
    summarized,
)
from .values import (
    NOTHING,
    Value,
    alternatives,
    apply,
    bounded,
    descend,
    flat,
    flow,
    merge,
    stamp,
    union,
)
from .walk import ROWS_BY_NAME, Walk, values

DEEPEST_RECURSION = 20
"""Rounds after which a recursive CTE that still grows is joined instead."""


MOST_COLUMNS = 10_000
"""Columns of one query that are told apart."""


def query(walk: Walk, e: exp.Expr, parent: Scope | None) -> Relation:
    """What a query gives."""
    if isinstance(e, exp.Select):
        return _select(walk, e, parent)
    if isinstance(e, exp.SetOperation):
        return _set_operation(walk, e, parent)
    if isinstance(e, exp.Subquery | exp.Paren):
        return _subquery(walk, e, parent)
    scope = Scope(parent=parent)
    _ctes(walk, e, scope)
    if isinstance(e, exp.Values):
        return rows_of_values(walk, e, scope)
    if isinstance(e, exp.Pivot):
        return pivot_statement(walk, e, scope)
    if isinstance(e, exp.Table):
        return sources(walk, e, scope)[0].relation
    if isinstance(e, exp.Summarize):
        inner = e.this
        if isinstance(inner, exp.Table):
            return summarized(walk, sources(walk, inner, scope)[0].relation)
        return summarized(walk, query(walk, inner, scope))
    if isinstance(e, exp.Describe):
        names = ("column_name", "column_type", "null", "key", "default", "extra")
        return Relation([Column(name, name, name, NOTHING) for name in names])
    return opaque(walk, f"a {e.key} statement is not a query")


def _subquery(walk: Walk, e: exp.Expr, parent: Scope | None) -> Relation:
    scope = Scope(parent=parent)
    _ctes(walk, e, scope)
    relation = query(walk, e.this, scope)
    return _modified(walk, e, relation, scope)


def _modified(walk: Walk, e: exp.Expr, relation: Relation, scope: Scope) -> Relation:
    """ORDER BY and LIMIT around a parenthesised query or a set operation."""
    order = e.args.get("order")
    limited = _limits(e)
    if order is None and not limited:
        return relation
    rows = dict(relation.rows)
    if order is not None:
        inner = Scope(parent=scope, sources=[Source("", relation)])
        keys = [value(walk, k, inner) for k in order.expressions if not _ordinal(k)]
        merge(rows, apply(union(keys), Signal("sort")).edges)
    return Relation(
        relation.items,
        certain=relation.certain,
        rows=rows,
        filtered=relation.filtered or limited,
        pattern=relation.pattern,
        pinned=relation.pinned | one_row(_count_of(e.args.get("limit")), rows),
    )


def _count_of(limit: exp.Expr | None) -> exp.Expr | None:
    return limit.args.get("expression") or limit.args.get("count") if limit is not None else None


def _limits(e: exp.Expr) -> bool:
    """True where a limit or an offset may leave no row at all."""
    limit = e.args.get("limit")
    count = _count_of(limit)
    at_least_one = isinstance(count, exp.Literal) and count.name.isdigit() and int(count.name) > 0
    return e.args.get("offset") is not None or (limit is not None and not at_least_one)


def _ordinal(e: exp.Expr) -> bool:
    inner = e.this if isinstance(e, exp.Ordered) else e
    return isinstance(inner, exp.Literal) or (
        isinstance(inner, exp.Var) and inner.name.upper() == "ALL"
    )


# --- CTEs ----------------------------------------------------------------------------------------


def _ctes(walk: Walk, e: exp.Expr, scope: Scope) -> None:
    with_ = e.args.get("with_") or e.args.get("with")
    if with_ is None:
        return
    for cte in with_.expressions:
        name = cte.alias.lower()
        columns = cte.args["alias"].args.get("columns") or []
        body = cte.this
        if cte.args.get("scalar"):
            scope.scalars[name] = cte
            continue
        if (
            with_.args.get("recursive")
            and isinstance(body, exp.SetOperation)
            and _mentions(body, name)
        ):
            scope.ctes[name] = _fixpoint(walk, body, name, columns, scope)
            continue
        relation = query(walk, body, scope)
        scope.ctes[name] = renamed(walk, relation, columns) if columns else relation


def _mentions(body: exp.Expr, name: str) -> bool:
    return any(table.name.lower() == name and not table.db for table in body.find_all(exp.Table))


def _fixpoint(
    walk: Walk, body: exp.SetOperation, name: str, columns: list[exp.Expr], scope: Scope
) -> Relation:
    """The least relation that holds the anchor and its own next step."""
    _ctes(walk, body, scope)
    anchor = query(walk, body.this, scope)
    current = renamed(walk, anchor, columns) if columns else anchor
    for round_ in range(DEEPEST_RECURSION):
        inner = Scope(parent=scope, ctes={name: current})
        step = query(walk, body.expression, inner)
        grown = _combined(current, step, by_name=False)
        if body.args.get("distinct"):
            merge(grown.rows, apply(grown.row(), Signal("set")).edges)
        if round_ == DEEPEST_RECURSION - 1:
            for column in grown.columns:
                column.value = apply(column.value, Flow(TRANSFORM))
        if _same(grown, current):
            break
        current = grown
    return current


def _same(a: Relation, b: Relation) -> bool:
    if a.rows.keys() != b.rows.keys() or len(a.items) != len(b.items):
        return False
    pairs = zip(a.items, b.items, strict=True)
    return all(_skeleton(item_value(x)) == _skeleton(item_value(y)) for x, y in pairs)


def _skeleton(v: Value) -> object:
    fields = {key: _skeleton(part) for key, part in (v.fields or {}).items()}
    return v.edges.keys(), fields


# --- set operations ------------------------------------------------------------------------------


def _set_operation(walk: Walk, e: exp.SetOperation, parent: Scope | None) -> Relation:
    scope = Scope(parent=parent)
    # a long union leans left: walk down its spine in a loop
    spine: list[exp.SetOperation] = []
    node: exp.Expr = e
    while isinstance(node, exp.SetOperation):
        _ctes(walk, node, scope)
        spine.append(node)
        node = node.this
    relation = query(walk, node, scope)
    for operation in reversed(spine):
        other = query(walk, operation.expression, scope)
        relation = _operated(walk, operation, relation, other)
        relation = _modified(walk, operation, relation, scope)
    return relation


def _operated(walk: Walk, e: exp.SetOperation, left: Relation, right: Relation) -> Relation:
    by_name = bool(e.args.get("by_name")) or bool(e.args.get("on"))
    if isinstance(e, exp.Except):
        rows = dict(left.rows)
        merge(rows, right.rows)
        merge(rows, apply(right.row(), Signal("set")).edges)
        merge(rows, apply(left.row(), Signal("set")).edges)
        return Relation(
            left.items, certain=left.certain, rows=rows, filtered=True, pattern=left.pattern
        )
    combined = _combined(left, right, by_name=by_name)
    if isinstance(e, exp.Intersect):
        merge(combined.rows, apply(union((left.row(), right.row())), Signal("set")).edges)
        combined.filtered = True
    elif e.args.get("distinct"):
        merge(combined.rows, apply(combined.row(), Signal("set")).edges)
    return combined


def _combined(left: Relation, right: Relation, *, by_name: bool) -> Relation:
    """Both sides under the left one's names, aligned by position or by name."""
    rows = dict(left.rows)
    merge(rows, right.rows)
    filtered = left.filtered and right.filtered
    if by_name:
        items = list(_by_name(left, right))
        sure = left.certain == len(left.items) and right.certain == len(right.items)
        certain = len(items) if sure else 0
        return Relation(items, certain=certain, rows=rows, filtered=filtered)
    if (
        left.pattern is not None
        and left.pattern == right.pattern
        and len(left.items) == len(right.items)
    ):
        pairs = zip(left.items, right.items, strict=True)
        items = [_joined(a, item_value(b)) for a, b in pairs]
        return Relation(
            items, certain=left.certain, rows=rows, filtered=filtered, pattern=left.pattern
        )
    certain = min(left.certain, right.certain)
    loose_right = union(item_value(item) for item in right.items[certain:])
    items = []
    for i, item in enumerate(left.items):
        if i < certain or (i < left.certain and i < right.certain):
            items.append(_joined(item, item_value(right.items[i])))
        else:
            items.append(_joined(item, loose_right))
    return Relation(items, certain=left.certain, rows=rows, filtered=filtered)


def _joined(item: Item, other: Value) -> Item:
    if isinstance(item, Tail):
        return Tail(item.read, item.hidden, union((item.value, other)))
    # a secret in one branch only isn't surely there
    return item.having(alternatives((item.value, other), OPTIONAL))


def _by_name(left: Relation, right: Relation) -> Iterator[Item]:
    seen: set[str] = set()
    for item in left.items:
        if isinstance(item, Tail):
            yield item
            continue
        seen.add(item.key)
        there = right.find(item.key)
        others = [c.value for c in there] or [
            v for t in right.tails if (v := t.column(item.key)) is not None
        ]
        yield _joined(item, union(others))
    for item in right.items:
        if isinstance(item, Tail):
            yield item
        elif item.key not in seen:
            others = [v for t in left.tails if (v := t.column(item.key)) is not None]
            yield _joined(item, union(others))


# --- SELECT --------------------------------------------------------------------------------------


def _select(walk: Walk, e: exp.Select, parent: Scope | None) -> Relation:
    scope = Scope(parent=parent)
    _ctes(walk, e, scope)
    saved = walk.window, walk.column, walk.low, walk.high, walk.outer
    walk.window = None
    conditions = _from(walk, e, scope)
    _equate(walk, e, conditions, scope)
    _pending(walk, e, scope)
    keys = _group_keys(walk, e, scope)
    scope.group = scope.group | keys
    scope.behind = _behind(keys, scope)
    scope.floors = demanded(walk, e, scope)
    items, certain, pattern = _items(walk, e, scope)
    if len(items) > MOST_COLUMNS:
        items, certain, pattern = _cut_short(walk, items), min(certain, MOST_COLUMNS), None
    rows = rows_of(scope.sources)
    filtered = _row_signals(walk, e, conditions, items, scope, rows)
    inner = walk.low, walk.high
    walk.window, walk.column, walk.low, walk.high, walk.outer = saved
    if walk.low >= 0 and inner[0] >= 0:
        walk.low, walk.high = min(walk.low, inner[0]), max(walk.high, inner[1])
    kind = str(e.args.get("kind") or "").upper()
    if kind == "STRUCT":
        row = Relation(items).row()
        items, certain = [Column("$struct", "$struct", "$struct", row)], 1
    elif kind == "VALUE" and len(items) == 1:
        whole = item_value(items[0])
        items = [Column("value", "value", "value", whole), Tail(None, value=whole)]
    if walk.dialect in FOLDS_ASCII:
        _blend_cases(items)
    if walk.dialect == "duckdb":
        _suffix(items)
    if filtered and e.args.get("group") is None and _aggregates(e):
        # over no rows an aggregate is null
        for item in items:
            if isinstance(item, Column):
                item.value = flow(item.value, NULLABLE)
    single = one_row(_count_of(e.args.get("limit")), rows)
    return Relation(
        items,
        certain=certain,
        rows=rows,
        filtered=filtered,
        pattern=pattern,
        pinned=scope.pinned | single,
    )


def _cut_short(walk: Walk, items: list[Item]) -> list[Item]:
    """The first columns, and one open rest that holds all the others."""
    rest = union(item_value(item) for item in items[MOST_COLUMNS:])
    lost = walk.unknown(f"a query has more than {MOST_COLUMNS} columns")
    return [*items[:MOST_COLUMNS], Tail(None, value=union((rest, lost)))]


def _aggregates(e: exp.Select) -> bool:
    return any(
        type(item) is not exp.Column and item.find(exp.AggFunc) is not None
        for item in e.expressions
    )


def _blend_cases(items: list[Item]) -> None:
    """Names that differ in the case of a letter outside ASCII are two to the engine and one here:
    each may mean the other."""
    if all(item.name.isascii() for item in items if isinstance(item, Column)):
        return
    alike: dict[str, list[Column]] = {}
    for item in items:
        if isinstance(item, Column):
            alike.setdefault(item.key, []).append(item)
    for columns in alike.values():
        if len({ascii_fold(column.name) for column in columns}) > 1:
            whole = union(column.value for column in columns)
            for column in columns:
                column.value = whole


def _suffix(items: list[Item]) -> None:
    """DuckDB names the second `id` of a query `id_1`."""
    keys = [item.key for item in items if isinstance(item, Column)]
    if len(set(keys)) == len(keys):
        return
    taken: dict[str, int] = {}
    for i, item in enumerate(items):
        if isinstance(item, Tail):
            continue
        count = taken.get(item.key, 0)
        taken[item.key] = count + 1
        if count:
            name = f"{item.name}_{count}"
            items[i] = Column(
                name.lower(),
                name,
                name.lower(),
                item.value,
                named=item.named,
                span=item.span,
                listed=item.listed,
                struct=item.struct,
            )


def _from(walk: Walk, e: exp.Select, scope: Scope) -> list[tuple[exp.Expr, str]]:
    """Fill the scope; give back the conditions of its joins, each with its clause."""
    from_ = e.args.get("from_") or e.args.get("from")
    if from_ is not None:
        scope.sources = sources(walk, from_.this, scope)
    for node in e.args.get("laterals") or ():
        scope.sources = [*scope.sources, *sources(walk, node, scope)]
    for node in e.args.get("joins") or ():
        join(walk, node, scope)
    conditions = [found for node in _joins(e) for found in _on(node)]
    for window in e.args.get("windows") or ():
        scope.windows[window.name.lower()] = window
    if e.args.get("match"):
        inside = [source.relation.row() for source in scope.sources]
        scope.sources = [Source("", opaque(walk, "match_recognize is not understood", inside))]
    if e.args.get("pivots"):
        scope.sources.append(Source("", opaque(walk, "a pivot behind a select is not understood")))
    return conditions


def _joins(e: exp.Select) -> Iterator[exp.Join]:
    """All joins of a query, those in parentheses too."""
    from_ = e.args.get("from_") or e.args.get("from")
    if from_ is not None:
        yield from joins_within(from_.this)
    for node in e.args.get("joins") or ():
        yield node
        yield from joins_within(node.this)


def _on(node: exp.Join) -> Iterator[tuple[exp.Expr, str]]:
    clause = "anti" if node.kind.upper() == "ANTI" else "join"
    for condition in (node.args.get("on"), node.args.get("match_condition")):
        if isinstance(condition, exp.Expr):
            yield condition, clause


def _equate(walk: Walk, e: exp.Select, joined: list[tuple[exp.Expr, str]], scope: Scope) -> None:
    """A column found equal to something carries, when projected, what that something carries."""
    # what an anti join keeps is equal to nothing
    conditions = [(condition, clause) for condition, clause in joined if clause != "anti"]
    clauses = [
        e.args[key] for key in ("where", "qualify", "prewhere") if e.args.get(key) is not None
    ]
    conditions += [(clause.this, "filter") for clause in clauses]
    found: list[tuple[tuple[int, str], Value]] = []
    group: set[Edge] = set()
    walk.quiet = True
    hidden = _show_all(scope)
    for condition, clause in conditions:
        for node in conjuncts(condition):
            for sides in _sides(node):
                walk.outer = False
                read = [value(walk, side, scope) for side in sides]
                if walk.outer:
                    # tied to one row of the outer query: a group key in all but name
                    group |= {edge for v in read for edge in flat(v)}
                for side, other in ((sides[0], read[1]), (sides[1], read[0])):
                    places = _places(side, scope) if other else []
                    found += [(place, equated_to(other, clause)) for place in places]
        scope.pinned |= pinned(walk, condition, scope)
    walk.quiet = False
    for source in hidden:
        source.visible = False
    scope.pinned |= held(scope.sources)
    sample = e.args.get("sample")
    if sample is not None:
        # taken before anything is added up
        scope.pinned |= one_row(sample.args.get("size"), rows_of(scope.sources))
    for place, carried in found:
        scope.equated[place] = union((scope.equated.get(place, NOTHING), carried))
    scope.tied = frozenset(group)
    scope.group = scope.tied | scope.pinned


def _show_all(scope: Scope) -> list[Source]:
    """Let a join's condition see both of its sides; gives back those that nothing else sees."""
    hidden = [source for source in scope.sources if not source.visible]
    for source in hidden:
        source.visible = True
    return hidden


def _sides(node: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """The pairs of expressions that a condition may find equal."""
    if isinstance(node, exp.EQ | exp.NullSafeEQ):
        yield from _paired(node.this, node.expression)
    elif isinstance(node, exp.In):
        query_ = node.args.get("query")
        if query_ is not None:
            yield node.this, query_
        for choice in node.expressions:
            yield from _paired(node.this, choice)
    elif isinstance(node, exp.ArrayContains) and isinstance(node.this, exp.Array):
        for choice in node.this.expressions:
            yield node.expression, choice


def _paired(left: exp.Expr, right: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Rows and lists are equal where each of their elements is."""
    left, right = left.unnest(), right.unnest()
    several = isinstance(left, exp.Tuple | exp.Array) and type(left) is type(right)
    if several and len(left.expressions) == len(right.expressions):
        for pair in zip(left.expressions, right.expressions, strict=True):
            yield from _paired(*pair)
    else:
        yield left, right


def _places(e: exp.Expr, scope: Scope) -> list[tuple[int, str]]:
    """The source columns that a plain column reference may mean in this scope."""
    while isinstance(e, exp.Paren):
        e = e.this
    if not isinstance(e, exp.Column) or isinstance(e.this, exp.Star):
        return []
    key = e.name.lower()
    table = e.table.lower()
    return [
        (id(source), key)
        for source in scope.sources
        if (
            source.key == table
            if table
            else source.relation.find(key) or any(source.relation.tails)
        )
    ]


def _pending(walk: Walk, e: exp.Select, scope: Scope) -> None:
    """Aliases of the select list, read when a name asks for them before their turn; ClickHouse's
    `with x as name` is one of every query inside."""
    outer: Scope | None = scope
    while outer is not None:
        for name, cte in outer.scalars.items():
            scope.pending.setdefault(name, _Deferred(walk, cte, scope))
        outer = outer.parent
    for item in e.expressions:
        if isinstance(item, exp.Alias):
            scope.pending[item.alias.lower()] = _Deferred(walk, item, scope)


class _Deferred:
    """One aliased expression, to be read later in its scope."""

    __slots__ = ("item", "scope", "walk")

    def __init__(self, walk: Walk, item: exp.Alias | exp.CTE, scope: Scope) -> None:
        self.walk, self.item, self.scope = walk, item, scope

    def __call__(self) -> Value:
        return value(self.walk, self.item.this, self.scope)


def _group_keys(walk: Walk, e: exp.Select, scope: Scope) -> frozenset[Edge]:
    group = e.args.get("group")
    if group is None:
        return frozenset()
    walk.quiet = True
    keys = [value(walk, item, scope) for item in _grouped(e, group)]
    walk.quiet = False
    return frozenset(edge for v in keys for edge in flat(v))


def _behind(keys: frozenset[Edge], scope: Scope) -> frozenset[tuple[Ref, Edge]]:
    """What the rows of a group key's relation were found equal to: one value a row of it."""
    found: set[tuple[Ref, Edge]] = set()
    for source in scope.sources:
        reads = reads_of(source.relation.rows)
        mine = [ref for ref, chain in keys if not chain and ref.read in reads]
        for column in source.relation.columns if mine else ():
            equal = scope.equated.get((id(source), column.key), NOTHING)
            found |= {(key, edge) for key in mine for edge in flat(equal)}
    return frozenset(found)


def _grouped(e: exp.Select, group: exp.Expr) -> Iterator[exp.Expr]:
    """The expressions a query groups by, ordinals and `all` resolved."""
    if group.args.get("all"):
        yield from (
            item.unalias() if isinstance(item, exp.Alias) else item
            for item in e.expressions
            if not item.find(exp.AggFunc) and not is_star(item)
        )
    keys = list(group.expressions)
    for name in ("grouping_sets", "cube", "rollup"):
        keys += group.args.get(name) or []
    while keys:
        key = keys.pop(0)
        if isinstance(key, exp.GroupingSets | exp.Cube | exp.Rollup | exp.Tuple):
            keys = [*key.expressions, *keys]
        elif isinstance(key, exp.Paren):
            keys = [key.this, *keys]
        elif isinstance(key, exp.Literal) and key.name.isdigit():
            index = int(key.name) - 1
            if index < len(e.expressions) and not any(
                is_star(x) for x in e.expressions[: index + 1]
            ):
                yield e.expressions[index].unalias()
            elif any(is_star(x) for x in e.expressions):
                yield exp.Star()
        else:
            yield key


def _items(
    walk: Walk, e: exp.Select, scope: Scope
) -> tuple[list[Item], bool | int, tuple[object, ...] | None]:
    items: list[Item] = []
    certain: int | None = None
    pattern: list[object] | None = []
    unnamed = False
    for item in e.expressions:
        before = len(items)
        walk.reset()
        plain = item.args["this"] if type(item) is exp.Alias else item
        if type(plain) is exp.Column and type(plain.args["this"]) is exp.Identifier:
            # most of what is ever selected: no star, no generator, no set of columns
            column = _item(walk, item, scope)
            items.append(column)
            if pattern is not None:
                pattern.append(column.key)
            continue
        unnamed = unnamed or not isinstance(item, exp.Alias)
        if is_star(plain):
            found, sure, inner = expand(walk, plain, scope)
            if plain is not item:
                found = [_aliased(walk, one, item, plain) for one in found]
                sure, inner = sure and not any(isinstance(one, Tail) for one in found), None
            items += found
            if not sure and certain is None:
                certain = before
            if pattern is not None:
                pattern = [*pattern, inner] if inner is not None else None
            continue
        several = spread(walk, item, scope) if walk.column_sets else None
        if several is not None:
            found = list(_spread_items(walk, item, several, scope))
            items += found
            sure = several.certain and all(isinstance(one, Column) for one in found)
            if not sure and certain is None:
                certain = before
            if pattern is not None:
                pattern = [*pattern, several.pattern] if several.pattern is not None else None
            continue
        generated = _generated(walk, item, scope)
        if generated is not None:
            items += generated
            if pattern is not None:
                pattern += [column.key for column in generated]
            continue
        unpacked = _unpacked(walk, item, scope) if walk.row_makers else None
        if unpacked is not None:
            items += unpacked
            certain = before if certain is None else certain
            pattern = None
            continue
        column = _item(walk, item, scope)
        items.append(column)
        if pattern is not None:
            pattern.append(column.key)
    if unnamed:
        _keep_apart(e, items)
    return (
        items,
        len(items) if certain is None else certain,
        tuple(pattern) if pattern is not None else None,
    )


def _keep_apart(e: exp.Select, items: list[Item]) -> None:
    """An engine's own name for an unnamed expression never stands in for a name somebody wrote."""
    if len(items) != len(e.expressions):
        return
    written = {e.alias_or_name.lower() for e in e.expressions if _is_named(e)}
    for i, (item, expression) in enumerate(zip(items, e.expressions, strict=True), 1):
        if isinstance(item, Column) and not _is_named(expression) and item.key in written:
            item.key = item.name = item.exact = f"{item.key} #{i}"


def _is_named(item: exp.Expr) -> bool:
    return isinstance(item, exp.Alias) or (
        isinstance(item, exp.Column) and isinstance(item.this, exp.Identifier)
    )


def _item(walk: Walk, item: exp.Expr, scope: Scope) -> Column:
    aliased = isinstance(item, exp.Alias)
    inner = item.args["this"] if aliased else item
    name, quoted = _name(walk, item)
    if isinstance(item, exp.PositionalColumn) and item.name.isdigit():
        meant = item_at(int(item.name), scope)
        name = meant.name if isinstance(meant, Column) else name
    walk.column = name
    if aliased:
        walk.met(item.args.get("alias"))
    content = bounded(value(walk, inner, scope))
    span = walk.span
    content = stamp(content, span, over=not isinstance(inner, exp.Column))
    key = name.lower()
    scope.pending.pop(key, None)
    scope.aliases.setdefault(key, content)
    listed = struct = False
    if walk.dialect == "duckdb" and (walk.natures or not _unremarkable(inner, scope)):
        listed, struct = surely_list(inner, scope), surely_struct(inner, scope)
        walk.natures = walk.natures or listed or struct
    exact = fold(name, quoted, walk.dialect)
    return Column(key, name, exact, content, span=span, listed=listed, struct=struct)


def _name(walk: Walk, item: exp.Expr) -> tuple[str, bool]:
    """The name an engine gives a select-list item, and whether it is quoted."""
    written = item.args.get("alias" if isinstance(item, exp.Alias) else "this")
    if type(written) is exp.Identifier and isinstance(item, (exp.Alias, exp.Column)):
        return written.args["this"], bool(written.args.get("quoted"))
    if isinstance(item, exp.Alias):
        alias = item.args["alias"]
        return item.alias, bool(alias.args.get("quoted")) if isinstance(alias, exp.Expr) else False
    if isinstance(item, exp.Column) or (isinstance(item, exp.Dot) and not _bracketed(walk, item)):
        return item.name or item.expression.name, bool(item.this.args.get("quoted"))
    if isinstance(item, exp.Paren | exp.Cast) and walk.dialect == "postgres":
        return _name(walk, item.this)
    if walk.dialect == "duckdb":
        return _duckdb_name(walk, item), True
    return (item.output_name or function_name(item)).lower(), True


def _bracketed(walk: Walk, e: exp.Expr) -> bool:
    """True for `(s).a`, which DuckDB doesn't call `a`."""
    return walk.dialect == "duckdb" and isinstance(e.this, exp.Paren | exp.Bracket)


def _duckdb_name(walk: Walk, item: exp.Expr) -> str:
    while isinstance(item, exp.Paren):
        item = item.this
    return item.name if isinstance(item, exp.Column) else heading(item, walk.text)


def _spread_items(walk: Walk, item: exp.Expr, several: Chosen, scope: Scope) -> Iterator[Item]:
    node = several.node
    aliased = isinstance(item, exp.Alias)
    inner = item.this if aliased else item
    bare = isinstance(inner, exp.Columns) or is_column_call(inner)
    for column in several.items:
        walk.column = column.name if isinstance(column, Column) else "*"
        read = value(walk, with_column(inner, node, column), chosen_scope(scope, column))
        if isinstance(column, Tail):
            yield Tail(column.read if bare else None, column.hidden, column.value if bare else read)
        else:
            name = column.name
            if aliased:
                renamed_ = Column(column.key, name, column.exact, read)
                yield _aliased(walk, renamed_, item, node)
                continue
            if name == UNPACKED:
                name = _name(walk, item)[0]
            yield Column(name.lower(), name, fold(name, True, walk.dialect), read, named=not bare)


def _aliased(walk: Walk, item: Item, alias: exp.Expr, chosen: exp.Expr) -> Item:
    """One of several columns under an alias for all of them."""
    name: str | None = alias.alias
    # a plain star and the call around unpacked columns take it as it stands
    plain = isinstance(chosen, exp.Star | exp.Column)
    if isinstance(item, Column) and not plain and item.name != UNPACKED:
        name = renamed_by(alias.alias, name_pattern(chosen), item.name)
    if isinstance(item, Tail) or name is None:
        # who knows which column this is: no field of it may be asked for by name
        return Tail(None, value=flow(item_value(item), TRANSFORM))
    return Column(name.lower(), name, fold(name, True, walk.dialect), item.value, span=item.span)


def _unpacked(walk: Walk, item: exp.Expr, scope: Scope) -> list[Item] | None:
    """`select unnest(struct)` gives a column a field, and to the bottom if it is told so."""
    call = item.this if isinstance(item, exp.Alias) else item
    if not isinstance(call, exp.Explode | exp.Unnest | exp.Inline):
        return None
    deep = any(option.name.lower() in ("recursive", "max_depth") for option in _options(call))
    duckdb = walk.dialect == "duckdb"
    operand = _operand(call)
    listed = isinstance(operand, LISTS) or (duckdb and surely_list(operand, scope))
    if listed and not deep and not isinstance(call, exp.Inline):
        return None
    content = value(walk, call, scope)
    if duckdb and content and not content.fields:
        told = _told(content, schema_of(operand), deep=deep)
        if told is not None:
            return list(told)
        if function_name(operand) in OF_A_SCHEMA:
            # a struct whose fields only its schema names
            return [Tail(None, value=content)]
    if not content.fields:
        if not duckdb or not content.edges:
            return None
        # a list, which stays one column, or a struct, of which a column a field
        return [_item(walk, item, scope), Tail(None, value=content)]
    items: list[Item] = list(_leaves(content) if deep else _branches(content))
    if not (deep or isinstance(call, exp.Inline) or surely_struct(operand, scope)):
        # perhaps a list of structs, which stays one column
        items.append(_item(walk, item, scope))
    if content.edges:
        items.append(Tail(None, value=Value(content.edges)))
    return items


def _operand(call: exp.Expr) -> exp.Expr:
    """What is unnested; to some dialects' parsers it is one of a list."""
    operands = [call.this] if call.this is not None else call.expressions
    return operands[0] if len(operands) == 1 else call


def _told(content: Value, schema: object, *, deep: bool) -> list[Column] | None:
    """The columns of a JSON document unnested by its schema; None where they can't be told."""
    schema = _innermost(schema) if deep else schema
    if not isinstance(schema, dict):
        return None
    found: list[Column] = []
    for name, inner in schema.items():
        key = str(name).lower()
        lowest = _innermost(inner)
        if not deep or (isinstance(lowest, str) and lowest.isalnum()):
            found.append(Column(key, str(name), key, descend(content, key)))
            continue
        below = _told(descend(content, key), inner, deep=deep)
        if below is None:
            return None
        found += below
    return found


def _innermost(schema: object) -> object:
    while isinstance(schema, list) and len(schema) == 1:
        schema = schema[0]
    return schema


def _unremarkable(e: exp.Expr, scope: Scope) -> bool:
    """True for a plain column, while no column is known to be a list or a struct."""
    if type(e) is not exp.Column or type(e.args["this"]) is not exp.Identifier:
        return False
    return e.args.get("table") is not None or scope.source(e.name.lower()) is None


def _generated(walk: Walk, item: exp.Expr, scope: Scope) -> list[Column] | None:
    """A generator in the select list under several names; a script that can do anything."""
    if isinstance(item, exp.QueryTransform):
        schema = item.args.get("schema")
        names = [c.name for c in schema.expressions] if schema is not None else ["key", "value"]
        inside = flow(union(values(walk, item.expressions, scope)), TRANSFORM)
        lost = union((inside, walk.unknown("an external script transforms the rows")))
        return [Column(name.lower(), name, name, lost) for name in names]
    call = item
    if isinstance(item, exp.Aliases):
        call, names = item.this, [alias.name for alias in item.args["expressions"]]
    else:
        names = default_names(call) if walk.dialect in ("spark", "databricks") else []
    if not names:
        return None
    contents = spread_call(walk, call, len(names), scope)
    return [
        Column(name.lower(), name, fold(name, False, walk.dialect), content)
        for name, content in zip(names, contents, strict=True)
    ]


def _options(call: exp.Expr) -> Iterator[exp.Expr]:
    yield from (o.this for o in call.expressions if isinstance(o, exp.PropertyEQ | exp.Kwarg))


def _branches(content: Value) -> Iterator[Column]:
    for key, part in (content.fields or {}).items():
        yield Column(key, key, key, union((part, Value(content.edges))))


def _leaves(content: Value) -> Iterator[Column]:
    for column in _branches(content):
        if column.value.fields:
            yield from _leaves(column.value)
        else:
            yield column


def _row_signals(
    walk: Walk,
    e: exp.Select,
    joined: list[tuple[exp.Expr, str]],
    items: list[Item],
    scope: Scope,
    rows: Edges,
) -> bool:
    """Note what decides the rows; True where there may be none."""
    hidden = _show_all(scope)
    for condition, _ in joined:
        merge(rows, _signalled(walk, value(walk, condition, scope), "join"))
    for source in hidden:
        source.visible = False
    for content in scope.merged.values():
        merge(rows, _signalled(walk, content, "join"))
    tied = scope.tied
    for key, clause in (
        ("where", "filter"),
        ("prewhere", "filter"),
        ("having", "filter"),
        ("qualify", "filter"),
    ):
        node = e.args.get(key)
        if node is not None:
            # of a query tied to one row of another, who is asked for is settled
            merge(rows, _signalled(walk, value(walk, node.this, scope), clause, tied))
    group = e.args.get("group")
    if group is not None:
        walk.quiet = True
        merge(rows, _signalled(walk, union(values(walk, _grouped(e, group), scope)), "group"))
        walk.quiet = False
    distinct = e.args.get("distinct")
    if distinct is not None:
        on = distinct.args.get("on")
        content = (
            value(walk, on, scope) if on is not None else union(item_value(item) for item in items)
        )
        merge(rows, _signalled(walk, content, "group"))
    for key in ("order", "sort", "cluster", "distribute"):
        node = e.args.get(key)
        if node is not None:
            keys = [value(walk, k, scope) for k in node.expressions if not _ordinal(k)]
            merge(rows, _signalled(walk, union(keys), "sort"))
    for key in ("connect", "limit", "offset"):
        node = e.args.get(key)
        if node is not None:
            merge(rows, _signalled(walk, value(walk, node, scope), "filter"))
    for item in e.expressions if walk.row_makers else ():
        for unnested in _row_makers(walk, item):
            merge(rows, _signalled(walk, value(walk, unnested, scope), "count"))
    inner_joins = any(
        j.side.upper() not in ("LEFT", "FULL") and j.kind.upper() != "CROSS" for j in _joins(e)
    )
    restricted = any(
        e.args.get(key) is not None
        for key in ("where", "prewhere", "having", "qualify", "sample", "connect")
    )
    return (
        restricted or inner_joins or _limits(e) or any(s.relation.filtered for s in scope.sources)
    )


def _row_makers(walk: Walk, item: exp.Expr) -> Iterator[exp.Expr]:
    """Calls in the select list that give several rows for one."""
    for node in item.walk(prune=lambda n: isinstance(n, exp.Query)):
        if isinstance(node, exp.Explode | exp.Unnest | exp.Inline):
            yield node
        elif isinstance(node, exp.Anonymous) and (
            walk.dialect in ROWS_BY_NAME or function_name(node) == "generate_subscripts"
        ):
            spec = spec_of(walk, node)
            if spec is not None and spec.cls in ("table", "series", "keys"):
                yield node


def _signalled(
    walk: Walk, content: Value, clause: str, group: frozenset[Edge] = frozenset()
) -> Edges:
    edges: Edges = {}
    for (ref, chain), span in flat(content).items():
        if not chain and ref.column == "":
            merge(edges, {(ref, chain): span})
        else:
            merge(edges, apply(Value({(ref, chain): span}), Signal(clause, group)).edges)
    return edges
