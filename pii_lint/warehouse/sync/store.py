"""The warehouse's side: one transaction in a DuckDB file; all of it happens, or nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import duckdb

from pii_lint.errors import ConfigError
from pii_lint.warehouse.duckdb_new import make
from pii_lint.warehouse.duckdb_store import PATIENCE, is_locked
from pii_lint.warehouse.quoting import literal, quoted
from pii_lint.warehouse.sync.plan import LoadedColumn, Plan
from pii_lint.warehouse.sync.screening import DeadLetter
from pii_lint.warehouse.sync.source import Buffer
from pii_lint.warehouse.sync.stream import WIDEST, pour
from pii_lint.warehouse.sync.types import mark

Rows: TypeAlias = Iterator[Sequence[Buffer]]
SCHEMA = "pii_lint_sync"
"""Where the state of the loads stands, beside the tables."""
STAGED, KEYS = f"{SCHEMA}.staged", f"{SCHEMA}.keys"
_PAUSE = 0.1
_MARK = re.compile(mark(0).replace("0", r"(\d+)"))
_FULL = ("No space left", "File too large", "disk quota", "Disk quota")
_LONG = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "TIMETZ": "TIME WITH TIME ZONE"}
_TABLES = (
    "create table if not exists pii_lint_sync.loads (target varchar not null, source varchar, "
    "fingerprint varchar, loaded_by varchar, watermark varchar, rows bigint, refused bigint, "
    "mode varchar, synced_at timestamptz)",
    "create table if not exists pii_lint_sync.dead_letters (target varchar not null, "
    "source varchar, record_key json, column_name varchar, error_code varchar, error_detail json, "
    "synced_at timestamptz)",
)


@dataclass(frozen=True, slots=True)
class State:
    """What was kept of a table's last load."""

    fingerprint: str
    loaded_by: str | None
    watermark: str | None
    rows: int


