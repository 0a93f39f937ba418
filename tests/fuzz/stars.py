"""Stars: plain, of one table, with exclude, replace and rename, and columns() in its forms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .expressions import condition, expression
from .maker import Impossible, Maker
from .scope import Column, Place, Relation, Row, Scope
from .sources import from_clause

MOST_COLUMNS = 16


def star_select(m: Maker, depth: int) -> tuple[str, Relation]:
    """A select whose columns arrive by a star, with something beside it now and then."""
    sql, scope = from_clause(m, depth, None)
    way = m.weighted(
        {"bare": 28, "of": 20, "changed": 28, "columns": 16, "like": 5, "struct": 6, "numbered": 4}
    )
    starred, listed, kept = _STARS[way](m, scope)
    if not listed or len(listed) > MOST_COLUMNS:
        raise Impossible
    items, columns = [starred], list(listed)
    taken = {c.name for c in columns}
    place = Place(scope, 2, windows=True)
    for _ in range(m.weighted({0: 60, 1: 30, 2: 10})):
        kind = m.pick(("text", "int", "text", "date"))
        with m.noting() as note:
            extra = expression(m, kind, place)
        name = m.fresh("c")
        items.append(f"{extra} as {name}")
        columns.append(Column(name, kind, personal=note[0]))
    if m.chance(20):
        items = items[::-1]
        columns = [*columns[len(listed) :][::-1], *listed]
    del taken
    where = f" where {condition(m, replace(place, quiet=m.chance(70)))}" if m.chance(15) else ""
    text = f"select {', '.join(items)} from {sql}{where}"
    if way == "bare" and len(items) == 1 and m.chance(25):
        text = f"from {sql}{where}"
    return text, Relation(_suffixed(columns), kept, scope.size)


def _suffixed(columns: Sequence[Column]) -> tuple[Column, ...]:
    """DuckDB's names for what comes twice: `id`, `id_1`."""
    seen: dict[str, int] = {}
    found = []
    for column in columns:
        count = seen.get(column.name, 0)
        seen[column.name] = count + 1
        found.append(replace(column, name=f"{column.name}_{count}") if count else column)
    if len({c.name for c in found}) != len(found):
        raise Impossible
    return tuple(found)


Starred = tuple[str, list[Column], tuple[str, ...] | None]


def _bare(m: Maker, scope: Scope) -> Starred:
    columns = []
    for source in scope.sources:
        columns += [c for c in source.relation.columns if c.name not in source.merged]
    return "*", columns, _key(scope, len(scope.sources) == 1)


def _key(scope: Scope, alone: bool) -> tuple[str, ...] | None:
    return scope.sources[0].relation.key if alone else None


def _of(m: Maker, scope: Scope) -> Starred:
    source = m.pick(scope.sources)
    key = _key(scope, len(scope.sources) == 1)
    return f"{source.alias}.*", list(source.relation.columns), key


def _changed(m: Maker, scope: Scope) -> Starred:
    """`exclude`, `replace` and `rename`, each now and then."""
    source = m.pick(scope.sources)
    columns = list(source.relation.columns)
    key = _key(scope, len(scope.sources) == 1)
    text = f"{source.alias}.*" if len(scope.sources) > 1 or m.chance(40) else "*"
    if len(columns) > 2 and m.chance(60):
        gone = {m.pick(columns).name for _ in range(m.number(1, 3))}
        if len(gone) < len(columns):
            columns = [c for c in columns if c.name not in gone]
            text += f" exclude ({', '.join(sorted(gone))})"
            key = None if key is None or gone & set(key) else key
    if m.chance(55):
        at = m.number(0, len(columns) - 1)
        old = columns[at]
        if not isinstance(old.type, Row) and old.type != "salt":
            kind = old.type if m.chance(60) else "text"
            with m.noting() as note:
                new = expression(m, kind, Place(scope, 2, subqueries=m.chance(40)))
            columns[at] = replace(old, type=kind, personal=note[0], domain=None)
            text += f" replace ({new} as {old.name})"
            key = None if key is None or old.name in key else key
    if m.chance(35):
        replaced = re.search(r" as (\w+)\)$", text)
        at = m.number(0, len(columns) - 1)
        if replaced is None or replaced.group(1) != columns[at].name:
            name = m.fresh("n")
            key = tuple(name if k == columns[at].name else k for k in key) if key else key
            text += f" rename ({columns[at].name} as {name})"
            columns[at] = replace(columns[at], name=name)
    return text, columns, key


