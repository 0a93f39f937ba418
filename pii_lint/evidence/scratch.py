"""A scratch copy of a DuckDB warehouse: what it starts from, altered, and built anew by dbt."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.evidence.alter import Scalar, canaries, exchanged, others, under
from pii_lint.evidence.building import BuildFailed, build, profile_at
from pii_lint.foretold import Place
from pii_lint.warehouse.profile import Target, file_of
from pii_lint.warehouse.quoting import literal, quoted, relation

_TYPES = (
    *("VARCHAR", "JSON", "UUID", "BLOB", "BOOLEAN", "DATE", "TIMESTAMP", "TIME"),
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
)
"""How the types begin whose values can be altered."""
_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Altered:
    """How much of a place was altered: distinct values, never the values themselves."""

    place: Place
    altered: int
    kept: int
    # distinct values that have no other of their shape
    why: str | None = None
    # nothing could be altered, and why


class Scratch:
    """A folder with the given tables of a warehouse, and the databases built from them."""

    def __init__(
        self,
        folder: Path,
        project_dir: Path,
        target: Target,
        given: Iterable[Table],
        variables: str | None = None,
    ) -> None:
        self._folder = folder
        self._project_dir = project_dir
        self._variables = variables
        self._stem = _file(project_dir, target).name
        self._base = folder / "base" / self._stem
        self._base.parent.mkdir(parents=True)
        _copy(_file(project_dir, target), self._base, given)
        self._desk = folder / "desk" / self._stem
        self._desk.parent.mkdir()
        profile_at(self._desk, target)

    def altered(
        self, name: str, tables: Mapping[str, Table], places: Sequence[Place]
    ) -> tuple[Path, tuple[Altered, ...]]:
        """A database whose values of these places, all of one kind, are others."""
        file = self._fresh(name)
        with duckdb.connect(str(file)) as connection:
            return file, tuple(_alter(connection, tables, places))

    def planted(
        self, name: str, tables: Mapping[str, Table], kinds: Iterable[tuple[str, Sequence[Place]]]
    ) -> tuple[Path, tuple[tuple[str, str], ...]]:
        """A database with canaries in all places, and the canaries with their kinds."""
        file = self._fresh(name)
        found: list[tuple[str, str]] = []
        with duckdb.connect(str(file)) as connection:
            for kind, places in kinds:
                values = {p: _values(connection, tables[p.node], p) for p in places}
                into = canaries((one for some in values.values() for one in some or ()), kind)
                for place, there in values.items():
                    if there:
                        _exchange(connection, tables[place.node], place, into)
                found += [(kind, new) for new in into.values() if isinstance(new, str)]
        return file, tuple(found)

    def plain(self, name: str) -> Path:
        """A database with the given tables as they are."""
        return self._fresh(name)

    def build(self, file: Path) -> None:
        """Let dbt make every model and snapshot in it. Raises `BuildFailed`."""
        # always in the same place, for dbt parses everything anew where its profile differs
        file.rename(self._desk)
        try:
            build(
                self._project_dir,
                self._desk.parent,
                ["--resource-type", "model", "--resource-type", "snapshot"],
                variables=self._variables,
            )
            _freeze(self._desk)
        finally:
            self._desk.rename(file)

    def _fresh(self, name: str) -> Path:
        # each in a folder of its own, for DuckDB calls a database by its file's stem
        file = self._folder / name / self._stem
        file.parent.mkdir()
        shutil.copyfile(self._base, file)
        return file


def _file(project_dir: Path, target: Target) -> Path:
    file = project_dir / file_of(target)
    if not file.is_file():
        raise ConfigError(
            f"There is no DuckDB file at {file}: load the raw tables and build the project first."
        )
    return file


def _copy(original: Path, base: Path, given: Iterable[Table]) -> None:
    try:
        with duckdb.connect(str(base)) as connection:
            connection.execute(f"attach {literal(str(original))} as original (read_only)")
            there = {
                (schema.lower(), name.lower())
                for schema, name in connection.execute(
                    "select schema_name, table_name from duckdb_tables() "
                    "where database_name = 'original' union all "
                    "select schema_name, view_name from duckdb_views() "
                    "where database_name = 'original'"
                ).fetchall()
            }
            for table in given:
                if (table.schema.lower(), table.name.lower()) not in there:
                    continue
                connection.execute(f"create schema if not exists {quoted(table.schema)}")
                name = relation(table)
                connection.execute(f"create table {name} as from original.{name}")
    except duckdb.Error as error:
        raise ConfigError(
            f"DuckDB could not copy {original} ({type(error).__name__}): check that no other "
            "process holds it, and that this DuckDB is not older than the one that made it."
        ) from None


def _alter(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table], places: Sequence[Place]
) -> Iterator[Altered]:
    """The same value becomes the same other one in each of the places."""
    values = {place: _values(connection, tables[place.node], place) for place in places}
    into = others((one for some in values.values() for one in some or ()), places[0].kind)
    for place, there in values.items():
        if there is None:
            yield Altered(
                place, 0, 0, "there is no such column, or of a type that can't be altered"
            )
            continue
        changed = sum(1 for one in there if one in into)
        if changed:
            _exchange(connection, tables[place.node], place, into)
        why = None if changed else "it holds no value" if not there else "no value has another"
        yield Altered(place, changed, len(there) - changed, why)


def _type(connection: duckdb.DuckDBPyConnection, table: Table, column: str) -> str | None:
    found = connection.execute(
        "select data_type from duckdb_columns() where lower(schema_name) = lower(?) "
        "and lower(table_name) = lower(?) and lower(column_name) = lower(?) "
        "and database_name = current_database()",
        [table.schema, table.name, column],
    ).fetchone()
    return str(found[0]) if found else None


def _values(
    connection: duckdb.DuckDBPyConnection, table: Table, place: Place
) -> frozenset[Scalar] | None:
    """The different values of a place; None where it can't be altered."""
    sort = _type(connection, table, place.column)
    if sort is None or sort.endswith("]") or not sort.startswith(_TYPES):
        return None
    cells = _cells(connection, table, place.column)
    if place.keys:
        keys = _folded(place.keys)
        return frozenset(one for cell in cells for one in under(_document(cell), keys))
    return frozenset(cells)


