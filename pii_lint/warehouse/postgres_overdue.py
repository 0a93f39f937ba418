"""Rows that stay too long, in a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo

from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.warehouse.postgres_store import demand_least_role, settings
from pii_lint.warehouse.profile import Target
from pii_lint.warehouse.quoting import relation


@contextmanager
def transaction(target: Target, *, write: bool) -> Iterator[PostgresRows]:
    """One transaction on the target's database; it ends as a whole or not at all."""
    told = {**settings(target), "application_name": "pii-lint retention"}
    name = told.get("dbname", "the database")
    # The driver's own error is dropped: it may quote data, SQL or a password.
    try:
        with psycopg.connect(make_conninfo(**told)) as connection:
            connection.read_only = not write
            # what is counted is what is deleted
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            demand_least_role(connection, name)
            yield PostgresRows(connection)
    except psycopg.errors.ForeignKeyViolation:
        raise ConfigError(
            "Rows of another table refer to rows that are due, so nothing was deleted: give that "
            "table a term, too."
        ) from None
    except psycopg.errors.SerializationFailure:
        raise ConfigError(
            f"Somebody changed rows in {name} at the same time, so nothing was deleted: run this "
            "again."
        ) from None
    except psycopg.errors.InsufficientPrivilege:
        raise ConfigError(
            f"The role of this target may not do that in {name}: it needs select, and delete for "
            "--yes; nothing was deleted."
        ) from None
    except psycopg.Error as error:
        raise ConfigError(
            f"PostgreSQL could not work on {name} ({type(error).__name__}): check the target's "
            "settings and the server's log; nothing was deleted."
        ) from None


class PostgresRows:
    """An open transaction."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._connection = connection

    def columns(self, table: Table) -> dict[str, tuple[str, str]]:
        return {
            str(name).lower(): (str(name), str(sort).lower())
            for name, sort in self._connection.execute(
                "select attname, format_type(atttypid, null) from pg_attribute "
                "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped",
                [relation(table)],
            ).fetchall()
        }

    def moment(self, column: str, sort: str) -> str | None:
        return column if sort.startswith(("date", "timestamp")) else None

    def rows(self, sql: str) -> list[tuple[int, ...]]:
        return [
            tuple(int(str(number)) for number in row)
            for row in self._connection.execute(sql.encode()).fetchall()
        ]

    def run(self, sql: str) -> None:
        self._connection.execute(sql.encode())
