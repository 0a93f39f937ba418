"""PostgreSQL's types as DuckDB holds them: each value exactly, or not at all.

A column comes as text. `select` writes it in PostgreSQL, `arrives` is the type that the reader of
the text gives it, and `becomes` is the expression that makes of it what the table holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from pii_lint.warehouse.quoting import literal

_WIDEST = 38
"""Digits of a DuckDB decimal."""
_SAME = {
    "bool": "BOOLEAN",
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "oid": "UINTEGER",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "text": "VARCHAR",
    "varchar": "VARCHAR",
    "bpchar": "VARCHAR",
    "name": "VARCHAR",
    "char": "VARCHAR",
    "inet": "VARCHAR",
    "cidr": "VARCHAR",
    "macaddr": "VARCHAR",
    "macaddr8": "VARCHAR",
    "xml": "VARCHAR",
    "uuid": "UUID",
}
# Every value of these is a value there, in the same letters.
_CHECKED = {"time": "TIME", "timetz": "TIMETZ"}
_DATED = {"date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ"}
JSON = frozenset({"json", "jsonb"})
MOMENTS = frozenset(_DATED)
NUMBERS = frozenset({"int2", "int4", "int8"})
_TEXT_WORDS = re.compile(r"(?:varchar|text|string|character varying)(?:\(\d+\))?")
_DECIMAL = re.compile(r"(?:numeric|decimal)\((\d{1,2})(?:, ?(\d{1,2}))?\)")


class PgType(NamedTuple):
    """A type with domains resolved."""

    name: str
    # in pg_catalog; with its schema where it stands elsewhere
    shown: str
    # as PostgreSQL writes it
    precision: int | None = None
    scale: int = 0
    # of a numeric
    enum: bool = False
    element: PgType | None = None
    # of an array


@dataclass(frozen=True, slots=True)
class Reading:
    """How one column comes over."""

    select: str
    # a format with one place, for the quoted column
    arrives: str
    duckdb: str
    becomes: str
    # the same


class Unsupported(Exception):
    """No DuckDB type holds every value of it; the message says what to declare."""


def reading(pg: PgType, declared: str | None, number: int) -> Reading:
    """How a column of this type comes over; `number` names the column where a value doesn't fit."""
    if pg.element is not None:
        return _array(pg, pg.element, declared, number)
    if pg.name in JSON:
        return Reading("{}", "VARCHAR", "JSON", "{}::JSON")
    if pg.name in _SAME or pg.enum:
        kind = _SAME.get(pg.name, "VARCHAR")
        return Reading("{}", kind, kind, "{}")
    if pg.name == "citext":
        return Reading("{}", "VARCHAR", "VARCHAR", "{}")
    if pg.name == "bytea":
        return Reading("pg_catalog.encode({}, 'hex')", "VARCHAR", "BLOB", "unhex({})")
    found = _element(pg, declared, number)
    if found is not None:
        kind, becomes = found
        return Reading("{}", "VARCHAR", kind, becomes)
    if declared is not None and _TEXT_WORDS.fullmatch(declared.strip().lower()):
        return Reading("{}::pg_catalog.text", "VARCHAR", "VARCHAR", "{}")
    raise Unsupported(_advice(pg))


def _element(pg: PgType, declared: str | None, number: int) -> tuple[str, str] | None:
    """The type that holds a value written as text, and the expression, which fails by number."""
    if pg.name in _DATED:
        kind = _DATED[pg.name]
        # DuckDB overlooks a bare BC: the year 44 before Christ would be the year 44
        era = f"regexp_replace({{0}}, '{_ERA}')"
        dated = f"CASE WHEN ends_with({{0}}, ' BC') THEN {era} ELSE {{0}} END"
        return kind, _fitting(f"try_cast({dated} AS {kind})", number)
    if pg.name in _CHECKED:
        kind = _CHECKED[pg.name]
        return kind, _fitting(f"try_cast({{0}} AS {kind})", number)
    if pg.name == "numeric":
        return _numeric(pg, declared, number)
    return None


_ERA = r"^(\S+)( .*)? BC$', '\1 (BC)\2"


def _numeric(pg: PgType, declared: str | None, number: int) -> tuple[str, str] | None:
    if pg.precision is not None:
        scale = max(pg.scale, 0)
        width = max(pg.precision - min(pg.scale, 0), scale)
        if width <= _WIDEST:
            kind = f"DECIMAL({width},{scale})"
            return kind, _fitting(f"try_cast({{0}} AS {kind})", number)
    found = _DECIMAL.fullmatch((declared or "").strip().lower())
    if found is None:
        return None
    width, scale = int(found[1]), int(found[2] or 0)
    if not 0 < width <= _WIDEST or scale > width:
        return None
    kind = f"DECIMAL({width},{scale})"
    # a cast rounds, so digits behind the last one are counted
    digits = "length(rtrim(split_part({0}, '.', 2), '0'))"
    cast = f"CASE WHEN {digits} <= {scale} THEN try_cast({{0}} AS {kind}) END"
    return kind, _fitting(cast, number)


def _fitting(expression: str, number: int) -> str:
    value = f"coalesce({expression}, error({literal(mark(number))}))"
    return f"CASE WHEN {{0}} IS NOT NULL THEN {value} END"


def mark(number: int) -> str:
    """Stands in DuckDB's error where a value of a column didn't fit."""
    return f"pii-lint: column {number} doesn't fit"


def _array(pg: PgType, element: PgType, declared: str | None, number: int) -> Reading:
    if element.name in JSON:
        raise Unsupported("arrays of JSON can't be screened: leave the column out with `ignore`")
    kind: str | None = None
    becomes = "e"
    if element.name in _SAME or element.enum or element.name == "citext":
        kind = _SAME.get(element.name, "VARCHAR")
        becomes = "e" if kind == "VARCHAR" else f"CAST(e AS {kind})"
    elif element.name == "bytea":
        kind, becomes = "BLOB", "unhex(substr(e, 3))"
    else:
        of_list = re.sub(r"\[\]$", "", (declared or "").strip()) or None
        found = _element(element, of_list, number)
        if found is not None:
            kind, becomes = found[0], found[1].format("e")
    if kind is None:
        if declared is not None and _TEXT_WORDS.fullmatch(declared.strip().lower()):
            return Reading("{}::pg_catalog.text", "VARCHAR", "VARCHAR", "{}")
        raise Unsupported(_advice(pg))
    texts = """from_json({0}, '["VARCHAR"]')"""
    flat = texts if becomes == "e" else f"list_transform({texts}, lambda e: {becomes})"
    return Reading(
        "pg_catalog.array_to_json({}::pg_catalog.text[])",
        "VARCHAR",
        f"{kind}[]",
        # PostgreSQL lets any array have any number of dimensions
        f"CASE WHEN json_type({{0}}, '$[0]') = 'ARRAY' THEN error({literal(mark(number))}) "
        f"ELSE {flat} END",
    )


def _advice(pg: PgType) -> str:
    if pg.name == "numeric" or (pg.element is not None and pg.element.name == "numeric"):
        return (
            f"no DuckDB type holds every {pg.shown}: declare `data_type: numeric(38, 10)` with the "
            "digits that it needs, or `data_type: varchar` to load it as text"
        )
    return (
        f"DuckDB has no exact counterpart for {pg.shown}: declare `data_type: varchar` to load it "
        "as text, or leave the column out with `ignore`"
    )
