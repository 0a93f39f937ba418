"""Stored values as text, read from a PostgreSQL database for whoever looks through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.sightings import Unreadable
from pii_lint.warehouse.postgres_store import demand_least_role, settings
from pii_lint.warehouse.profile import Target

_BATCH = 2000
_SEED = 7
# So that two scans of the same table look at the same rows.
_AMPLE = 1.2
# How much more is drawn than asked for: the size of a table is an estimate.
_READ = (
    "text",
    "character varying",
    "character",
    "json",
    "jsonb",
    "xml",
    "inet",
    "bigint",
    "integer",
    "USER-DEFINED",
)
_COLUMNS = """
select column_name, data_type from information_schema.columns
where lower(table_schema) = lower(%s) and lower(table_name) = lower(%s) order by ordinal_position
"""
_SIZE = "select reltuples, relkind::text from pg_class where oid = to_regclass(%s)"


@contextmanager
def cells(target: Target) -> Iterator[Cells]:
    """Connect to the target's database, for reading alone."""
    with opened(target) as connection:
        yield Cells(connection)


@contextmanager
def opened(
    target: Target, isolation: psycopg.IsolationLevel | None = None
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection to the target's database, for reading alone."""
    # The driver's own error is dropped: it may quote data or a password.
    try:
        connection = psycopg.connect(make_conninfo(**settings(target)))
    except psycopg.Error:
        raise ConfigError(
            f"No connection by target {target.name} in {target.file}: check that the server runs, "
            "and the target's user, password and TLS settings."
        ) from None
    with connection:
        connection.isolation_level = isolation
        connection.read_only = True
        demand_least_role(connection, f"target {target.name}")
        yield connection


class Cells:
    """An open warehouse; a relation that can't be read leaves the others readable."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._connection = connection

    def columns(self, table: Table) -> tuple[tuple[str, str], ...]:
        """The columns that may hold text or a whole number: name and how it is read as text."""
        listed = self._connection.execute(_COLUMNS, [table.schema, table.name]).fetchall()
        if not listed:
            raise Unreadable("it isn't built in this database, or this role may not see it")
        return tuple(
            (str(name), "to_json" if kind == "ARRAY" else "text")
            for name, kind in listed
            if kind in _READ or kind == "ARRAY"
        )

    def rows(
        self, table: Table, columns: Sequence[tuple[str, str]], most: int | None
    ) -> Iterator[tuple[str | None, ...]]:
        """Each row as texts; of a larger table a sample of about `most` rows, always the same."""
        parts = [
            sql.SQL("to_json({})::text" if read == "to_json" else "{}::text").format(
                sql.Identifier(name)
            )
            for name, read in columns
        ]
        relation = sql.Identifier(table.schema, table.name)
        query = sql.SQL("select {} from {}").format(sql.SQL(", ").join(parts), relation)
        try:
            with self._connection.transaction():
                if most is not None:
                    query += self._sampled(relation, most)
                with self._connection.cursor(name="pii_lint_scan") as cursor:
                    cursor.itersize = _BATCH
                    cursor.execute(query)
                    for row in cursor:
                        yield tuple(None if cell is None else str(cell) for cell in row)
        except psycopg.Error as error:
            raise Unreadable(f"PostgreSQL can't read it ({type(error).__name__})") from None

    def _sampled(self, relation: sql.Identifier, most: int) -> sql.Composable:
        found = self._connection.execute(_SIZE, [relation.as_string(self._connection)]).fetchone()
        size = float(str(found[0])) if found is not None and found[1] in ("r", "m", "p") else 0
        limit = sql.SQL(" limit {}").format(most)
        if size <= most * _AMPLE:
            return limit
        share = sql.Literal(round(100 * most * _AMPLE / size, 6))
        return sql.SQL(" tablesample bernoulli ({}) repeatable ({})").format(share, _SEED) + limit
