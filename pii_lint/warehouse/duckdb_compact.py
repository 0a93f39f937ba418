"""A DuckDB database written anew: the file holds what stands in its tables, and no byte more.

Deleted rows stay in a file until their blocks are used again. What is copied row by row was never
in the new one.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.warehouse.quoting import literal, quoted, relation

_NEW = "pii_lint_written_anew"


def write_anew(connection: duckdb.DuckDBPyConnection, database: str, into: Path) -> None:
    """Copy an attached database, its views, constraints and comments too, to a file that isn't
    there."""
    connection.execute(f"attach {literal(str(into))} as {_NEW}")
    try:
        connection.execute(f"copy from database {quoted(database)} to {_NEW} (schema)")
        _fill(connection, database)
        _comment(connection, database)
        connection.execute(f"checkpoint {_NEW}")
    finally:
        connection.execute(f"detach {_NEW}")


def _fill(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """Each table after those that its foreign keys name."""
    waiting = [
        Table(schema, name)
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name = ? and not internal and not temporary order by 1, 2",
            [database],
        ).fetchall()
    ]
    while waiting:
        later = []
        for table in waiting:
            name, columns = relation(table), _columns(connection, database, table)
            try:
                connection.execute(
                    f"insert into {_NEW}.{name} ({columns}) "  # noqa: S608  quoted
                    f"select {columns} from {quoted(database)}.{name}"
                )
            except duckdb.ConstraintException:
                later.append(table)
        if len(later) == len(waiting):
            raise ConfigError(
                f"Table {later[0].schema}.{later[0].name} can't be copied, for its rows break one "
                "of its own constraints: mend them first."
            )
        waiting = later


def _columns(connection: duckdb.DuckDBPyConnection, database: str, table: Table) -> str:
    found = connection.execute(
        "select column_name, column_default is not null from duckdb_columns() "
        "where database_name = ? and schema_name = ? and table_name = ? order by column_index",
        [database, table.schema, table.name],
    ).fetchall()
    return ", ".join(
        quoted(name)
        for name, perhaps in found
        if not (perhaps and _is_generated(connection, table, name))
    )


def _is_generated(connection: duckdb.DuckDBPyConnection, table: Table, column: str) -> bool:
    # no catalogue says so
    try:
        connection.execute(
            f"explain insert into {_NEW}.{relation(table)} ({quoted(column)}) select null"
        )
    except duckdb.BinderException:
        return True
    return False


def _comment(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """The copy keeps columns' comments alone."""
    for sort in ("table", "view"):
        for schema, name, text in connection.execute(
            f"select schema_name, {sort}_name, comment from duckdb_{sort}s() "  # noqa: S608
            "where database_name = ? and not internal and comment is not null",
            [database],
        ).fetchall():
            one = relation(Table(schema, name))
            connection.execute(f"comment on {sort} {_NEW}.{one} is {literal(text)}")
