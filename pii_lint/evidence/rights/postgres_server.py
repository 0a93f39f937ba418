"""An erasure in PostgreSQL: one transaction, then the tables written anew and looked through.

A commit takes the rows from everybody's sight; until its table is written anew they lie in its
file, and what the planner knows of them in its statistics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg.conninfo import make_conninfo

from pii_lint import progress
from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.evidence.rights.collecting import Collected, collected
from pii_lint.evidence.rights.erasure import Left, left
from pii_lint.evidence.rights.forget import (
    Foreseen,
    Order,
    StillThere,
    built,
    foresee,
    known_before,
    recorded,
    sorted_out,
    taken_out,
)
from pii_lint.evidence.rights.person import Person
from pii_lint.evidence.rights.record import Forgotten
from pii_lint.holdings import Holdings
from pii_lint.warehouse.postgres_store import demand_least_role, settings
from pii_lint.warehouse.profile import Target
from pii_lint.warehouse.quoting import literal, quoted, relation
from pii_lint.warehouse.subject.database import Row, spelled
from pii_lint.warehouse.subject.postgres import Postgres
from pii_lint.warehouse.subject.tombstones import lift, read

_LOCK = "select pg_advisory_xact_lock(hashtext('pii_lint.forget_subject'))"
_STATISTICS = """
select schemaname::text, tablename::text, attname::text,
lower(concat_ws(' ', most_common_vals::text, histogram_bounds::text, most_common_elems::text))
from pg_stats
"""
_REFUSALS = (psycopg.errors.RaiseException, psycopg.IntegrityError)
_ROLES = "select rolname::text from pg_roles where pg_has_role(current_user, oid, 'usage')"
# usage of the schema first: without it nobody may ask about the table
_MAY_READ = """
select case when has_schema_privilege(%s, 'usage')
then has_table_privilege(format('%%I.%%I', %s::text, %s::text), 'select') else false end
"""
_SETTINGS = (
    # whoever may create functions here can't have them called
    "set search_path = pg_catalog, pg_temp",
    # rows that a policy hides would be missed in silence; so it is an error
    "set row_security = off",
)
_OWNED = """
select pg_has_role(current_user, relowner, 'usage') from pg_class where oid = to_regclass(%s)
"""
_CATALOGUE = """
select pg_has_role(current_user, datdba, 'usage') from pg_database
where datname = current_database()
"""
_UNSEARCHED = (
    "the server's files can't be read from here: every table that may have held rows of theirs was "
    "written anew (vacuum full) and its statistics made anew; the write-ahead log, its archive, "
    "replicas and backups hold what was, until they expire"
)


class PostgresServer:
    """A warehouse in a database that a target of a dbt profile names."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def foresee(self, order: Order) -> Foreseen:
        with _connected(self._target) as connection:
            try:
                return foresee(Postgres(connection), order)
            finally:
                connection.rollback()

    def forget(self, order: Order) -> Forgotten:
        return _forget(self._target, order)

    def export(
        self, holdings: Holdings, given: frozenset[tuple[str, str]], role: str | None
    ) -> Collected:
        with _connected(self._target) as connection:
            try:
                if role is not None:
                    _become(connection, role)
                database = Postgres(connection)
                _demand_cleared(database, holdings)
                return collected(database, holdings, given)
            finally:
                connection.rollback()

    def forgot(self) -> bool:
        with _connected(self._target) as connection:
            return read(Postgres(connection)) is not None

    def lift(self, given: frozenset[tuple[str, str]]) -> int:
        with _connected(self._target) as connection:
            return lift(Postgres(connection), given)


def _forget(target: Target, order: Order) -> Forgotten:
    with _connected(target) as connection:
        database = Postgres(connection)
        connection.execute(_LOCK.encode())
        _demand_owned(database, _concerned(database, order))
        order.told("taking them out")
        again = known_before(database, order)
        person, touched = taken_out(database, order)
        _refresh(database)
        order.told("searching")
        counted, _ = sorted_out(left(database, order.holdings, person), order)
        if counted:
            raise StillThere(counted)
        connection.commit()
        if order.build:
            order.told("building")
            _build(order, target)
        order.told("writing tables anew")
        connection.autocommit = True
        _write_anew(connection, order)
        connection.autocommit = False
        counted, excused = sorted_out(left(database, order.holdings, person), order)
        statistics = tuple(_statistics(database, person, excused))
        ((owner,),) = database.query(_CATALOGUE)
        version = connection.info.server_version // 10000
        connection.rollback()
    record = recorded(
        order,
        person,
        touched,
        engine=f"PostgreSQL {version}",
        excused=excused,
        bytes_told=_UNSEARCHED if owner else f"{_UNSEARCHED}; {_DEAD_STATISTICS}",
        bytes_found=None,
        again=again,
        statistics=statistics,
    )
    return replace(record, cells=counted)


def _become(connection: psycopg.Connection[Row], role: str) -> None:
    try:
        connection.execute(f"set role {quoted(role)}".encode())
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue):
        raise ConfigError(
            "The role that signs in isn't a member of the one that --role names, or there is no "
            "such role: grant it, or sign in as somebody else."
        ) from None


