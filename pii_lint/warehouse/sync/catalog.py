"""What PostgreSQL says of a table: its columns, their types, its primary key, what may be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, cast

from pii_lint.errors import ConfigError
from pii_lint.warehouse.sync.declared import Relation
from pii_lint.warehouse.sync.source import Source
from pii_lint.warehouse.sync.types import PgType

_READABLE = ("r", "p", "v", "m", "f")
_DEEPEST = 32
# Domains over domains.


class _Listed(NamedTuple):
    """A row of pg_type."""

    name: str
    shown: str
    sort: str
    base: int
    # of a domain, and its modifier
    modifier: int
    element: int
    category: str


_STRANGE = _Listed("?", "a type that was made just now", "b", 0, -1, 0, "X")


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column as PostgreSQL has it."""

    name: str
    type: PgType
    readable: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A table as PostgreSQL has it."""

    columns: tuple[FoundColumn, ...]
    key: tuple[str, ...]
    # of its primary key; none for a view
    rows: int
    # as the planner guesses


class Catalog:
    """Looks tables up; types are read once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._types = {
            cast("int", oid): _Listed(
                str(name),
                str(shown),
                str(sort),
                cast("int", base),
                cast("int", modifier),
                cast("int", element),
                str(category),
            )
            for oid, name, shown, sort, base, modifier, element, category in source.query(
                "select t.oid::int8, case when n.nspname = 'pg_catalog' or t.typname = 'citext' "
                "then t.typname::text else n.nspname || '.' || t.typname end, "
                "pg_catalog.format_type(t.oid, null), t.typtype::text, t.typbasetype::int8, "
                "t.typtypmod, t.typelem::int8, t.typcategory::text "
                "from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace"
            )
        }

    def find(self, relation: Relation, called: str) -> Found:
        """The table. Raises ConfigError where there is none, or none that may be looked at."""
        found = self._source.query(
            "select c.oid::int8, c.relkind::text, c.reltuples::int8, "
            "pg_catalog.has_schema_privilege(n.oid, 'usage') "
            "from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = %s and c.relname = %s",
            (relation.schema, relation.name),
        )
        if not found or found[0][1] not in _READABLE:
            raise self._missing(relation, called)
        oid, _, rows, usable = found[0]
        if not usable:
            raise ConfigError(
                f"The role that syncs may not look into the schema of {relation}: "
                f"grant usage on that schema to it."
            )
        columns = tuple(
            FoundColumn(str(name), self._type(cast("int", kind), cast("int", mod)), bool(may))
            for name, kind, mod, may in self._source.query(
                "select attname::text, atttypid::int8, atttypmod, "
                "pg_catalog.has_column_privilege(attrelid, attnum, 'select') "
                "from pg_catalog.pg_attribute "
                "where attrelid = %s::int8::oid and attnum > 0 and not attisdropped "
                "order by attnum",
                (oid,),
            )
        )
        key = tuple(
            str(name)
            for (name,) in self._source.query(
                "select a.attname::text from pg_catalog.pg_index i "
                "cross join lateral unnest(i.indkey) with ordinality as k (number, place) "
                "join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number "
                "where i.indrelid = %s::int8::oid and i.indisprimary order by k.place",
                (oid,),
            )
        )
        return Found(columns, key, max(cast("int", rows), 0))

    def _missing(self, relation: Relation, called: str) -> ConfigError:
        near = self._source.query(
            "select n.nspname::text, c.relname::text from pg_catalog.pg_class c "
            "join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
            "where lower(c.relname) = lower(%s) and c.relkind = any(%s) "
            "and n.nspname not in ('pg_catalog', 'information_schema') order by 1, 2 limit 1",
            (relation.name, list(_READABLE)),
        )
        hint = f" (there is {near[0][0]}.{near[0][1]})" if near else ""
        return ConfigError(
            f"PostgreSQL has no table {relation}, from which {called} is to be loaded{hint}: name "
            "another with `from`, or take `pii_lint_sync` away; the warehouse was left as it is."
        )

    def _type(self, oid: int, modifier: int) -> PgType:
        listed = self._types.get(oid, _STRANGE)
        for _ in range(_DEEPEST):
            if listed.sort != "d":
                break
            if modifier < 0:
                modifier = listed.modifier
            listed = self._types.get(listed.base, _STRANGE)
        if listed.category == "A" and listed.element:
            return PgType(listed.name, listed.shown, element=self._type(listed.element, modifier))
        precision, scale = _digits(modifier) if listed.name == "numeric" else (None, 0)
        return PgType(listed.name, listed.shown, precision, scale, enum=listed.sort == "e")


def _digits(modifier: int) -> tuple[int | None, int]:
    """Precision and scale as PostgreSQL packs them; the scale may be below zero."""
    if modifier < 4:
        return None, 0
    packed = modifier - 4
    scale = packed & 0x7FF
    return (packed >> 16) & 0xFFFF, scale - 0x800 if scale & 0x400 else scale
