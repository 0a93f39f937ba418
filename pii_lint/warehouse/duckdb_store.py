"""The salt's table in a DuckDB file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from pii_lint.errors import ConfigError
from pii_lint.warehouse.duckdb_new import make
from pii_lint.warehouse.salt import COLUMN, RELATION, SCHEMA, SHAPE, TABLE, Salt, Sighting

PATIENCE = 5.0
# Seconds to wait for another process to let go of the file: long enough for a second
# `salt init`, too short to sit out a whole `dbt build`.
_PAUSE = 0.1
_HEADERS = 3 * 4096
# Bytes that a DuckDB file begins with; one that another process is just making has fewer.
_MAGIC = b"DUCK"
_MAGIC_AT = 8
# The bytes by which a finished header names its format, and where they stand.


class DuckDBStore:
    """A DuckDB file, named by its path as the user wrote it."""

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        self._path = path
        self._patience = patience

    @property
    def name(self) -> str:
        return str(self._path)

    @contextmanager
    def session(self, *, write: bool) -> Iterator[DuckDBSession]:
        self._demand_file(write=write)
        # The driver's own error is dropped: it may quote data or SQL.
        try:
            with self._connect(write=write) as connection:
                connection.begin()
                yield DuckDBSession(connection)
                connection.commit()
        except duckdb.Error as error:
            raise ConfigError(_sentence(error, self.name)) from None

    def _connect(self, *, write: bool) -> duckdb.DuckDBPyConnection:
        if write:
            make(self._path)
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return duckdb.connect(str(self._path), read_only=not write)
            except duckdb.IOException as error:
                held = is_locked(error) or (_is_foreign(error) and self._is_in_the_making())
                if not held or time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE)

    def _is_in_the_making(self) -> bool:
        """True where what was no DuckDB file a moment ago is becoming one, or has become one."""
        with suppress(OSError), self._path.open("rb") as file:
            begun = file.read(_HEADERS)
            recent = time.time() - self._path.stat().st_mtime < self._patience
            return recent and (len(begun) < _HEADERS or begun.startswith(_MAGIC, _MAGIC_AT))
        return False

    def _demand_file(self, *, write: bool) -> None:
        if self.name == ":memory:":
            raise ConfigError("A database in memory keeps no salt: give the path of a DuckDB file.")
        if self._path.is_dir():
            raise ConfigError(f"{self.name} is a folder, not a DuckDB file: give the file's path.")
        if not write and not self._path.exists():
            raise ConfigError(
                f"There is no DuckDB file at {self.name}: run `pii-lint salt init` to make it, "
                "or give the right path with --database."
            )
        if not self._path.parent.is_dir():
            raise ConfigError(
                f"There is no folder for the DuckDB file {self.name}: make the folder, "
                "or give the right path with --database."
            )


def is_locked(error: duckdb.Error) -> bool:
    """True where another process holds the file."""
    # DuckDB has no type of its own for this; the second wording is that of Windows.
    return "Could not set lock" in str(error) or "used by another process" in str(error)


def _is_foreign(error: duckdb.Error) -> bool:
    return "not a valid DuckDB" in str(error)


def _sentence(error: duckdb.Error, name: str) -> str:
    """The driver's complaint without data or SQL."""
    if is_locked(error):
        return f"{name} is in use by another process: wait until it ends, then run this again."
    if isinstance(error, duckdb.TransactionException):
        return f"Another salt command wrote to {name} at the same time: run `pii-lint salt check`."
    if _is_foreign(error):
        return f"{name} isn't a DuckDB database: give the right path with --database."
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return (
            f"{RELATION} of {name} isn't a table with one text column `{COLUMN}`: "
            "drop it, then run `pii-lint salt init` or `pii-lint salt import`."
        )
    return (
        f"DuckDB could not work on {name} ({type(error).__name__}): check that the file can be "
        "read and written, and that this DuckDB is not older than the one that made it."
    )


class DuckDBSession:
    """One open transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def look(self) -> Sighting:
        (tables,) = self._row(
            "select count(*) from information_schema.tables "
            "where table_catalog = current_database() and table_schema = ? and table_name = ?",
            SCHEMA,
            TABLE,
        )
        if not tables:
            return Sighting(table=False)
        rows, nulls, shortest, shaped = self._row(
            "select count(*), count(*) - count(salt), coalesce(min(length(salt)), 0), "
            "coalesce(bool_and(regexp_full_match(salt, ?)), true) from pii_secrets.pii_salt",
            SHAPE,
        )
        return Sighting(True, rows, nulls, shortest, bool(shaped))

    def holds(self, salt: Salt) -> bool:
        (same,) = self._row("select bool_and(salt = ?) from pii_secrets.pii_salt", salt.text)
        return bool(same)

    def put(self, salt: Salt) -> None:
        self._connection.execute("create schema if not exists pii_secrets")
        self._connection.execute(
            "create table if not exists pii_secrets.pii_salt (salt varchar not null)"
        )
        self._connection.execute("insert into pii_secrets.pii_salt values (?)", [salt.text])
        # Two transactions may each insert a row, but not each alter the table: the comment makes
        # the later one fail even where the table stood there before, empty.
        self._connection.execute(
            "comment on table pii_secrets.pii_salt is "
            "'One row: the salt of hash_pii. Written by pii-lint salt, read by hash_pii alone.'"
        )

    def _row(self, sql: str, *values: str) -> tuple[int, ...]:
        """The only row of an aggregate query."""
        return self._connection.execute(sql, list(values)).fetchall()[0]
