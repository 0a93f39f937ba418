"""Random queries: selects, groups, set operations, CTEs, recursion, pivots; and chains of models."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random

from tests.corpus.harness import world

from .expressions import (
    any_type,
    condition,
    expression,
    fill,
    leaf,
    literal,
    references,
    total_order,
    whole_row,
)
from .maker import Impossible, Maker
from .scope import SCALARS, Column, Place, Relation, Row, Scope, Source, Type
from .sources import from_clause, source
from .stars import star_select

DEPTH = 3
TYPES = {"varchar": "text", "integer": "int", "timestamp": "time", "boolean": "bool"}
DOMAINS = {"users.id": "user", "orders.user_id": "user", "events.user_id": "user", "users.org_id": "org",
           "orgs.id": "org", "orders.id": "order"}  # fmt: skip
Query = tuple[str, Relation]


def program(number: int) -> dict[str, str]:
    """A chain of one to three models over the world, each reading tables and models before it.

    NOTE: Hypothesis doesn't draw the numbers: it takes constants from the sources that are loaded,
    so that a seed means other programs after any edit. A failing program is made small by cutting
    its SQL (shrink.py), which goes further than cutting choices.
    """
    m = Maker(Random(number), subquery, query, dict(tables()))
    models: dict[str, str] = {}
    count = m.weighted({1: 55, 2: 30, 3: 15})
    # small programs show what large ones hide: a label that arrives twice can be lost once
    fuel = m.weighted({5: 15, 12: 30, 25: 30, 70: 25})
    for number in range(1, count + 1):
        m.fuel = fuel
        stored = dict(m.relations)
        sql, relation = _model(m, DEPTH if number == count else 2)
        m.relations = {**stored, f"base.m{number}": relation}
        models[f"m{number}"] = sql
    return models


def _model(m: Maker, depth: int) -> Query:
    while True:
        with suppress(Impossible):
            return query(m, depth, None)


def tables() -> dict[str, Relation]:
    """The world's tables."""
    found: dict[str, Relation] = {}
    for name, columns in world().items():
        listed = tuple(
            Column(
                column,
                "salt" if about.get("secret") else TYPES.get(about["type"], about["type"]),
                DOMAINS.get(f"{name}.{column}"),
                bool(about.get("kind") or about.get("keys")),
            )
            for column, about in columns.items()
        )
        key = tuple(c for c, about in columns.items() if about.get("unique") or about.get("secret"))
        size = len(next(iter(columns.values()))["values"])
        found[f"base.{name}"] = Relation(listed, key, size, stored=True)
    return found


# --- queries -------------------------------------------------------------------------------------


def query(m: Maker, depth: int, outer: Scope | None) -> Query:
    """Any query; CTEs of its own are out of sight afterwards."""
    before = dict(m.relations)
    try:
        kind = m.weighted(KINDS) if depth > 0 and m.fuel > 0 else "select"
        try:
            return _FORMS[kind](m, depth)
        except Impossible:
            m.relations = dict(before)
            return select(m, max(depth - 1, 0))
    finally:
        m.relations = before


def select(m: Maker, depth: int, types: Sequence[Type] = (), names: Sequence[str] = ()) -> Query:
    """A plain or grouped select; its columns have these types and names where they are given."""
    if m.chance(26):
        return _grouped(m, depth, types, names)
    sql, scope = from_clause(m, depth, None)
    place = Place(scope, min(depth, 2) + 1, windows=True)
    items, columns, simple = _items(m, place, types or _some_types(m), names)
    where = _where(m, place, simple)
    qualify = ""
    if m.chance(7):
        test = expression(m, "bool", replace(place, depth=2, quiet=m.chance(60)))
        qualify = f" qualify {test}" if " over " in test else ""
    window = _named_window(m, place, items, columns) if not names and m.chance(5) else ""
    distinct, order = "", ""
    key = _kept_key(scope, items)
    size = scope.size
    if m.chance(7):
        distinct = "distinct "
        key = tuple(c.name for c in columns) if _comparable(columns) else None
    elif m.chance(4) and scope.key is not None:
        on = leaf(m, m.pick(SCALARS), replace(place, depth=0, quiet=m.chance(50)))
        distinct = f"distinct on ({on}) "
        order = f" order by {on}, {total_order(m, place)}" if re.search("[a-z]", on) else ""
        distinct = distinct if order else ""
    elif scope.key is not None and m.chance(12):
        order = f" order by {total_order(m, place)}"
        if m.chance(60):
            size = m.number(1, 4)
            order += f" limit {size}" + m.pick(("", "", " offset 1"))
        elif m.chance(12):
            counted, inner = source(m, 0, None)
            few = condition(m, Place(Scope([inner]), 1, subqueries=False))
            order += f" limit (select count(*) from {counted} where {few})"
    head = f"select {distinct}{', '.join(items)}"
    if not distinct and not order and not window and m.chance(6):
        text = f"from {sql} {head}{where}{qualify}"
    else:
        text = f"{head} from {sql}{where}{window}{qualify}{order}"
    return text, Relation(tuple(columns), key, size)