PATTERNS = ("^e.*", ".*_.*", "^(id|city|status)$", ".*id$", "^c.*", "^[a-m].*")


def _columns(m: Maker, scope: Scope) -> Starred:
    """`columns(…)` by regex, list, lambda or star, alone or inside a call."""
    if len(scope.sources) != 1:
        raise Impossible
    columns = list(scope.sources[0].relation.columns)
    way = m.pick(("regex", "list", "lambda", "star"))
    if way == "regex":
        pattern = m.pick(PATTERNS)
        chosen = [c for c in columns if re.search(pattern, c.name)]
        inside = f"'{pattern}'"
    elif way == "list":
        chosen = [c for c in columns if m.chance(50)] or columns[:1]
        inside = "[" + ", ".join(f"'{c.name}'" for c in chosen) + "]"
    elif way == "lambda":
        letter = m.pick(("e", "c", "i", "k"))
        chosen = [c for c in columns if c.name.startswith(letter)]
        inside = m.pick((f"lambda c: c like '{letter}%'", f"lambda c: starts_with(c, '{letter}')"))
    else:
        gone = m.pick(columns)
        chosen = [c for c in columns if c is not gone]
        inside = f"* exclude ({gone.name})"
    if not chosen or any(c.type == "salt" for c in chosen):
        raise Impossible
    m.touched = m.touched or any(c.personal for c in chosen)
    call = f"columns({inside})"
    if m.chance(35) and not any(isinstance(c.type, Row) for c in chosen):
        written = m.pick(
            (
                "upper({}::varchar)",
                "md5({}::varchar)",
                "left({}::varchar, 2)",
                "coalesce({}::varchar, '')",
            )
        )
        return (
            written.format(call) + " as 'p_\\0'",
            [replace(c, name=f"p_{c.name}", type="text", domain=None) for c in chosen],
            None,
        )
    names = [c.name for c in chosen]
    key = _key(scope, alone=True)
    return call, chosen, key if key is not None and set(key) <= set(names) else None


def _like(m: Maker, scope: Scope) -> Starred:
    """A star that takes only names of a pattern."""
    source = m.pick(scope.sources)
    letter = m.pick(("e", "i", "c", "p"))
    way = m.pick(("like", "not like", "ilike"))
    fits = [c for c in source.relation.columns if c.name.startswith(letter)]
    chosen = [c for c in source.relation.columns if c not in fits] if way == "not like" else fits
    key = _key(scope, len(scope.sources) == 1)
    names = {c.name for c in chosen}
    return (
        f"{source.alias}.* {way} '{letter}%'",
        chosen,
        key if key is not None and set(key) <= names else None,
    )


def _struct(m: Maker, scope: Scope) -> Starred:
    """The fields of a struct as columns."""
    structs = [
        (s, c) for s, c in scope.columns() if isinstance(c.type, Row) and scope.unambiguous(c.name)
    ]
    source, column = m.pick(structs)
    many = column.type.many
    fields = [Column(n, t, None, column.personal) for n, t in column.type.fields]
    m.touched = m.touched or column.personal
    if many:
        raise Impossible
    names = {s.alias for s in scope.sources}
    if m.chance(50) and column.name not in names:
        spread = f"{column.name}.*"
        return m.pick((spread, f"columns({spread})")), fields, None
    return f"unnest({source.alias}.{column.name})", fields, None


def _numbered(m: Maker, scope: Scope) -> Starred:
    """A column by its place in FROM."""
    if any(source.merged for source in scope.sources):
        raise Impossible
    places = list(enumerate((c for _, c in scope.columns()), start=1))
    place, column = m.pick(places)
    if not isinstance(column.type, str) or column.type == "salt":
        raise Impossible
    m.touched = m.touched or column.personal
    name = m.fresh("c")
    return f"#{place} as {name}", [replace(column, name=name, domain=None)], None


_STARS = {
    "bare": _bare,
    "of": _of,
    "changed": _changed,
    "columns": _columns,
    "like": _like,
    "struct": _struct,
    "numbered": _numbered,
}
