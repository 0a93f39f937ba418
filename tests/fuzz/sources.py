"""FROM: tables, models, CTEs, subqueries and what stands beside them, joined in every way."""

from __future__ import annotations

from dataclasses import replace

from .expressions import condition, expression, references
from .maker import Impossible, Maker
from .scope import Column, Place, Relation, Row, Scope, Source

LARGEST = 120
"""Rows that a join may give, roughly: the oracle runs each query some thirty times."""
JOINS = {
    "inner": 20,
    "left": 22,
    "right": 5,
    "full": 5,
    "cross": 3,
    "comma": 5,
    "semi": 4,
    "anti": 2,
    "using": 9,
    "natural": 4,
    "lateral": 6,
    "unnest": 7,
    "range": 2,
    "asof": 3,
    "positional": 2,
    "salts": 4,
    "json": 3,
    "values": 3,
    "nested": 3,
}


def from_clause(m: Maker, depth: int, outer: Scope | None) -> tuple[str, Scope]:
    """What a query reads: its text after FROM, and what names mean then."""
    scope = Scope(outer=outer)
    sql, first = source(m, depth, outer)
    scope.sources.append(first)
    scope.size = first.relation.size
    joins = m.weighted({0: 42, 1: 36, 2: 15, 3: 7}) if m.fuel > 0 else 0
    for _ in range(joins):
        kind = m.weighted(JOINS)
        try:
            sql += _join(m, kind, depth, scope)
        except Impossible:
            continue
        if kind in ("lateral", "unnest", "json", "values"):
            # DuckDB refuses outer joins to the right of it
            break
    return sql, scope


def source(m: Maker, depth: int, outer: Scope | None) -> tuple[str, Source]:
    """One relation under an alias."""
    m.fuel -= 1
    alias = m.fresh("t")
    misleading = m.pick(("region", "label", "masked"))
    if m.chance(3) and misleading not in m.aliases:
        alias = misleading
        m.aliases.add(alias)
    if depth > 0 and m.fuel > 0 and m.chance(38):
        body, relation = m.query(m, depth - 1, None)
        return _aliased(m, f"({body})", alias, relation)
    if m.chance(4):
        rows = ", ".join(f"({n}, {m.pick(_WORDS)}, {m.number(0, 5)})" for n in range(1, 4))
        columns = (Column("k", "int", "user"), Column("w", "text"), Column("n", "int"))
        return f"(values {rows}) as {alias}(k, w, n)", Source(alias, Relation(columns, ("k",), 3))
    name = m.weighted({name: _weight(name) for name in m.relations})
    schema, dot, table = name.rpartition(".")
    written = f"{schema}.{m.pick((f'{chr(34)}{table}{chr(34)}', table.upper()))}" if dot else name
    return _aliased(m, written if m.chance(6) else name, alias, m.relations[name])


_WORDS = ("'Oslo'", "'paid'", "'ann@example.com'", "'home'")


def _weight(name: str) -> int:
    if not name.startswith("base."):
        return 14
    return {
        "base.users": 12,
        "base.orders": 7,
        "base.events": 4,
        "base.orgs": 4,
        "base.leads": 2,
    }.get(name, 16 if name.startswith("base.m") else 1)


def _aliased(m: Maker, sql: str, alias: str, relation: Relation) -> tuple[str, Source]:
    if relation.columns and m.chance(8):
        count = m.number(1, min(3, len(relation.columns)))
        names = [m.fresh("n") for _ in range(count)]
        renamed = relation.relabelled(names)
        return f"{sql} as {alias}({', '.join(names)})", Source(alias, renamed)
    return f"{sql} {m.pick(('as ', ''))}{alias}", Source(alias, relation)


def _grown(scope: Scope, size: int) -> None:
    if size > LARGEST:
        raise Impossible
    scope.size = max(size, 1)