def _some_types(m: Maker) -> list[Type]:
    return [_item_type(m) for _ in range(m.weighted({1: 15, 2: 30, 3: 30, 4: 20, 5: 5}))]


def _item_type(m: Maker) -> Type:
    if m.chance(7):
        count = m.number(1, 2)
        return Row(tuple((f"f{n}", any_type(m)) for n in range(count)))
    return any_type(m)


def _items(
    m: Maker, place: Place, types: Sequence[Type], names: Sequence[str]
) -> tuple[list[str], list[Column], list[Column]]:
    """A select list; where rows can be told apart it often keeps what tells them. Third,
    the columns whose aliases can be used elsewhere."""
    items: list[str] = []
    columns: list[Column] = []
    simple: list[Column] = []
    taken = {name.lower() for name in names}
    if not types or (not names and m.chance(55)):
        for name in place.scope.key or ():
            alias, _, plain = name.partition(".")
            column = _column_of(place.scope, alias, plain)
            fresh = plain if plain not in taken and m.chance(50) else m.fresh("k")
            if column is None or fresh in taken or len(items) > 1:
                break
            taken.add(fresh)
            items.append(f"{name} as {fresh}" if fresh != plain else name)
            columns.append(replace(column, name=fresh))
    for number, kind in enumerate(types):
        here = replace(place, lateral=tuple(c for c in simple if _visible(place.scope, c.name)))
        with m.noting() as note:
            sql, actual = _item(m, kind, here, free=not names)
        name = names[number] if names else m.column_name(taken)
        items.append(f"{sql} as {name}")
        columns.append(Column(name, actual, _domain(place.scope, sql), note[0]))
        if "select " not in sql and " over " not in sql:
            # DuckDB refuses an alias of a subquery, and of a window inside another
            simple.append(columns[-1])
    return items, columns, simple


def _visible(scope: Scope, alias: str) -> bool:
    """True where an alias isn't hidden by a column of the same name."""
    current: Scope | None = scope
    while current is not None:
        if any(c.name == alias for _, c in current.columns()):
            return False
        current = current.outer
    return True


def _item(m: Maker, kind: Type, place: Place, *, free: bool) -> tuple[str, Type]:
    if free and m.chance(4):
        sql = whole_row(m, place)
        owner = next((s for s in place.scope.sources if s.alias == sql), None)
        if sql is not None and owner is not None:
            return sql, Row(tuple((c.name, c.type) for c in owner.relation.columns))
    return expression(m, kind, place), kind


def _column_of(scope: Scope, alias: str, name: str) -> Column | None:
    return next((c for s, c in scope.columns() if s.alias == alias and c.name == name), None)


def _domain(scope: Scope, sql: str) -> str | None:
    alias, dot, name = sql.partition(".")
    found = _column_of(scope, alias, name) if dot else None
    return found.domain if found is not None else None


def _kept_key(scope: Scope, items: Sequence[str]) -> tuple[str, ...] | None:
    """What tells rows apart outside: the keys of all sources, where the select list has them."""
    if scope.key is None:
        return None
    names = {}
    for item in items:
        sql, _, name = item.rpartition(" as ")
        names[sql or item] = name if sql else item.partition(".")[2]
    kept = [names.get(key) for key in scope.key]
    return tuple(k for k in kept if k) if all(kept) else None


def _comparable(columns: Sequence[Column]) -> bool:
    return len(columns) <= 4 and all(c.type in SCALARS for c in columns)


def _where(m: Maker, place: Place, aliases: Sequence[Column]) -> str:
    if not m.chance(24):
        return ""
    seen = tuple(c for c in aliases if _visible(place.scope, c.name)) if m.chance(40) else ()
    inner = replace(place, depth=2, quiet=m.chance(62), lateral=seen)
    return f" where {condition(m, inner)}"


