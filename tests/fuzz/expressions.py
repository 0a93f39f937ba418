"""Random expressions of a wanted type, written from the templates of grammar.yml."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from .maker import Impossible, Maker, grammar
from .scope import SCALARS, Column, Place, Row, Scope, Source, Type

HOLE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")
LITERALS: dict[str, tuple[str, ...]] = {
    "text": ("'Oslo'", "'paid'", "'a'", "'ann@example.com'", "''", "'x-1'", "'home'", "null"),
    "int": ("0", "1", "2", "3", "7", "11"),
    "num": ("0.5", "2.25"),
    "date": ("date '1990-01-01'", "date '2024-02-29'"),
    "time": ("timestamp '2024-01-06 09:00:00'",),
    "bool": ("true", "false"),
    "json": ("""'{"a": 1, "page": "home"}'::json""",),
    "texts": ("['a', 'b']", "['home']"),
    "ints": ("[1, 2]", "range(3)"),
}
WORDS: dict[str, tuple[str, ...]] = {
    "word": ("'Oslo'", "'a'", "'Annabel'", "'-'", "'@'", "'paid'", "'home'", "'555-0100'"),
    "small": ("1", "2", "3", "4", "20"),
    "separator": ("'@'", "'.'", "'-'", "' '", "','"),
    "pattern": ("'%@%'", "'a%'", "'%o%'", "'_n%'", "'%1'"),
    "path": ("'$.page'", "'$.email'", "'$.user.phone'", "'email'", "'page'", "'$.tags'",
             "'$.a'", "'$.b'", "'$.tags[0]'", "'$'"),
}  # fmt: skip
ANY = {"text": 8, "int": 4, "bool": 2, "date": 2, "time": 1, "num": 1, "json": 1, "texts": 1}
NEEDS_KEY = ("{key}", "{total}")


@cache
def closed(template: str) -> bool:
    """True where a template is one call, which needs no parentheses around it."""
    if not re.match(r"\w+\(", template) or not template.endswith(")"):
        return False
    deep = 0
    for at, sign in enumerate(template):
        deep += {"(": 1, ")": -1}.get(sign, 0)
        if deep == 0 and sign == ")":
            return at == len(template) - 1
    return False


def expression(m: Maker, kind: Type, place: Place) -> str:
    """An expression of a type."""
    m.fuel -= 1
    if isinstance(kind, Row):
        return row(m, kind, place)
    if place.depth <= 0 or m.fuel <= 0:
        return leaf(m, kind, place)
    ways = {"leaf": 30, "scalar": 34, "generic": 14}
    if place.subqueries and place.depth > 0:
        ways["subquery"] = 7
    if place.windows:
        ways["window"] = 10
    if kind == "text" and (place.grouped is None or place.inside):
        ways["mask"] = 7
    way = m.weighted(ways)
    try:
        if way == "scalar":
            return templated(m, grammar()["scalar"][kind], kind, place)
        if way == "generic":
            return templated(m, grammar()["generic"], kind, place)
        if way == "window" and kind in grammar()["window"]:
            return templated(m, grammar()["window"][kind], kind, replace(place, windows=False))
        if way == "subquery":
            here = grammar()["subquery"].get(kind) if place.grouped is None else None
            if here and m.chance(45):
                return f"({fill(m, m.pick(here), kind, place.deeper().alone())})"
            return m.subquery(m, kind, place.deeper())
        if way == "mask":
            return mask(m, place)
    except Impossible:
        pass
    return leaf(m, kind, place)


def any_type(m: Maker) -> str:
    """A type, text most of the time."""
    return m.weighted(ANY)


# --- leaves --------------------------------------------------------------------------------------


def leaf(m: Maker, kind: Type, place: Place) -> str:
    """A column, a lambda parameter, an earlier alias, a literal; among grouped rows an
    aggregate."""
    known = [name for name, t in place.locals if t == kind]
    if known and m.chance(70):
        return m.pick(known)
    earlier = [c for c in place.lateral if c.type == kind and not (place.quiet and c.personal)]
    if earlier and m.chance(30):
        chosen = m.pick(earlier)
        m.touched = m.touched or chosen.personal
        return chosen.name
    if place.grouped is not None and not place.inside:
        keys = [(sql, c) for sql, c in place.grouped if c.type == kind]
        if keys and m.chance(50):
            sql, owner = m.pick(keys)
            m.touched = m.touched or owner.personal
            return sql
        if isinstance(kind, str) and m.fuel > -30:
            try:
                return aggregate(m, kind, place)
            except Impossible:
                pass
        return literal(m, kind)
    found = column(m, kind, place)
    if found is None and isinstance(kind, str):
        found = converted(m, kind, place)
    return found if found is not None and m.chance(94) else literal(m, kind)


CONVERSIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "text": (("int", "{}::varchar"), ("json", "{} ->> '$.page'"), ("texts", "{}[1]")),
    "int": (("text", "length({})"), ("date", "year({})"), ("time", "month({})"), ("ints", "{}[1]")),
    "num": (("int", "{} / 2"), ("text", "length({}) / 2")),
    "date": (("time", "{}::date"), ("int", "date '2020-01-01' + ({} % 99)::integer")),
    "time": (("date", "{}::timestamp"), ("int", "timestamp '2020-01-01' + to_days(({} % 99)::integer)")),
    "bool": (
        ("text", "{} >= 'B'"), ("text", "{} like '%a%'"), ("text", "{} not like '%z%'"), ("int", "{} > 1"), ("int", "{} in (1, 2, 10)"),
        ("text", "{} is not null"), ("date", "{} > date '1990-01-01'"), ("int", "{} < 300"),
        ("time", "{} < timestamp '2024-02-01 00:00:00'"), ("text", "{} <> 'paid'"),
    ),
    "json": (("text", "to_json({})"), ("int", "to_json({})"), ("texts", "to_json({})")),
    "texts": (("text", "[{}, 'a']"), ("text", "string_split({}, '@')"), ("int", "[{}::varchar]")),
    "ints": (("int", "[{}, 1]"), ("text", "[length({})]")),
}  # fmt: skip


def converted(m: Maker, kind: str, place: Place) -> str | None:
    """A column of another type, turned into this one."""
    ways = [
        (sql, options)
        for other, sql in CONVERSIONS.get(kind, ())
        if (options := references(place.scope, other, place, qualified=True))
    ]
    if not ways:
        return None
    sql, options = m.pick(ways)
    return f"({sql.format(_taken(m, options))})"


def literal(m: Maker, kind: Type) -> str:
    """A constant of a type."""
    if isinstance(kind, Row):
        inner = ", ".join(f"'{name}': {literal(m, t)}" for name, t in kind.fields)
        return f"[{{{inner}}}]" if kind.many else f"{{{inner}}}"
    text = m.pick(LITERALS[kind])
    return f"null::{SQL_TYPES[kind]}" if text == "null" else text


SQL_TYPES = {"text": "varchar", "int": "integer", "date": "date", "time": "timestamp"}


def column(m: Maker, kind: Type, place: Place) -> str | None:
    """A reference to a column of a type, or to a field of one; now and then of an outer query."""
    scope: Scope | None = place.scope
    if scope is not None and scope.outer is not None and not place.inside and m.chance(15):
        outer = scope.outer.outer if scope.outer.outer is not None and m.chance(30) else scope.outer
        options = references(outer, kind, place, qualified=True)
        if options:
            return _taken(m, options)
    options = references(place.scope, kind, place, qualified=False)
    return _taken(m, options) if options else None


def _taken(m: Maker, options: list[tuple[list[str], Column]]) -> str:
    spellings, chosen = m.pick(options)
    m.touched = m.touched or chosen.personal
    return m.pick(spellings)


def references(
    scope: Scope, kind: Type, place: Place, *, qualified: bool
) -> list[tuple[list[str], Column]]:
    """Every way to write a value of this type that is a column or a field of one."""
    found: list[tuple[list[str], Column]] = []
    for source, c in scope.columns():
        if place.quiet and c.personal:
            continue
        if c.type == kind:
            found.append((_spelled(scope, source, c, qualified), c))
        elif isinstance(c.type, Row):
            for name, t in c.type.fields:
                if t == kind:
                    whole = f"{source.alias}.{c.name}"
                    inside = f"({whole})[1].{name}" if c.type.many else f"({whole}).{name}"
                    found.append(
                        ([inside, f"struct_extract({inside[: -len(name) - 1]}, '{name}')"], c)
                    )
    return found


def _spelled(scope: Scope, source: Source, c: Column, qualified: bool) -> list[str]:
    full = f"{source.alias}.{c.name}"
    if qualified or not scope.unambiguous(c.name):
        return [full]
    return [full, full, c.name, f'"{c.name.upper()}"']


def row(m: Maker, kind: Row, place: Place) -> str:
    """A struct with these fields."""
    known = [name for name, t in place.locals if t == kind]
    if known:
        return m.pick(known)
    options = references(place.scope, kind, place, qualified=False)
    if options and (place.grouped is None or place.inside):
        return _taken(m, options)
    if kind.many:
        return literal(m, kind)
    parts = [(name, expression(m, t, place.deeper())) for name, t in kind.fields]
    if m.chance(50):
        return f"struct_pack({', '.join(f'{name} := {sql}' for name, sql in parts)})"
    return "{" + ", ".join(f"'{name}': {sql}" for name, sql in parts) + "}"


def whole_row(m: Maker, place: Place) -> str | None:
    """A source by its name: all its columns as one struct."""
    if place.grouped is not None and not place.inside:
        return None
    names = {c.name for _, c in place.scope.columns()}
    options = [s for s in place.scope.sources if s.alias not in names and s.relation.columns]
    if place.quiet:
        options = [s for s in options if not any(c.personal for c in s.relation.columns)]
    if not options:
        return None
    source = m.pick(options)
    m.touched = m.touched or any(c.personal for c in source.relation.columns)
    return source.alias


# --- templates -----------------------------------------------------------------------------------


def templated(m: Maker, templates: list[str], kind: Type, place: Place) -> str:
    """One of the templates, filled."""
    if row_key(place) is None:
        templates = [t for t in templates if not any(need in t for need in NEEDS_KEY)]
    template = m.pick(templates)
    sql = fill(m, template, kind, place.deeper())
    return sql if closed(template) else f"({sql})"


def aggregate(m: Maker, kind: str, place: Place) -> str:
    """An aggregate over the rows of a group."""
    inner = replace(place, inside=True, windows=False, subqueries=False, lateral=(), locals=())
    return templated(m, grammar()["aggregate"].get(kind, []), kind, inner)


def mask(m: Maker, place: Place) -> str:
    """A mask over a personal text, real or fake."""
    masks = grammar()["mask"]
    template = m.pick(masks["real"] if m.chance(45) else masks["fake"])
    return f"({fill(m, template, 'text', place.deeper())})"


def fill(m: Maker, template: str, kind: Type, place: Place) -> str:
    """A template with its holes filled, left to right."""
    named: dict[str, str] = {}

    def hole(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return match.group(0)[0]
        return _hole(m, match.group(1), kind, place, named)

    return HOLE.sub(hole, template)


def _hole(m: Maker, spec: str, kind: Type, place: Place, named: dict[str, str]) -> str:
    if spec in named:
        return named[spec]
    name, equals, rest = spec.partition("=")
    if equals and not name.endswith("<"):
        named[name] = m.fresh("") if rest == "local" else _hole(m, rest, kind, place, named)
        return named[name]
    if "<-" in spec:
        return _lambda(m, *spec.split("<-"), place)
    if "<=" in spec:
        return _comprehension(m, *spec.split("<="), place)
    special = _SPECIAL.get(spec)
    if special is not None:
        return special(m, place)
    if spec in WORDS:
        return m.pick(WORDS[spec])
    if spec == "T":
        return expression(m, kind, place)
    return expression(m, m.pick(spec.split("|")), place)


def _any(m: Maker, place: Place) -> str:
    if m.chance(10):
        sql = whole_row(m, place)
        if sql is not None:
            return sql
    return expression(m, any_type(m), place)


def _quiet(m: Maker, place: Place) -> str:
    return condition(m, replace(place, quiet=True, depth=min(place.depth, 1)))


def _who(m: Maker, place: Place) -> str:
    for _ in range(3):
        found = column(m, "text", place)
        if found is not None and m.touched:
            break
    return found or leaf(m, "text", place)


def _salt(m: Maker, place: Place) -> str:
    options = references(place.scope, "salt", place, qualified=True)
    if options and m.chance(60):
        return m.pick(m.pick(options)[0])
    if not place.subqueries:
        raise Impossible
    return m.pick(grammar()["mask"]["salt"])


def _missing(m: Maker, place: Place) -> str:
    if not place.subqueries:
        raise Impossible
    return m.pick(grammar()["mask"]["missing"])


def _inner(place: Place, name: str, kind: str) -> Place:
    scope = place.scope if place.grouped is None or place.inside else Scope()
    return replace(
        place, scope=scope, grouped=None, inside=True, windows=False, subqueries=False,
        locals=(*place.locals, (name, kind)), lateral=(), depth=min(place.depth, 2),
    )  # fmt: skip


def _lambda(m: Maker, gives: str, takes: str, place: Place) -> str:
    name = m.fresh("v")
    return f"lambda {name}: {expression(m, gives, _inner(place, name, takes))}"


def _comprehension(m: Maker, gives: str, takes: str, place: Place) -> str:
    name = m.fresh("v")
    inner = _inner(place, name, takes)
    only = f" if {expression(m, 'bool', inner)}" if m.chance(40) else ""
    return f"{expression(m, gives, inner)} for {name} in {expression(m, 'texts', place)}{only}"


# --- windows and keys ----------------------------------------------------------------------------


def row_key(place: Place) -> list[str] | None:
    """References that tell apart the rows that stand here."""
    if place.grouped is not None and not place.inside:
        return [sql for sql, _ in place.grouped] if place.scope.keyed else None
    return place.scope.key


def _one_key(m: Maker, place: Place) -> str:
    key = row_key(place)
    if key is None:
        raise Impossible
    return (f"row({', '.join(key)})" if len(key) > 1 else key[0]) if key else "1"


def _partition(m: Maker, place: Place) -> str:
    if m.chance(35):
        return ""
    inner = replace(place, depth=0, quiet=place.quiet or m.chance(60), lateral=())
    keys = [leaf(m, m.pick(SCALARS), inner) for _ in range(m.number(1, 2))]
    keys = [key for key in keys if _variable(key)]
    return f"partition by {', '.join(keys)}" if keys else ""


def _variable(sql: str) -> bool:
    return not re.fullmatch(r"[-\d.]+|'.*'|true|false|null.*|\w+ '.*'", sql)


def _sorted(m: Maker, place: Place) -> str:
    inner = replace(place, depth=0, quiet=place.quiet or m.chance(50), lateral=())
    key = leaf(m, m.pick(SCALARS), inner)
    return f"{_partition(m, place)} order by {key}{m.pick(('', ' desc', ' nulls first'))}"


def _total(m: Maker, place: Place) -> str:
    key = row_key(place)
    if key is None:
        raise Impossible
    first = []
    if m.chance(50):
        inner = replace(place, depth=0, quiet=place.quiet or m.chance(60), lateral=())
        first = [leaf(m, m.pick(SCALARS), inner) + m.pick(("", " desc"))]
    order = ", ".join([*(f for f in first if _variable(f)), *key]) or "1"
    return f"{_partition(m, place)} order by {order}"


def total_order(m: Maker, place: Place) -> str:
    """ORDER BY keys that leave no tie."""
    key = row_key(place)
    if key is None:
        raise Impossible
    first = []
    if m.chance(60):
        first = [leaf(m, m.pick(SCALARS), replace(place, depth=0, lateral=(), quiet=m.chance(50)))]
    return ", ".join([*(f for f in first if _variable(f)), *key]) or "1"


def condition(m: Maker, place: Place) -> str:
    """A yes or no that isn't a bare constant."""
    return expression(m, "bool", replace(place, depth=max(place.depth, 1), windows=False))


_SPECIAL = {
    "any": _any,
    "quiet": _quiet,
    "who": _who,
    "salt": _salt,
    "missing": _missing,
    "key": _one_key,
    "part": _partition,
    "sorted": _sorted,
    "total": _total,
}