def _join(m: Maker, kind: str, depth: int, scope: Scope) -> str:
    if kind in _BESIDE:
        return _BESIDE[kind](m, depth, scope)
    sql, right = source(m, depth, None)
    both = Scope([*scope.sources, right], outer=scope.outer)
    size = scope.size * right.relation.size
    if kind in ("cross", "comma"):
        _grown(scope, size)
        scope.sources.append(right)
        return f" cross join {sql}" if kind == "cross" else f", {sql}"
    if kind in ("using", "natural"):
        return _shared(m, kind, sql, right, scope)
    equal = _partners(m, scope, right)
    extra = ""
    if m.chance(12):
        place = Place(both, 1, subqueries=False, quiet=m.chance(60))
        extra = condition(m, place)
    if equal is None or m.chance(8):
        equal = extra or condition(m, Place(both, 1, subqueries=False, quiet=m.chance(60)))
        extra = ""
        _grown(scope, size)
    else:
        _grown(scope, min(size, 2 * max(scope.size, right.relation.size)))
    on = f"{equal} and {extra}" if extra else equal
    if kind not in ("semi", "anti"):
        scope.sources.append(right)
    return f" {kind} join {sql} on {on}"


def _partners(m: Maker, scope: Scope, right: Source) -> str | None:
    """An equality between columns that count the same, else between any of one type."""
    mine = [(s, c) for s, c in scope.columns() if isinstance(c.type, str)]
    theirs = [(right, c) for c in right.relation.columns if isinstance(c.type, str)]
    pairs = [(a, b) for a in mine for b in theirs if a[1].domain and a[1].domain == b[1].domain]
    if m.chance(6) or (not pairs and m.chance(25)):
        pairs = [(a, b) for a in mine for b in theirs if a[1].type == b[1].type in ("int", "text")]
    if not pairs:
        return None
    (s, a), (t, b) = m.pick(pairs)
    m.touched = m.touched or a.personal or b.personal
    return f"{s.alias}.{a.name} = {t.alias}.{b.name}"


def _shared(m: Maker, kind: str, sql: str, right: Source, scope: Scope) -> str:
    """`using` and natural joins: equal names merge."""
    if any(isinstance(c.type, Row) for c in right.relation.columns):
        raise Impossible
    common = [
        c.name
        for c in right.relation.columns
        for s, d in scope.columns()
        if d.name == c.name and d.type == c.type and scope.unambiguous(c.name)
    ]
    clash = [
        c.name for c in right.relation.columns if any(d.name == c.name for _, d in scope.columns())
    ]
    if not common or (kind == "natural" and (len(clash) != len(common) or len(common) > 2)):
        raise Impossible
    size = max(scope.size, right.relation.size) * 2
    _grown(scope, size)
    names = common if kind == "natural" else [m.pick(common)]
    merged = replace(right, merged=frozenset(names))
    scope.sources.append(merged)
    side = m.pick(("", "", " left", " full", " right"))
    if kind == "natural":
        return f" natural{side} join {sql}"
    return f"{side} join {sql} using ({', '.join(names)})"


# --- what stands beside a source ------------------------------------------------------------------


def _lateral(m: Maker, depth: int, scope: Scope) -> str:
    """A subquery that sees what stands left of it."""
    inner, read = source(m, 0, None)
    within = Scope([read], outer=Scope(list(scope.sources)))
    place = Place(within, 2, subqueries=False)
    items, columns = [], []
    taken: set[str] = set()
    for _ in range(m.number(1, 2)):
        kind = m.pick(("text", "int", "text"))
        with m.noting() as note:
            sql = expression(m, kind, place)
        name = m.column_name(taken)
        items.append(f"{sql} as {name}")
        columns.append(Column(name, kind, personal=note[0]))
    tied = references(within.outer, "int", place, qualified=True) if within.outer else []
    own = references(within, "int", place, qualified=True)
    where = ""
    if tied and own:
        where = f" where {m.pick(m.pick(tied)[0])} = {m.pick(m.pick(own)[0])}"
    _grown(scope, scope.size * (1 if where else read.relation.size))
    alias = m.fresh("l")
    body = f"(select {', '.join(items)} from {inner}{where}) as {alias}"
    scope.sources.append(Source(alias, Relation(tuple(columns), None, 2)))
    return m.pick(
        (f", lateral {body}", f" cross join lateral {body}", f" left join lateral {body} on true")
    )


def _unnest(m: Maker, depth: int, scope: Scope) -> str:
    """A list spread into rows."""
    kind = m.pick(("texts", "ints"))
    with m.noting() as note:
        sql = expression(m, kind, Place(scope, 2, subqueries=False))
    _grown(scope, scope.size * 3)
    alias, name = m.fresh("u"), m.fresh("e")
    column = Column(name, "text" if kind == "texts" else "int", personal=note[0])
    scope.sources.append(Source(alias, Relation((column,), None, 3)))
    return m.pick(
        (f", unnest({sql}) as {alias}({name})", f" cross join unnest({sql}) as {alias}({name})")
    )


