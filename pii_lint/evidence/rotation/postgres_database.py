"""The salt of a PostgreSQL database: given up first, and a mark stands until all is built anew.

One transaction notes the old pseudonyms, sets the mark, closes what grows to every writer, and
exchanges the salt. From then on each table either stands as a whole under the old salt, or dbt has
replaced it as a whole by one under the new; `check_pii_salt` refuses every other run. The mark goes
in one transaction when the proof holds.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import yaml
from psycopg.conninfo import make_conninfo

from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.evidence.building import BuildFailed, build
from pii_lint.evidence.rotation.pseudonyms import RUN, compare, obstacles, remember
from pii_lint.evidence.rotation.record import ColumnEvidence
from pii_lint.evidence.rotation.wish import Wish, chosen_of
from pii_lint.rekeying import Rekeying
from pii_lint.warehouse.postgres_store import (
    PostgresSession,
    PostgresStore,
    demand_least_role,
    settings,
)
from pii_lint.warehouse.profile import Target
from pii_lint.warehouse.quoting import quoted, relation
from pii_lint.warehouse.salt import RELATION, ROTATION, SCHEMA, demand_sound, fresh

VARIABLE = "pii_lint_rotation"
"""By it the rotation's own run of dbt is known."""
_CLOSED = f"{SCHEMA}.pii_rotation_pending"
_TURN = f"pii_lint.{ROTATION}"
_PATIENCE = "60s"
# to wait for whoever reads the salt or writes to a table that grows

_MARK = (
    f"create table {ROTATION} (rotation varchar not null)",
    f"revoke all on {ROTATION} from public",
    f"comment on table {ROTATION} is 'A rotation of the salt has begun: "
    "pii-lint rotate-salt --resume ends it.'",
    f"create function {_CLOSED}() returns trigger language plpgsql as $$ begin raise exception "
    "'a rotation of the salt is pending, and this table stands under the old one: run pii-lint "
    "rotate-salt --resume'; end $$",
)

_NUMBER = f"insert into {ROTATION} values (%s)".encode()  # noqa: S608
_NUMBERS = f"select rotation from {ROTATION}".encode()  # noqa: S608


def rotate(
    project_dir: Path,
    target: Target,
    plan: Rekeying,
    wish: Wish,
    told: Callable[[str], object],
) -> tuple[ColumnEvidence, ...]:
    """What became of each column; while one of them fails the rotation stays pending.

    Raises `ConfigError` where something stands against it.
    """
    _refuse_unasked(plan)
    store = PostgresStore(target)
    with _turn(target, store.name) as connection:
        if not wish.resume:
            told("the pseudonyms of today")
            _begin(connection, store, plan, wish)
        number = _number(connection, store)
        told("everything under the new salt")
        _build(project_dir, target, plan, wish, number)
        told("the pseudonyms of tomorrow")
        with connection.transaction():
            columns = tuple(compare(_Reader(connection), plan, wish.accepted))
            if not any(one.verdict.fails for one in columns):
                _end(connection)
    return columns


def _refuse_unasked(plan: Rekeying) -> None:
    if not plan.asked:
        raise ConfigError(
            "Nothing keeps another run of dbt from building under the old salt meanwhile: put "
            '`on-run-start: "{{ pii_lint.check_pii_salt() }}"` into dbt_project.yml, run `dbt '
            "compile`, then this again."
        )