def _named_window(m: Maker, place: Place, items: list[str], columns: list[Column]) -> str:
    """A WINDOW clause, and columns that use it."""
    name, column = m.fresh("w"), m.fresh("c")
    with m.noting() as note:
        try:
            definition = fill(m, m.pick(("{part}", "{sorted}", "{total}")), "text", place)
        except Impossible:
            return ""
        inner = replace(place, depth=1, windows=False)
        over = f"({name} order by 1)" if "order by" not in definition and m.chance(30) else name
        function = m.pick(("max", "count", "min"))
        items.append(f"{function}({expression(m, 'text', inner)}) over {over} as {column}")
    kind = "int" if function == "count" else "text"
    columns.append(Column(column, kind, personal=note[0]))
    return f" window {name} as ({definition})"


# --- groups --------------------------------------------------------------------------------------


def _grouped(m: Maker, depth: int, types: Sequence[Type], names: Sequence[str]) -> Query:
    sql, scope = from_clause(m, depth, None)
    place = Place(scope, min(depth, 2) + 1)
    where = _where(m, place, ())
    keys: list[tuple[str, Column]] = []
    for _ in range(m.weighted({0: 20, 1: 50, 2: 22, 3: 8})):
        kind = m.pick(("text", "int", "date", "bool", "text", "int"))
        with m.noting() as note:
            key = _group_key(m, kind, place)
        if key is not None and key not in [k for k, _ in keys]:
            keys.append((key, Column("", kind, _domain(scope, key), note[0])))
    style = m.pick(("written", "ordinal", "alias", "all", "sets", "shadow")) if keys else "none"
    if style == "shadow" and (types or names):
        style = "written"
    if style == "shadow":
        return _shadowed(m, sql, scope, where)
    if names and style in ("ordinal", "alias", "all"):
        style = "written"
    rows = replace(scope, keyed=style != "sets")
    within = Place(rows, place.depth, windows=m.chance(15), subqueries=False, grouped=tuple(keys))
    if style == "all":
        within = replace(within, grouped=(), depth=1)
    items: list[str] = []
    columns: list[Column] = []
    taken: set[str] = {name.lower() for name in names}
    shown = [k for k in keys if style in ("ordinal", "alias", "all") or m.chance(80)]
    if not names:
        for key, column in shown:
            name = m.fresh("g") if style != "written" else m.column_name(taken)
            items.append(f"{key} as {name}")
            columns.append(replace(column, name=name))
    wanted = list(types) or [m.pick(AGGREGATED) for _ in range(m.number(1, 3))]
    for number, kind in enumerate(wanted):
        with m.noting() as note:
            item = expression(m, kind, within)
        name = names[number] if names else m.column_name(taken)
        items.append(f"{item} as {name}")
        columns.append(Column(name, kind, personal=note[0]))
    group = _group_by(m, style, keys, items)
    having = ""
    if m.chance(10):
        having = (
            f" having {condition(m, replace(within, depth=1, quiet=m.chance(50), windows=False))}"
        )
    found: tuple[str, ...] | None = None
    if not names and style != "sets" and len(shown) == len(keys):
        found = tuple(c.name for c in columns[: len(keys)])
    return (
        f"select {', '.join(items)} from {sql}{where}{group}{having}",
        Relation(tuple(columns), found, scope.size if keys else 1),
    )


def _shadowed(m: Maker, sql: str, scope: Scope, where: str) -> Query:
    """A group key by its bare name, under whose name the select list shows something else."""
    options = [c for _, c in scope.columns() if c.type == "text" and scope.unambiguous(c.name)]
    key = m.pick(options)
    shown = m.pick(("upper({})", "left({}, 1)", "length({})", "max({}) || 'x'")).format(key.name)
    within = Place(scope, 1, subqueries=False, grouped=((key.name, key),))
    with m.noting() as note:
        other = expression(m, "int", within)
    kind = "int" if shown.startswith("length") else "text"
    columns = (replace(key, type=kind, domain=None), Column(m.fresh("c"), "int", None, note[0]))
    text = f"select {shown} as {key.name}, {other} as {columns[1].name} from {sql}{where}"
    return f"{text} group by {key.name}", Relation(columns, None, scope.size)


AGGREGATED = ("int", "int", "text", "text", "num", "date", "bool", "texts", "json", "time")


