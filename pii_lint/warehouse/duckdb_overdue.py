"""Rows that stay too long, in a DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.warehouse.duckdb_store import is_locked


@contextmanager
def transaction(file: Path, *, write: bool) -> Iterator[DuckDBRows]:
    """One transaction on the file; it ends as a whole or not at all."""
    if not file.is_file():
        raise ConfigError(
            f"There is no DuckDB file at {file}: build the project first, or give the right path "
            "with --database."
        )
    # The driver's own error is dropped: it may quote data or SQL.
    try:
        with closing(duckdb.connect(str(file), read_only=not write)) as connection:
            connection.begin()
            yield DuckDBRows(connection)
            connection.commit()
            if write:
                connection.execute("checkpoint")
    except duckdb.ConstraintException:
        raise ConfigError(
            "Rows of another table refer to rows that are due, so nothing was deleted: give that "
            "table a term, too."
        ) from None
    except duckdb.Error as error:
        held = "is in use by another process: wait until it ends, then run this again"
        told = held if is_locked(error) else f"can't be worked on ({type(error).__name__})"
        raise ConfigError(f"{file} {told}; nothing was deleted.") from None


class DuckDBRows:
    """An open transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def columns(self, table: Table) -> dict[str, tuple[str, str]]:
        return {
            str(name).lower(): (str(name), str(sort).lower())
            for name, sort in self._connection.execute(
                "select column_name, data_type from duckdb_columns() where "
                "lower(schema_name) = lower(?) and lower(table_name) = lower(?) "
                "and database_name = current_database()",
                [table.schema, table.name],
            ).fetchall()
        }

    def moment(self, column: str, sort: str) -> str | None:
        if sort == "varchar":
            return f"try_cast({column} as timestamp)"
        return column if sort.startswith(("date", "timestamp")) else None

    def rows(self, sql: str) -> list[tuple[int, ...]]:
        return self._connection.execute(sql).fetchall()

    def run(self, sql: str) -> None:
        self._connection.execute(sql)