class Store:
    """One open transaction. A table that isn't committed was never there."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        self._connection = connection
        self._name = name

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """For those who look into what was loaded, before it is committed."""
        return self._connection

    def columns(self, plan: Plan) -> dict[str, str]:
        """The table's columns with their types; none where it isn't there yet."""
        rows = self._rows(
            "select column_name, data_type from information_schema.columns "
            "where table_catalog = current_database() and lower(table_schema) = lower(?) "
            "and lower(table_name) = lower(?) order by ordinal_position",
            plan.wanted.schema,
            plan.wanted.name,
        )
        return {str(name): str(kind) for name, kind in rows}

    def refuse_view(self, plan: Plan) -> None:
        """A view of that name is somebody's own work."""
        found = self._rows(
            "select 1 from information_schema.tables where table_catalog = current_database() "
            "and lower(table_schema) = lower(?) and lower(table_name) = lower(?) "
            "and table_type = 'VIEW'",
            plan.wanted.schema,
            plan.wanted.name,
        )
        if found:
            raise ConfigError(
                f"{plan.called} is a view in {self._name}, and is to be loaded as a table: drop "
                "the view, or take `pii_lint_sync` away."
            )

    def fits(self, plan: Plan) -> bool:
        """True where the table has just the columns of the plan, in order."""
        there = list(self.columns(plan).items())
        return there == [(column.name, long_name(column.reading.duckdb)) for column in plan.columns]

    def state(self, plan: Plan) -> State | None:
        """What the last load left behind, if nobody touched the table since."""
        if not self._exists(SCHEMA, "loads") or not self.fits(plan):
            return None
        found = self._rows(
            "select fingerprint, loaded_by, watermark, rows from pii_lint_sync.loads "
            "where target = ?",
            _target(plan),
        )
        if len(found) != 1:
            return None
        fingerprint, loaded_by, watermark, rows = found[0]
        if not isinstance(rows, int) or self.count(_target(plan)) != rows:
            return None
        return State(
            str(fingerprint),
            None if loaded_by is None else str(loaded_by),
            None if watermark is None else str(watermark),
            rows,
        )

    def prepare(self, plans: Sequence[Plan]) -> None:
        """The schemas, and the tables that keep the state."""
        for schema in dict.fromkeys((SCHEMA, *(plan.wanted.schema for plan in plans))):
            self.execute(f"create schema if not exists {quoted(schema)}")
        for statement in _TABLES:
            self.execute(statement)

    def replace(self, plan: Plan, rows: Rows) -> int:
        """The whole table anew."""
        self._load(_target(plan), plan, plan.columns, rows)
        return self.count(_target(plan))

    def merge(self, plan: Plan, rows: Rows) -> int:
        """Rows that changed: the new one in the old one's place."""
        self._load(STAGED, plan, plan.columns, rows)
        changed = self.count(STAGED)
        if not plan.sure:
            listed = ", ".join(quoted(name) for name in plan.key)
            distinct = f"select count(*) from (select distinct {listed} from {STAGED})"  # noqa: S608
            if self.number(distinct) != changed:
                raise ConfigError(
                    f"{', '.join(plan.key)} doesn't tell the rows of {plan.called} apart, as its "
                    "`unique` test says: name what does, or take `incremental` away."
                )
        target = _target(plan)
        self.execute(f"delete from {target} using {STAGED} as s where {_same(plan, target)}")  # noqa: S608
        self.execute(f"insert into {target} by name select * from {STAGED}")  # noqa: S608
        self.execute(f"drop table {STAGED}")
        return changed

    def compare(self, plan: Plan, rows: Rows, *, alive: bool) -> tuple[int, int]:
        """Remove what isn't among the keys, or what is if these are of deleted rows. Gives how many
        went, and how many of the keys the table lacks."""
        target = _target(plan)
        self._load(KEYS, plan, plan.key_columns, rows)
        before = self.count(target)
        among = f"exists (select 1 from {KEYS} as s where {_same(plan, target)})"  # noqa: S608
        self.execute(f"delete from {target} where {'not ' if alive else ''}{among}")  # noqa: S608
        after = self.count(target)
        lacking = self.count(KEYS) - after if alive else 0
        if alive:
            self._settle(plan, "not exists", KEYS)
        self.execute(f"drop table {KEYS}")
        return before - after, lacking

    def drop_refused(self, plan: Plan, letters: Sequence[DeadLetter]) -> None:
        """A row that is refused now may stand there from an earlier load."""
        keys = [letter.key for letter in letters if letter.key is not None]
        if not keys or not plan.key:
            return
        target = _target(plan)
        same = " and ".join(
            f"{target}.{quoted(name)}::varchar = (k.key ->> {literal(name)})" for name in plan.key
        )
        self.execute(
            f"delete from {target} using (select unnest(?::json[]) as key) as k where {same}",  # noqa: S608
            keys,
        )

    def bury(self, plan: Plan, letters: Sequence[DeadLetter], *, all_of_it: bool) -> None:
        """Write down which rows were refused; `all_of_it` forgets what was written before."""
        if all_of_it:
            self.execute("delete from pii_lint_sync.dead_letters where target = ?", _target(plan))
        elif letters:
            self.execute(
                "delete from pii_lint_sync.dead_letters where target = ? and record_key::varchar "
                "in (select unnest(?::varchar[]))",
                _target(plan),
                [letter.key for letter in letters if letter.key is not None],
            )
        if letters:
            self.execute(
                "insert into pii_lint_sync.dead_letters select ?, ?, unnest(?::json[]), "
                "unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::json[]), now()",
                _target(plan),
                str(plan.wanted.source),
                [letter.key for letter in letters],
                [letter.column for letter in letters],
                [letter.code for letter in letters],
                [letter.detail for letter in letters],
            )

    def raise_dead(self, plan: Plan) -> None:
        """A dead letter whose row passes now is settled."""
        self._settle(plan, "exists", _target(plan))

    def _settle(self, plan: Plan, when: str, table: str) -> None:
        same = " and ".join(
            f"s.{quoted(name)}::varchar = (d.record_key ->> {literal(name)})" for name in plan.key
        )
        if plan.key and self.refused(plan):
            self.execute(
                "delete from pii_lint_sync.dead_letters as d where target = ? and "  # noqa: S608
                f"{when} (select 1 from {table} as s where {same})",
                _target(plan),
            )

    def refused(self, plan: Plan) -> int:
        """Dead letters of a table."""
        sql = "select count(*) from pii_lint_sync.dead_letters where target = ?"
        return self.number(sql, _target(plan))

    def watermark(self, plan: Plan, now: str) -> str | None:
        """Up to where the table is known; nothing that claims to lie ahead counts."""
        if plan.by is None:
            return None
        column, target = quoted(plan.by.name), _target(plan)
        if plan.counts:
            sql = f"select max({column})::varchar from {target}"  # noqa: S608
        else:
            kind = plan.by.reading.duckdb
            sql = (
                f"select max(least({column}, {literal(now)}::{kind}))::varchar from {target} "  # noqa: S608
                f"where isfinite({column})"
            )
        ((found,),) = self._rows(sql)
        # PostgreSQL writes such a year in another way
        return None if found is None or "BC" in str(found) else str(found)

    def remember(self, plan: Plan, mode: str, watermark: str | None, refused: int) -> int:
        """Keep what the next load wants to know; gives how many rows the table has."""
        rows = self.count(_target(plan))
        self.execute("delete from pii_lint_sync.loads where target = ?", _target(plan))
        self.execute(
            "insert into pii_lint_sync.loads values (?, ?, ?, ?, ?, ?, ?, ?, now())",
            _target(plan),
            str(plan.wanted.source),
            plan.fingerprint,
            plan.by.name if plan.by else None,
            watermark,
            rows,
            refused,
            mode,
        )
        return rows

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return self.number(f"select count(*) from {table}")  # noqa: S608  quoted by the caller

    def number(self, sql: str, *values: object) -> int:
        """The only number that a query answers."""
        ((found,),) = self._rows(sql, *values)
        return found if isinstance(found, int) else 0

    def execute(self, sql: str, *values: object) -> None:
        """Run a statement."""
        self._connection.execute(sql, list(values))

    def _rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        return self._connection.execute(sql, list(values)).fetchall()

    def _exists(self, schema: str, name: str) -> bool:
        sql = (
            "select count(*) from information_schema.tables where table_catalog = "
            "current_database() and table_schema = ? and table_name = ?"
        )
        return self.number(sql, schema, name) > 0

    def _load(self, table: str, plan: Plan, columns: Sequence[LoadedColumn], rows: Rows) -> None:
        names = [f"c{n}" for n in range(len(columns))]
        listed = ", ".join(
            f"{column.reading.becomes.format(name)} as {quoted(column.name)}"
            for name, column in zip(names, columns, strict=True)
        )
        arrives = ", ".join(
            f"{name}: {literal(column.reading.arrives)}"
            for name, column in zip(names, columns, strict=True)
        )

        def read(path: str) -> None:
            self.execute(
                f"create or replace table {table} as select {listed} from read_csv("  # noqa: S608
                f"{literal(path)}, columns = {{{arrives}}}, auto_detect = false, header = false, "
                "delim = ',', quote = '\"', escape = '\"', nullstr = '\\N', "
                "allow_quoted_nulls = false, new_line = '\\n', parallel = false, "
                f"max_line_size = {WIDEST})"
            )

        try:
            sent = pour(rows, read, self._connection.interrupt, str(plan.wanted.source))
        except duckdb.Error as wrong:
            raise _misfit(wrong, plan) or wrong from None
        if sent != self.count(table):
            raise ConfigError(
                f"Of {sent} rows of {plan.wanted.source} {self.count(table)} arrived: report this; "
                "the warehouse was left as it is."
            )