def _group_key(m: Maker, kind: str, place: Place) -> str | None:
    quiet = m.chance(65)
    options = references(place.scope, kind, replace(place, quiet=quiet), qualified=True)
    if not options:
        return None
    spellings, chosen = m.pick(options)
    m.touched = m.touched or chosen.personal
    sql = m.pick(spellings)
    if kind == "text" and m.chance(25):
        return m.pick((f"lower({sql})", f"left({sql}, 1)", f"split_part({sql}, '@', 2)"))
    if kind == "date" and m.chance(40):
        return f"date_trunc('year', {sql})::date"
    return sql


def _group_by(m: Maker, style: str, keys: list[tuple[str, Column]], items: list[str]) -> str:
    written = [key for key, _ in keys]
    if style == "none":
        return ""
    if style == "all":
        return " group by all"
    if style == "ordinal":
        return f" group by {', '.join(str(n + 1) for n in range(len(keys)))}"
    if style == "alias":
        return f" group by {', '.join(item.rpartition(' as ')[2] for item in items[: len(keys)])}"
    if style == "sets":
        listed = ", ".join(written)
        apart = ", ".join(f"({key})" for key in written)
        return m.pick((f" group by rollup ({listed})", f" group by cube ({listed})",
                       f" group by grouping sets (({listed}), ())",
                       f" group by grouping sets ({apart})"))  # fmt: skip
    return f" group by {', '.join(written)}"


# --- set operations ------------------------------------------------------------------------------

OPERATORS = {"union all": 36, "union": 18, "intersect": 7, "except": 12, "intersect all": 2,
             "except all": 4, "union all by name": 10, "union by name": 6}  # fmt: skip


def _set_operation(m: Maker, depth: int) -> Query:
    left, first = select(m, depth - 1)
    if any(isinstance(c.type, Row) or c.type == "salt" for c in first.columns):
        raise Impossible
    operator = m.weighted(OPERATORS)
    columns = list(first.columns)
    if operator.endswith("by name"):
        right, columns = _by_name(m, depth, columns)
        second = None
    else:
        right, second = select(
            m, depth - 1, [c.type for c in columns], [m.fresh("d") for _ in columns]
        )
        columns = [
            replace(
                c,
                personal=c.personal or d.personal,
                domain=c.domain if c.domain == d.domain else None,
            )
            for c, d in zip(columns, second.columns, strict=True)
        ]
    text = f"{_bare(left)} {operator} {_bare(right)}"
    if m.chance(15) and second is not None:
        third, _ = select(m, 0, [c.type for c in columns], [m.fresh("d") for _ in columns])
        operator = m.pick(("union all", "union", "except"))
        text = (
            f"({text}) {operator} {_bare(third)}"
            if m.chance(50)
            else f"{text} {operator} {_bare(third)}"
        )
    apart = " all" not in operator and _comparable(columns)
    key = tuple(c.name for c in columns) if apart else None
    return text, Relation(tuple(columns), key, first.size + 6)


def _bare(sql: str) -> str:
    return f"({sql})"


def _by_name(m: Maker, depth: int, columns: list[Column]) -> tuple[str, list[Column]]:
    """A second branch that shares some names, in another order, and adds one."""
    shared = [c for c in columns if m.chance(70)] or columns[:1]
    shared = shared[::-1] if m.chance(50) else shared
    added = [Column(m.fresh("x"), any_type(m))] if m.chance(50) else []
    wanted = [*shared, *added]
    right, second = select(m, depth - 1, [c.type for c in wanted], [c.name for c in wanted])
    personal = {c.name: c.personal for c in second.columns}
    mixed = [
        replace(c, personal=c.personal or personal.get(c.name, False), domain=None) for c in columns
    ]
    return right, [*mixed, *(replace(c, personal=personal[c.name]) for c in added)]


# --- CTEs ----------------------------------------------------------------------------------------


def _with_ctes(m: Maker, depth: int) -> Query:
    parts: list[str] = []
    known = [name for name in m.relations if re.fullmatch(r"w\d+", name)]
    own: set[str] = set()
    for _ in range(m.weighted({1: 50, 2: 35, 3: 15})):
        body, relation = query(m, depth - 1, None)
        name = m.pick(("users", "orders", *known)) if m.chance(14) else m.fresh("w")
        if name in own:
            continue
        own.add(name)
        listed = ""
        if relation.columns and m.chance(20):
            names = [m.fresh("n") for _ in relation.columns]
            relation = relation.relabelled(names)
            listed = f"({', '.join(names)})"
        hint = m.pick(("", "", "", "materialized ", "not materialized "))
        parts.append(f"{name}{listed} as {hint}({body})")
        m.relations[name] = relation
    body, relation = select(m, depth - 1) if m.chance(70) else star_select(m, depth - 1)
    return f"with {', '.join(parts)} {body}", relation


