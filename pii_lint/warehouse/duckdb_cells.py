"""Stored values as text, read from a DuckDB file for whoever looks through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pii_lint.counts import Table
from pii_lint.sightings import Unreadable
from pii_lint.warehouse.duckdb_counts import opened
from pii_lint.warehouse.quoting import quoted, relation

_BATCH = 2048
_SEED = 7
# So that two scans of the same table look at the same rows.
_NESTED = ("STRUCT", "MAP", "UNION")
_PLAIN = ("VARCHAR", "JSON", "ENUM")
_WHOLE = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "INTEGER", "UINTEGER")


@contextmanager
def cells(database: Path) -> Iterator[Cells]:
    """Open a DuckDB file for reading."""
    with opened(database) as connection:
        yield Cells(connection)


class Cells:
    """An open warehouse."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def columns(self, table: Table) -> tuple[tuple[str, str], ...]:
        """The columns that may hold text or a whole number: name and how it is read as text."""
        listed = self._connection.execute(
            "select column_name, data_type from information_schema.columns "
            "where table_catalog = current_database() and lower(table_schema) = lower(?) "
            "and lower(table_name) = lower(?) order by ordinal_position",
            [table.schema, table.name],
        ).fetchall()
        if not listed:
            raise Unreadable("it isn't built in this database")
        return tuple((name, read) for name, kind in listed if (read := _read(name, kind)))

    def rows(
        self, table: Table, columns: Sequence[tuple[str, str]], most: int | None
    ) -> Iterator[tuple[str | None, ...]]:
        """Each row as texts; of a larger table a sample of `most` rows, always the same."""
        limited = f" using sample reservoir({most} rows) repeatable ({_SEED})" if most else ""
        name = relation(table)
        sql = f"select {', '.join(read for _, read in columns)} from {name}"  # noqa: S608  quoted
        # the driver's own error is dropped: it may quote data
        try:
            result = self._connection.execute(sql + limited)
            while batch := result.fetchmany(_BATCH):
                yield from batch
        except duckdb.Error as error:
            raise Unreadable(f"DuckDB can't read it ({type(error).__name__})") from None


def _read(name: str, kind: str) -> str | None:
    if kind.startswith(_PLAIN):
        nested = kind.endswith("]")
    elif kind.startswith(_NESTED) or kind.endswith("]"):
        nested = True
    elif kind in _WHOLE:
        nested = False
    else:
        return None
    column = quoted(name)
    return f"cast(to_json({column}) as varchar)" if nested else f"cast({column} as varchar)"