@contextmanager
def _turn(target: Target, name: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection that only one rotation at a time gets."""
    told = {**settings(target), "application_name": "pii-lint rotate-salt"}
    # The driver's own error is dropped: it may quote data, SQL or a password.
    try:
        with psycopg.connect(make_conninfo(**told), autocommit=True) as connection:
            demand_least_role(connection, name)
            got = connection.execute(
                "select pg_try_advisory_lock(hashtext(%s))", [_TURN]
            ).fetchone()
            if got != (True,):
                raise ConfigError(f"Another rotation is at work in {name}: let it end.")
            yield connection
    except psycopg.errors.LockNotAvailable:
        raise ConfigError(
            f"The salt in {name}, or a table that it keys, was in use for too long, so nothing was "
            "changed: wait until what runs there has ended, then run this again."
        ) from None
    except psycopg.errors.InsufficientPrivilege:
        raise ConfigError(
            f"The role of this target may not rotate the salt in {name}: it has to own the schema "
            f"{SCHEMA}, what dbt builds, and to read what stands beside it."
        ) from None
    except psycopg.Error as error:
        raise ConfigError(
            f"PostgreSQL could not work on {name} ({type(error).__name__}): see the server's log; "
            "`pii-lint salt check` says whether a rotation is pending."
        ) from None


def _begin(
    connection: psycopg.Connection[tuple[object, ...]],
    store: PostgresStore,
    plan: Rekeying,
    wish: Wish,
) -> None:
    session, reader = PostgresSession(connection), _Reader(connection)
    with connection.transaction():
        connection.execute(f"set local lock_timeout = '{_PATIENCE}'".encode())
        seen = session.look()
        if seen.pending:
            raise ConfigError(
                f"A rotation of the salt in {store.name} was cut off before it ended: run this "
                "with --resume."
            )
        demand_sound(seen, store)
        # Whoever has read the old salt in a transaction ends it first; whoever comes waits.
        connection.execute(f"lock table {RELATION} in access exclusive mode".encode())
        _refuse_company(connection, store.name)
        growing = [one for one in plan.rebuilt if one.grows and reader.columns(one.table)]
        if growing and not wish.fewer:
            names = ", ".join(one.name for one in growing)
            raise ConfigError(
                f"{names} would be made anew from what the raw tables hold today, and on "
                "PostgreSQL nobody can try that first: say --allow-fewer-rows if what they no "
                "longer hold may go; nothing was changed."
            )
        remember(reader, plan)
        if found := list(obstacles(reader, plan)):
            raise ConfigError(f"{'; '.join(found)}. Nothing was changed.")
        for statement in _MARK:
            connection.execute(statement.encode())
        connection.execute(_NUMBER, [secrets.token_hex(8)])
        for one in growing:
            connection.execute(
                "create trigger pii_rotation_pending before insert or update or delete on "
                f"{relation(one.table)} for each statement execute function {_CLOSED}()".encode()
            )
        session.exchange(fresh())


def _refuse_company(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    rows = connection.execute(
        "select count(*) from pg_stat_activity where datname = current_database() "
        "and application_name = 'dbt' and pid <> pg_backend_pid()"
    ).fetchall()
    if rows != [(0,)]:
        raise ConfigError(
            f"A run of dbt is at work in {name}, so nothing was changed: wait until it ends, then "
            "run this again."
        )


def _number(connection: psycopg.Connection[tuple[object, ...]], store: PostgresStore) -> str:
    seen = PostgresSession(connection).look()
    demand_sound(seen, store)
    if not seen.pending:
        raise ConfigError(
            f"No rotation is pending in {store.name}: leave --resume out to begin one."
        )
    rows = connection.execute(_NUMBERS).fetchall()
    if len(rows) != 1:
        raise ConfigError(
            f"{ROTATION} of {store.name} holds {len(rows)} rows instead of one, so somebody wrote "
            "there: leave one row, with any text, then run this with --resume."
        )
    return str(rows[0][0])


def _build(project_dir: Path, target: Target, plan: Rekeying, wish: Wish, number: str) -> None:
    chosen = chosen_of(plan)
    with TemporaryDirectory(prefix="pii-lint-rotation-") as desk:
        try:
            build(
                project_dir,
                Path(desk),
                chosen,
                profiles_dir=target.file.parent.resolve(),
                target=target.name,
                variables=json.dumps({**_variables(wish.variables), VARIABLE: number}),
            )
        except BuildFailed as broken:
            raise ConfigError(
                f"dbt could not build {broken.where} under the new salt, and the rotation stays "
                "pending: mend what `dbt compile` or the server's log says of it, then run this "
                "with --resume."
            ) from None


def _variables(given: str | None) -> dict[str, object]:
    try:
        found = yaml.safe_load(given or "{}")
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict):
        raise ConfigError("--vars is no YAML mapping: write it as `{name: value}`.")
    return found


def _end(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute(f"drop table {_Reader.old}".encode())
    connection.execute(f"drop function {_CLOSED}() cascade".encode())
    connection.execute(f"drop table {ROTATION}".encode())


class _Reader:
    """The connection, with a table of the old pseudonyms in the salt's own schema."""

    old = f"{SCHEMA}.pii_rotation_old"

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._connection = connection

    def columns(self, table: Table) -> list[tuple[str, str]]:
        return [
            (str(name), _text(str(name), str(sort)))
            for name, sort in self._connection.execute(
                "select attname, format_type(atttypid, null) from pg_attribute "
                "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped "
                "order by attnum",
                [relation(table)],
            ).fetchall()
        ]

    def tables(self) -> list[Table]:
        return [
            Table(str(schema), str(name))
            for schema, name in self._connection.execute(
                "select nspname, relname from pg_class join pg_namespace on relnamespace = "
                "pg_namespace.oid where relkind in ('r', 'p', 'm') and relpersistence <> 't' "
                "and nspname not in ('pg_catalog', 'information_schema', %s) "
                "and nspname not like 'pg\\_toast%%' order by 1, 2",
                [SCHEMA],
            ).fetchall()
        ]

    def runs(self, text: str) -> str:
        return f"(regexp_matches({text}, '{RUN}', 'g'))[1]"

    def has_run(self, text: str) -> str:
        return f"({text} ~ '{RUN}')"

    def execute(self, sql: str) -> None:
        self._connection.execute(sql.encode())

    def count(self, sql: str) -> int:
        return int(str(self._connection.execute(sql.encode()).fetchall()[0][0]))


def _text(name: str, sort: str) -> str:
    column = quoted(name)
    return f"encode({column}, 'hex')" if sort == "bytea" else f"cast({column} as text)"