def _cells(connection: duckdb.DuckDBPyConnection, table: Table, column: str) -> list[Scalar]:
    name = quoted(column)
    rows = connection.execute(
        f"select distinct {name} from {relation(table)} where {name} is not null"  # noqa: S608  quoted
    ).fetchall()
    return [value for (value,) in rows]


def _exchange(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    place: Place,
    into: Mapping[Scalar, Scalar],
) -> None:
    pairs: list[tuple[object, object]] = []
    for value in _cells(connection, table, place.column):
        if place.keys:
            document = _document(value)
            new = exchanged(document, _folded(place.keys), into)
            if new != document:
                pairs.append((value, json.dumps(new)))
        elif value in into:
            pairs.append((value, into[value]))
    if not pairs:
        return
    name, column = relation(table), quoted(place.column)
    connection.execute(
        f"create temporary table pairs as select {column} as old, {column} as new "  # noqa: S608  quoted
        f"from {name} limit 0"
    )
    for at in range(0, len(pairs), _AT_ONCE):
        some = pairs[at : at + _AT_ONCE]
        lists = [[old for old, _ in some], [new for _, new in some]]
        connection.execute("insert into pairs select unnest(?), unnest(?)", lists)
    connection.execute(
        f"update {name} as given set {column} = pairs.new "  # noqa: S608  quoted
        f"from pairs where given.{column} = pairs.old"
    )
    connection.execute("drop table pairs")


def _document(value: object) -> object:
    try:
        return json.loads(str(value))
    except ValueError:
        return None


def _folded(keys: Iterable[str]) -> frozenset[str]:
    return frozenset(key.casefold() for key in keys)


def _freeze(file: Path) -> None:
    """Make a table of each view: under another name, its database's views are lost.

    Raises `BuildFailed` for a view that can't be read.
    """
    with duckdb.connect(str(file)) as connection:
        views = [
            Table(schema, name)
            for schema, name in connection.execute(
                "select schema_name, view_name from duckdb_views() "
                "where not internal and database_name = current_database()"
            ).fetchall()
        ]
        for at, view in enumerate(views):
            try:
                connection.execute(f"create table pii_lint_view_{at} as from {relation(view)}")
            except duckdb.Error:
                raise BuildFailed(view.name) from None
        for view in views:
            connection.execute(f"drop view {relation(view)}")
        for at, view in enumerate(views):
            connection.execute(f"create table {relation(view)} as from pii_lint_view_{at}")
            connection.execute(f"drop table pii_lint_view_{at}")
