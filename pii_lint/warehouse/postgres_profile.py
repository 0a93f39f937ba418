"""A PostgreSQL database, to be profiled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from pii_lint.sightings import Unreadable
from pii_lint.warehouse.postgres_cells import opened
from pii_lint.warehouse.profile import Target


class PostgresSession:
    """One transaction that reads alone; what can't be read leaves the rest readable."""

    marker = "%s"

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._connection = connection

    def rows(self, sql: str, values: Sequence[str] = ()) -> list[tuple[object, ...]]:
        # the driver's own error is dropped: it may quote data
        try:
            with self._connection.transaction():
                # without values a percent sign in a name is one
                return self._connection.execute(sql.encode(), list(values) or None).fetchall()
        except psycopg.Error as error:
            raise Unreadable(f"PostgreSQL can't read it ({type(error).__name__})") from None


@contextmanager
def session(target: Target) -> Iterator[PostgresSession]:
    """Connect to the target's database, for one look at one moment of it."""
    with opened(target, isolation=psycopg.IsolationLevel.REPEATABLE_READ) as connection:
        connection.execute("set local timezone = 'UTC'")
        connection.execute("set local datestyle = 'ISO, YMD'")
        yield PostgresSession(connection)