def _range(m: Maker, depth: int, scope: Scope) -> str:
    _grown(scope, scope.size * 3)
    alias = m.fresh("r")
    scope.sources.append(Source(alias, Relation((Column("i", "int", "user"),), ("i",), 3)))
    return m.pick(
        (f", range(1, 4) as {alias}(i)", f" cross join generate_series(1, 3) as {alias}(i)")
    )


def _json(m: Maker, depth: int, scope: Scope) -> str:
    """A document's entries as rows."""
    documents = references(scope, "json", Place(scope, 0), qualified=True)
    spellings, owner = m.pick(documents)
    _grown(scope, scope.size * 5)
    alias = m.fresh("j")
    found = tuple(Column(name, kind, None, owner.personal) for name, kind in JSON_COLUMNS)
    scope.sources.append(Source(alias, Relation(found, None, 5)))
    function = m.pick(("json_each", "json_tree"))
    return f", {function}({m.pick(spellings)}) as {alias}"


JSON_COLUMNS = (
    ("key", "text"), ("value", "json"), ("type", "text"), ("atom", "json"), ("id", "int"),
    ("parent", "int"), ("fullkey", "text"), ("path", "text"),
)  # fmt: skip


def _values(m: Maker, depth: int, scope: Scope) -> str:
    """Rows written out, of what stands left of them."""
    place = Place(Scope(list(scope.sources)), 1, subqueries=False)
    with m.noting() as note:
        rows = ", ".join(
            f"({expression(m, 'text', place)}, {expression(m, 'int', place)})"
            for _ in range(m.number(1, 2))
        )
    _grown(scope, scope.size * 2)
    alias, a, b = m.fresh("v"), m.fresh("n"), m.fresh("n")
    columns = (Column(a, "text", personal=note[0]), Column(b, "int", personal=note[0]))
    scope.sources.append(Source(alias, Relation(columns, None, 2)))
    return f", (values {rows}) as {alias}({a}, {b})"


def _nested(m: Maker, depth: int, scope: Scope) -> str:
    """A join whose right side is a join in parentheses."""
    first_sql, first = source(m, 0, None)
    second_sql, second = source(m, 0, None)
    inner = _partners(m, Scope([first]), second)
    outer = _partners(m, scope, first)
    if inner is None or outer is None:
        raise Impossible
    _grown(scope, 2 * max(scope.size, first.relation.size, second.relation.size))
    scope.sources += [first, second]
    side = m.pick(("", "left ", "full "))
    return (
        f" {side}join ({first_sql} {m.pick(('', 'left '))}join {second_sql} on {inner}) on {outer}"
    )


def _asof(m: Maker, depth: int, scope: Scope) -> str:
    """The latest partner by time; times of a stored table tell its rows apart."""
    name, column = m.pick((("base.orders", "ordered_at"), ("base.users", "joined_at")))
    times = references(scope, "time", Place(scope, 0, quiet=True), qualified=True)
    mine = m.pick(m.pick(times)[0])
    alias = m.fresh("t")
    scope.sources.append(Source(alias, m.relations[name]))
    return f" asof {m.pick(('', 'left '))}join {name} {alias} on {mine} >= {alias}.{column}"


def _positional(m: Maker, depth: int, scope: Scope) -> str:
    """Side by side, in the order the tables keep."""
    if len(scope.sources) != 1 or not scope.sources[0].relation.stored:
        raise Impossible
    name = m.pick(("base.orgs", "base.users", "base.orders"))
    alias = m.fresh("t")
    scope.sources.append(Source(alias, m.relations[name]))
    scope.size = 5
    return f" positional join {name} {alias}"


def _salts(m: Maker, depth: int, scope: Scope) -> str:
    """The secret beside every row, or beside none."""
    alias = m.fresh("s")
    scope.sources.append(Source(alias, m.relations["base.salts"]))
    return m.pick((
        f" cross join base.salts {alias}",
        f", base.salts {alias}",
        f" left join base.salts {alias} on true",
        f" left join base.salts {alias} on {alias}.salt is null",
    ))  # fmt: skip


_BESIDE = {
    "lateral": _lateral,
    "unnest": _unnest,
    "range": _range,
    "asof": _asof,
    "positional": _positional,
    "salts": _salts,
    "json": _json,
    "values": _values,
    "nested": _nested,
}