def _recursive(m: Maker, depth: int) -> Query:
    """Three rounds at most, counted."""
    types: list[Type] = [m.pick(("text", "int", "text", "texts")) for _ in range(m.number(1, 2))]
    names = [m.fresh("c") for _ in types]
    anchor, relation = select(m, 0, types, names)
    if relation.size > 25:
        raise Impossible
    name = m.fresh("w")
    counted = Relation((Column("depth_", "int"), *relation.columns), None, relation.size)
    scope = Scope([Source(name, counted)])
    place = Place(scope, 1, subqueries=False)
    beside = ""
    if m.chance(30):
        beside, other = source(m, 0, None)
        if other.relation.size <= 5 and "(values" not in beside:
            scope.sources.append(other)
            beside = f", {beside}"
        else:
            beside = ""
    rounds = 2 if beside else 3
    steps = [expression(m, t, place) for t in types]
    steps = [f"{s}::{_CASTS[str(t)]}" for s, t in zip(steps, types, strict=True)]
    first = [f"q.{n}::{_CASTS[str(t)]} as {n}" for n, t in zip(names, types, strict=True)]
    union = m.pick(("union all", "union all", "union"))
    body = (
        f"select 1 as depth_, {', '.join(first)} from ({anchor}) q {union} "
        f"select {name}.depth_ + 1, {', '.join(steps)} from {name}{beside} where {name}.depth_ < {rounds}"
    )
    m.relations[name] = replace(counted, size=relation.size * (12 if beside else 3))
    outer, result = select(m, 0)
    return f"with recursive {name} as ({body}) {outer}", result


_CASTS = {"text": "varchar", "int": "bigint", "texts": "varchar[]", "date": "date"}


# --- pivots, wrappers ----------------------------------------------------------------------------


def _pivot(m: Maker, depth: int) -> Query:
    """Values into columns, listed; the rest is grouped by a key."""
    sql, scope = from_clause(m, 0, None)
    place = Place(scope, 1, subqueries=False)
    with m.noting() as note:
        key, on, what = (expression(m, t, place) for t in ("int", "text", "text"))
    literals = m.pick((("Oslo", "Rome"), ("paid", "open"), ("ann@example.com", "Oslo")))
    functions = m.pick((("max",), ("min",), ("count",), ("max", "count")))
    listed = ", ".join(f"'{text}'" for text in literals)
    kinds = [{"count": "int"}.get(f, "text") for _ in literals for f in functions]
    names = [m.fresh("p") for _ in range(len(kinds) + 1)]
    inner = f"select {key} as k, {on} as o, {what} as v from {sql}"
    using = ", ".join(f"{f}(v) as a{n}" for n, f in enumerate(functions))
    text = m.pick((
        f"(pivot ({inner}) on o in ({listed}) using {using} group by k)",
        f"(select * from ({inner}) pivot ({using} for o in ({listed}) group by k))",
    ))  # fmt: skip
    columns = [Column(names[0], "int", personal=note[0])]
    columns += [Column(n, k, personal=note[0]) for n, k in zip(names[1:], kinds, strict=True)]
    relation = Relation(tuple(columns), (names[0],), scope.size)
    return _over(m, f"{text} as p({', '.join(names)})", "p", relation)


def _unpivot(m: Maker, depth: int) -> Query:
    sql, scope = from_clause(m, 0, None)
    place = Place(scope, 1, subqueries=False)
    kind = m.pick(("text", "int"))
    with m.noting() as note:
        key, a, b = (expression(m, t, place) for t in ("int", kind, kind))
    cast = _CASTS[kind]
    inner = f"select {key} as k, ({a})::{cast} as a, ({b})::{cast} as b from {sql}"
    columns = (
        Column("k", "int", None, note[0]),
        Column("n", "text"),
        Column("v", kind, None, note[0]),
    )
    text = m.pick((
        f"(unpivot ({inner}) on a, b into name n value v) as p",
        f"(select * from ({inner}) unpivot include nulls (v for n in (a, b))) as p",
        f"(unpivot ({inner}) on columns(* exclude (k)) into name n value v) as p",
    ))  # fmt: skip
    return _over(m, text, "p", Relation(columns, None, scope.size * 2))


def _over(m: Maker, sql: str, alias: str, relation: Relation) -> Query:
    """A select over one relation that is written in place."""
    if m.chance(40):
        return f"select * from {sql}", relation
    place = Place(Scope([Source(alias, relation)]), 1, windows=True)
    items, columns, _ = _items(m, place, _some_types(m), ())
    return f"select {', '.join(items)} from {sql}", Relation(tuple(columns), None, relation.size)


