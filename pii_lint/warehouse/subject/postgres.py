"""A PostgreSQL connection, as those who look for a person's rows want it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import psycopg

from pii_lint.counts import Table
from pii_lint.warehouse import quoting
from pii_lint.warehouse.subject.database import Listed, Row

_TABLES = """
select n.nspname::text, c.relname::text
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm') and not c.relispartition
and n.nspname not in ('pg_catalog', 'information_schema')
and n.nspname not like 'pg\\_toast%%' and n.nspname not like 'pg\\_temp%%' order by 1, 2
"""
_COLUMNS = """
select a.attname::text, format_type(a.atttypid, a.atttypmod), not a.attnotnull
from pg_attribute a join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s and c.relname = %s and a.attnum > 0 and not a.attisdropped order by a.attnum
"""
_BATCH = 5000


class Postgres:
    """An open connection; whoever opened it commits."""

    mark = "%s"

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        # nobody here alters a table, and the catalogue is slow to ask
        self._columns: dict[Table, list[Listed]] = {}
        self._cursors = 0

    def quoted(self, name: str) -> str:
        # a per cent sign would announce a value
        return quoting.quoted(name).replace("%", "%%")

    def relation(self, table: Table) -> str:
        return quoting.relation(table).replace("%", "%%")

    def execute(self, sql: str, *values: object) -> None:
        self._connection.execute(sql.encode(), list(values))

    def query(self, sql: str, *values: object) -> list[Row]:
        return self._connection.execute(sql.encode(), list(values)).fetchall()

    def stream(self, sql: str) -> Iterator[Row]:
        self._cursors += 1
        with self._connection.cursor(name=f"pii_lint_{self._cursors}") as cursor:
            cursor.itersize = _BATCH
            cursor.execute(sql.encode(), [])
            yield from cursor

    def workbench(self, name: str, columns: str) -> None:
        self._connection.execute(f"drop table if exists pg_temp.{name}".encode())
        self._connection.execute(f"create temporary table {name} ({columns})".encode())

    def fill(self, name: str, rows: Iterable[tuple[object, ...]]) -> None:
        # as data and no statement, which the server's log might keep
        with self._connection.cursor().copy(f"copy {name} from stdin".encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def seal(self, table: Table) -> None:
        # what a default of the database may have given away
        self.execute(f"revoke all on schema {self.quoted(table.schema)} from public")
        self.execute(f"revoke all on {self.relation(table)} from public")

    def tables(self) -> list[Table]:
        return [Table(str(schema), str(name)) for schema, name in self.query(_TABLES)]

    def columns(self, table: Table) -> list[Listed]:
        if table in self._columns:
            return self._columns[table]
        found = self.query(_COLUMNS, table.schema, table.name)
        listed = [Listed(str(name), str(kind), bool(null)) for name, kind, null in found]
        if listed:
            self._columns[table] = listed
        return listed