def _demand_cleared(database: Postgres, holdings: Holdings) -> None:
    """The policy has to let this role read such data, and the database has to let it, too."""
    ((me,),) = database.query("select current_user::text")
    mine = [str(name).lower() for (name,) in database.query(_ROLES)]
    patterns = [one.strip().lower() for one in holdings.cleared]
    if patterns and not any(fnmatchcase(name, each) for name in mine for each in patterns):
        raise ConfigError(
            f"The policy clears {', '.join(holdings.cleared)} to read such data, and {me} is none "
            "of them nor a member: sign in as one, or name it with --role."
        )
    wanted = [one.table for one in holdings.held]
    wanted += [one.table for one in holdings.derived if one.restricted]
    for table in filter(None, (spelled(database, one) for one in wanted)):
        ((may,),) = database.query(_MAY_READ, table.schema, table.schema, table.name)
        if not may:
            raise ConfigError(
                f"{me} may not read {table.schema}.{table.name}, so the export would not be whole: "
                "grant select on it, and usage on its schema, to the role that exports."
            )


def _refresh(database: Postgres) -> None:
    for table in _materialized(database):
        database.execute(f"refresh materialized view {database.relation(table)}")


def _materialized(database: Postgres) -> list[Table]:
    rows = database.query("select schemaname::text, matviewname::text from pg_matviews")
    return [Table(str(schema), str(name)) for schema, name in rows]


def _build(order: Order, target: Target) -> None:
    with TemporaryDirectory(prefix="pii-lint-forget-") as folder:
        built(order, Path(folder), target.file.parent)


def _write_anew(connection: psycopg.Connection[Row], order: Order) -> None:
    """Every table that may have held something of theirs, touched today or by a run that broke."""
    database = Postgres(connection)
    tables = _concerned(database, order)
    for number, table in enumerate(tables):
        progress.tell(number, len(tables))
        connection.execute(f"vacuum (full, analyze) {relation(table)}".encode())
        # of an empty table nothing is learnt anew, so what was known of it stays
        if not database.query(f"select 1 from {database.relation(table)} limit 1"):
            _try(connection, f"delete from pg_statistic where starelid = {_oid(table)}")
    for name in ("pg_catalog.pg_statistic", "pg_catalog.pg_statistic_ext_data"):
        # the catalogue keeps dead rows like any table; its owner or the database's may do this
        _try(connection, f"vacuum (full) {name}")
    _try(connection, "checkpoint")
    _try(connection, "select pg_switch_wal()")


def _concerned(database: Postgres, order: Order) -> list[Table]:
    wanted = [one.table for one in order.holdings.held]
    wanted += [one.table for one in order.holdings.derived]
    tables = [found for one in wanted if (found := spelled(database, one)) is not None]
    return list(dict.fromkeys(tables))


def _demand_owned(database: Postgres, tables: Iterable[Table]) -> None:
    """What another role owns would be passed over, with a warning that nobody reads."""
    for table in tables:
        ((mine,),) = database.query(_OWNED, relation(table))
        if not mine:
            raise ConfigError(
                f"{table.schema}.{table.name} belongs to another role, and only its owner can have "
                "it written anew: sign in as a role that owns the raw tables and what dbt builds."
            )


def _oid(table: Table) -> str:
    return f"{literal(relation(table))}::regclass"


def _try(connection: psycopg.Connection[Row], sql: str) -> bool:
    try:
        connection.execute(sql.encode())
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _statistics(database: Postgres, person: Person, excused: tuple[Left, ...]) -> Iterator[Left]:
    """Columns of which the planner still knows a value of theirs."""
    names = {(one.table, one.column) for one in excused}
    terms = [one for one in person.terms if one.fit != "whole"]
    for schema, table, column, text in database.query(_STATISTICS):
        if (f"{schema}.{table}", str(column)) not in names and any(
            one.within(str(text)) for one in terms
        ):
            yield Left(f"{schema}.{table}", str(column), 0)


_DEAD_STATISTICS = (
    "this role doesn't own the database, so its owner has to run `vacuum full pg_statistic`, where "
    "former statistics lie"
)


@contextmanager
def _connected(target: Target) -> Iterator[psycopg.Connection[Row]]:
    # The driver's own error is dropped: it may quote data, SQL or a password.
    try:
        with psycopg.connect(
            make_conninfo(**{**settings(target), "application_name": "pii-lint forget-subject"})
        ) as connection:
            demand_least_role(connection, f"target {target.name}")
            for sql in _SETTINGS:
                connection.execute(sql.encode())
            connection.commit()
            yield connection
    except psycopg.Error as error:
        raise ConfigError(_sentence(error, target)) from None


def _sentence(error: psycopg.Error, target: Target) -> str:
    where = f"target {target.name} in {target.file}"
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return (
            f"The role of {where} may not do this: it has to own the raw tables, what dbt builds, "
            "and the schema pii_secrets."
        )
    if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled):
        return f"Somebody holds a table that {where} has to write anew: run this again later."
    if isinstance(error, psycopg.OperationalError):
        return (
            f"No connection by {where}, or it broke off: check that the server runs, and the "
            "target's user, password and TLS settings; running this again does no harm."
        )
    if isinstance(
        error, psycopg.errors.RaiseException | psycopg.errors.IntegrityConstraintViolation
    ):
        return (
            f"A trigger or constraint in the database of {where} keeps rows that are to go "
            f"(SQLSTATE {error.sqlstate}): let this role pass it, or say `on_forget: blank` or "
            "`keep` for that table."
        )
    return (
        f"PostgreSQL could not do this by {where} ({type(error).__name__}, SQLSTATE "
        f"{error.sqlstate}): check the role's rights and the server's log."
    )