def _wrapped(m: Maker, depth: int) -> Query:
    body, relation = query(m, depth - 1, None)
    return m.pick((f"select * from ({body}) as q", f"from ({body}) as q", f"({body})")), relation


def _unnested(m: Maker, depth: int) -> Query:
    """Rows made in the select list."""
    sql, scope = from_clause(m, depth - 1, None)
    place = Place(scope, 2, subqueries=False)
    items, columns, _ = _items(m, place, _some_types(m)[:2], ())
    kind = m.pick(("texts", "ints"))
    with m.noting() as note:
        spread = expression(m, kind, place)
    name = m.fresh("e")
    items.append(f"unnest({spread}) as {name}")
    columns.append(Column(name, "text" if kind == "texts" else "int", None, note[0]))
    return f"select {', '.join(items)} from {sql}", Relation(tuple(columns), None, scope.size * 3)


KINDS = {"select": 40, "star": 16, "ctes": 15, "sets": 13, "wrapped": 3, "recursive": 4, "pivot": 3,
         "unpivot": 3, "unnested": 4}  # fmt: skip
_FORMS = {
    "select": select,
    "star": star_select,
    "ctes": _with_ctes,
    "sets": _set_operation,
    "wrapped": _wrapped,
    "recursive": _recursive,
    "pivot": _pivot,
    "unpivot": _unpivot,
    "unnested": _unnested,
}


# --- subqueries in expressions --------------------------------------------------------------------


def subquery(m: Maker, kind: Type, place: Place) -> str:
    """A subquery where a value of this type may stand."""
    tied = place.scope if place.grouped is None and place.scope.sources else None
    sql, first = source(m, min(place.depth, 1), None)
    scope = Scope([first], outer=tied)
    scope.size = first.relation.size
    inner = Place(scope, min(place.depth, 2), subqueries=place.depth > 1, quiet=place.quiet)
    where = _tied(m, inner) if m.chance(65) else ""
    if kind == "bool":
        return _yes_or_no(m, sql, inner, where, place)
    if kind == "texts" and scope.key is not None:
        return f"array(select {expression(m, 'text', inner)} from {sql}{where} order by {total_order(m, inner)})"
    if not isinstance(kind, str) or kind in ("texts", "ints", "salt"):
        raise Impossible
    if scope.key is not None and m.chance(30):
        order = total_order(m, inner)
        return f"(select {expression(m, kind, inner)} from {sql}{where} order by {order} limit 1)"
    alone = replace(inner, grouped=(), scope=replace(scope, outer=None))
    return (
        f"(select {expression(m, kind, alone)} from {sql}{where})"
        if _aggregates(m, kind)
        else literal(m, kind)
    )


def _aggregates(m: Maker, kind: str) -> bool:
    return kind in ("text", "int", "num", "date", "time", "bool", "json")


def _tied(m: Maker, inner: Place) -> str:
    """A condition that ties a subquery to the row outside, where there is one."""
    own = references(inner.scope, "int", inner, qualified=True)
    outside = inner.scope.outer
    theirs = references(outside, "int", inner, qualified=True) if outside is not None else []
    if own and theirs and m.chance(80):
        return f" where {m.pick(m.pick(own)[0])} = {m.pick(m.pick(theirs)[0])}"
    return f" where {condition(m, replace(inner, depth=1, subqueries=False))}"


def _yes_or_no(m: Maker, sql: str, inner: Place, where: str, place: Place) -> str:
    way = m.pick(("exists", "not exists", "in", "not in", "any", "all", "pair"))
    if way.endswith("exists"):
        return f"({way} (select 1 from {sql}{where}))"
    kind = m.pick(("text", "int", "text", "date"))
    outside = replace(place, depth=0)
    here = leaf(m, kind, outside)
    there = expression(m, kind, replace(inner, depth=1))
    if way == "pair":
        more = leaf(m, "int", outside), leaf(m, "int", replace(inner, depth=0))
        return f"(({here}, {more[0]}) in (select ({there}, {more[1]}) from {sql}{where}))"
    if way in ("any", "all"):
        sign = m.pick(("=", "<", ">=")) if way == "any" else m.pick(("<>", ">", "<="))
        return f"({here} {sign} {way} (select {there} from {sql}{where}))"
    return f"({here} {way} (select {there} from {sql}{where}))"
