"""The salt of a DuckDB file: all is built in a copy, which then takes the file's place at once.

Until that moment the warehouse is as it was. The copy never holds the old salt nor an old
pseudonym, so that none is left in a page of the file that nobody uses any more.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb

from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.evidence.building import BuildFailed, build, profile_at
from pii_lint.evidence.rotation.pseudonyms import RUN, compare, obstacles, remember
from pii_lint.evidence.rotation.record import ColumnEvidence
from pii_lint.evidence.rotation.wish import Wish, chosen_of
from pii_lint.rekeying import Rekeying
from pii_lint.warehouse.duckdb_store import DuckDBStore, is_locked
from pii_lint.warehouse.profile import Target, file_of
from pii_lint.warehouse.quoting import literal, quoted, relation
from pii_lint.warehouse.salt import SCHEMA, demand_sound, fresh

_OWN = (SCHEMA, "pii_lint_sync")


def rotate(
    project_dir: Path,
    target: Target,
    plan: Rekeying,
    wish: Wish,
    told: Callable[[str], object],
) -> tuple[ColumnEvidence, ...]:
    """What became of each column; the warehouse is changed only where none of them fails.

    Raises `ConfigError` where something stands against it; nothing is changed then.
    """
    file = (project_dir / file_of(target)).resolve()
    if wish.resume:
        raise ConfigError(
            "On DuckDB nothing waits to be resumed: a rotation that was cut off changed nothing, "
            "so run this again without --resume."
        )
    store = DuckDBStore(file)
    with store.session(write=False) as session:
        demand_sound(session.look(), store)
    desk = _desk(file)
    with _alone(file) as warehouse:
        # what a rotation that was cut off left behind: nobody else is at work here
        shutil.rmtree(desk, ignore_errors=True)
        try:
            desk.mkdir(mode=0o700)
            copy = desk / file.name
            told("the pseudonyms of today")
            rows = _before(warehouse, desk, copy, plan)
            with DuckDBStore(copy).session(write=True) as session:
                session.put(fresh())
            told("everything under the new salt")
            profile_at(copy, target)
            _build(project_dir, desk, plan, wish.variables)
            told("the pseudonyms of tomorrow")
            columns, lost = _after(copy, desk, plan, wish.accepted, rows)
            if lost and not wish.fewer:
                raise ConfigError(
                    f"{', '.join(lost)} would lose rows that the raw tables no longer hold, so "
                    "nothing was changed: say --allow-fewer-rows if they may go."
                )
            if not any(one.verdict.fails for one in columns):
                _exchange(copy, file)
        except OSError as wrong:
            raise ConfigError(
                f"Can't build beside {file}: {wrong.strerror}; nothing was changed."
            ) from None
        finally:
            shutil.rmtree(desk, ignore_errors=True)
    return columns


def _desk(file: Path) -> Path:
    # beside it, for only within one file system a file takes another's place at once
    return file.with_name(f".{file.name}.rotation")


@contextmanager
def _alone(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, open to nobody else. It is only read.

    NOTE: nothing else in this process may open the file meanwhile, not even to copy it: closing it
    would let go of the lock.
    """
    try:
        connection = duckdb.connect(str(file))
    except duckdb.Error as error:
        held = "is in use by another process: wait until it ends, then run this again"
        raise ConfigError(
            f"{file} {held if is_locked(error) else 'can not be opened to write'}."
        ) from None
    with closing(connection):
        try:
            connection.execute("checkpoint")
            yield connection
        except duckdb.Error as error:
            raise ConfigError(
                f"DuckDB could not work on {file} ({type(error).__name__}): check that the disk "
                "has room; nothing was changed."
            ) from None


def _before(
    warehouse: duckdb.DuckDBPyConnection, desk: Path, copy: Path, plan: Rekeying
) -> dict[str, int]:
    """Note the old pseudonyms, and copy what isn't built anew; returns rows of what grows."""
    warehouse.execute(f"attach {literal(str(desk / 'old.duckdb'))} as pii_lint_rotation")
    reader = _Reader(warehouse)
    remember(reader, plan)
    if found := list(obstacles(reader, plan)):
        raise ConfigError(f"{'; '.join(found)}. Nothing was changed.")
    rows = {
        one.node: reader.count(f"select count(*) from {relation(one.table)}")  # noqa: S608
        for one in plan.rebuilt
        if one.grows and reader.columns(one.table)
    }
    warehouse.execute("detach pii_lint_rotation")
    _copy(warehouse, copy, plan)
    return rows


