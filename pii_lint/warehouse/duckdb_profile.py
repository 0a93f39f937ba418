"""A DuckDB file, to be profiled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pii_lint.sightings import Unreadable
from pii_lint.warehouse.duckdb_counts import opened


class DuckDBSession:
    """One transaction, so that all counts are of the same moment."""

    marker = "?"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, sql: str, values: Sequence[str] = ()) -> list[tuple[object, ...]]:
        # the driver's own error is dropped: it may quote data
        try:
            return self._connection.execute(sql, list(values)).fetchall()
        except duckdb.Error as error:
            raise Unreadable(f"DuckDB can't read it ({type(error).__name__})") from None


@contextmanager
def session(database: Path) -> Iterator[DuckDBSession]:
    """Open the file for reading alone."""
    with opened(database) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.begin()
        yield DuckDBSession(connection)