@contextmanager
def opened(path: Path, *, write: bool = True) -> Iterator[Store]:
    """A transaction on a DuckDB file; whatever is raised in it undoes all of it."""
    _demand(path)
    # The driver's own error is dropped: it may quote data or SQL.
    try:
        connection = _connected(path, write=write)
        try:
            connection.execute("set TimeZone = 'UTC'")
            connection.begin()
            yield Store(connection, str(path))
            connection.commit()
        finally:
            # without a commit before, this undoes everything
            connection.close()
    except duckdb.Error as error:
        raise ConfigError(_sentence(error, str(path))) from None


def long_name(kind: str) -> str:
    """A type as the warehouse lists it."""
    bare = kind.removesuffix("[]")
    return _LONG.get(bare, bare) + ("[]" if kind.endswith("[]") else "")


def _target(plan: Plan) -> str:
    return f"{quoted(plan.wanted.schema)}.{quoted(plan.wanted.name)}"


def _same(plan: Plan, target: str) -> str:
    return " and ".join(f"{target}.{quoted(name)} = s.{quoted(name)}" for name in plan.key)


def _connected(path: Path, *, write: bool) -> duckdb.DuckDBPyConnection:
    if write:
        make(path)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return duckdb.connect(
                str(path),
                read_only=not write,
                # nothing is fetched from the network
                config={"autoinstall_known_extensions": "false"},
            )
        except duckdb.IOException as error:
            if not is_locked(error) or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE)


def _demand(path: Path) -> None:
    if str(path) == ":memory:":
        raise ConfigError("A database in memory keeps nothing: give the path of a DuckDB file.")
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, not a DuckDB file: give the file's path.")
    if not path.parent.is_dir():
        raise ConfigError(
            f"There is no folder for the DuckDB file {path}: make the folder, "
            "or give the right path with --database."
        )


def _misfit(error: duckdb.Error, plan: Plan) -> ConfigError | None:
    """What doesn't fit into which column, without the value."""
    text = str(error)
    found = _MARK.search(text)
    if found is not None:
        name = plan.wanted.columns[int(found[1])].name
        column = next(each for each in plan.columns if each.name == name)
        return ConfigError(
            f"A value of `{column.source}` in {plan.wanted.source} can't be held exactly as "
            f"{column.reading.duckdb}: mend it there, or declare another `data_type` in "
            f"{plan.wanted.file}; the warehouse was left as it is."
        )
    if "unicode" in text.lower() or "utf-8" in text.lower():
        return ConfigError(
            f"{plan.wanted.source} holds text that isn't valid UTF-8: mend it there; the warehouse "
            "was left as it is."
        )
    return None


def _sentence(error: duckdb.Error, name: str) -> str:
    """The driver's complaint without data or SQL."""
    text = str(error)
    if is_locked(error):
        return (
            f"{name} is in use by another process (a sync, a build or a dashboard): wait until it "
            "ends, then run this again."
        )
    if any(words in text for words in _FULL):
        return f"The disk of {name} is full: make room, then run this again; nothing was changed."
    if "not a valid DuckDB" in text:
        return f"{name} isn't a DuckDB database: give the right path with --database."
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"DuckDB had too little memory for {name}: give it more, or load fewer tables a run."
    return (
        f"DuckDB could not work on {name} ({type(error).__name__}): check that the file can be "
        "read and written, and that this DuckDB is not older than the one that made it."
    )
