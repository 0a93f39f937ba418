"""A DuckDB connection, as those who look for a person's rows want it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb

from pii_lint.counts import Table
from pii_lint.warehouse import quoting
from pii_lint.warehouse.subject.database import Listed, Row

_AT_ONCE = 20_000


class DuckDB:
    """An open connection; whoever opened it commits."""

    mark = "?"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        # nobody here alters a table, and the catalogue is slow to ask
        self._columns: dict[Table, list[Listed]] = {}

    def quoted(self, name: str) -> str:
        return quoting.quoted(name)

    def relation(self, table: Table) -> str:
        return quoting.relation(table)

    def execute(self, sql: str, *values: object) -> None:
        self._connection.execute(sql, list(values))

    def query(self, sql: str, *values: object) -> list[Row]:
        return self._connection.execute(sql, list(values)).fetchall()

    def stream(self, sql: str) -> Iterator[Row]:
        # whole, for a connection has one result at a time and whoever reads may ask more meanwhile
        yield from self._connection.execute(sql).fetchall()

    def workbench(self, name: str, columns: str) -> None:
        self._connection.execute(f"create or replace temporary table {name} ({columns})")

    def fill(self, name: str, rows: Iterable[tuple[object, ...]]) -> None:
        listed = list(rows)
        for at in range(0, len(listed), _AT_ONCE):
            columns = list(map(list, zip(*listed[at : at + _AT_ONCE], strict=True)))
            marks = ", ".join("unnest(?)" for _ in columns)
            self._connection.execute(f"insert into {name} select {marks}", columns)

    def seal(self, table: Table) -> None:
        """Whoever can open the file can read it."""

    def tables(self) -> list[Table]:
        found = self.query(
            "select schema_name, table_name from duckdb_tables() where not internal "
            "and not temporary and database_name = current_database() order by 1, 2"
        )
        return [Table(str(schema), str(name)) for schema, name in found]

    def columns(self, table: Table) -> list[Listed]:
        if table in self._columns:
            return self._columns[table]
        found = self.query(
            "select column_name, data_type, is_nullable from duckdb_columns() "
            "where database_name = current_database() and schema_name = ? and table_name = ? "
            "order by column_index",
            table.schema,
            table.name,
        )
        listed = [Listed(str(name), str(kind), bool(null)) for name, kind, null in found]
        if listed:
            self._columns[table] = listed
        return listed