def _copy(warehouse: duckdb.DuckDBPyConnection, copy: Path, plan: Rekeying) -> None:
    ((name,),) = warehouse.execute("select current_database()").fetchall()
    warehouse.execute(f"attach {literal(str(copy))} as pii_lint_rotation")
    warehouse.execute(f"copy from database {quoted(str(name))} to pii_lint_rotation (schema)")
    anew = {(one.table.schema.lower(), one.table.name.lower()) for one in plan.rebuilt}
    anew.add((plan.salt.schema.lower(), plan.salt.name.lower()))
    waiting = [
        one for one in _tables(warehouse) if (one.schema.lower(), one.name.lower()) not in anew
    ]
    while waiting:
        # a table that another one refers to goes first
        left = [one for one in waiting if not _copied(warehouse, one)]
        if len(left) == len(waiting):
            raise ConfigError(
                f"{left[0].schema}.{left[0].name} can't be copied, perhaps for a generated column: "
                "nothing was changed."
            )
        waiting = left
    warehouse.execute("detach pii_lint_rotation")


def _copied(warehouse: duckdb.DuckDBPyConnection, table: Table) -> bool:
    name = relation(table)
    try:
        warehouse.execute(f"insert into pii_lint_rotation.{name} from {name}")
    except (duckdb.BinderException, duckdb.ConstraintException):
        return False
    return True


def _tables(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    return [
        Table(str(schema), str(name))
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal "
            "and not temporary and database_name = current_database() order by table_oid"
        ).fetchall()
    ]


def _build(project_dir: Path, desk: Path, plan: Rekeying, variables: str | None) -> None:
    chosen = chosen_of(plan)
    try:
        build(project_dir, desk, chosen, variables=variables)
    except BuildFailed as broken:
        raise ConfigError(
            f"dbt could not build {broken.where} under a new salt, so nothing was changed: mend "
            "what `dbt build --full-refresh` says of it, then run this again."
        ) from None


def _after(
    copy: Path, desk: Path, plan: Rekeying, accepted: Collection[str], rows: dict[str, int]
) -> tuple[tuple[ColumnEvidence, ...], list[str]]:
    with duckdb.connect(str(copy)) as connection:
        old = literal(str(desk / "old.duckdb"))
        connection.execute(f"attach {old} as pii_lint_rotation (read_only)")
        reader = _Reader(connection)
        columns = tuple(compare(reader, plan, accepted))
        lost = [
            one.name
            for one in plan.rebuilt
            if one.node in rows
            and reader.count(f"select count(*) from {relation(one.table)}") < rows[one.node]  # noqa: S608
        ]
        connection.execute("detach pii_lint_rotation")
        connection.execute("checkpoint")
    return columns, lost


def _exchange(copy: Path, file: Path) -> None:
    log = file.with_name(f"{file.name}.wal")
    if log.exists() and log.stat().st_size:
        # DuckDB would play it into the new file
        raise ConfigError(f"{log} isn't empty, so nothing was changed: see who writes there.")
    was = file.stat()
    copy.chmod(was.st_mode & 0o7777)
    with suppress(PermissionError):
        shutil.chown(copy, was.st_uid, was.st_gid)
    with copy.open("rb+") as written:
        os.fsync(written.fileno())
    copy.replace(file)


class _Reader:
    """One open file, with that of the old pseudonyms beside it."""

    old = "pii_lint_rotation.main.pseudonyms"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def columns(self, table: Table) -> list[tuple[str, str]]:
        return [
            (str(name), _text(str(name), str(sort)))
            for name, sort in self._connection.execute(
                "select column_name, data_type from duckdb_columns() where "
                "lower(schema_name) = lower(?) and lower(table_name) = lower(?) "
                "and database_name = current_database() order by column_index",
                [table.schema, table.name],
            ).fetchall()
        ]

    def tables(self) -> list[Table]:
        return [one for one in _tables(self._connection) if one.schema not in _OWN]

    def runs(self, text: str) -> str:
        return f"unnest(regexp_extract_all({text}, '{RUN}'))"

    def has_run(self, text: str) -> str:
        return f"regexp_matches({text}, '{RUN}')"

    def execute(self, sql: str) -> None:
        self._connection.execute(sql)

    def count(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchall()[0][0])


def _text(name: str, sort: str) -> str:
    column = quoted(name)
    return f"hex({column})" if sort == "BLOB" else f"cast({column} as varchar)"
