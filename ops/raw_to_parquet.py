"""Copy the raw tables of a DuckDB warehouse to Parquet: `python ops/raw_to_parquet.py FILE FOLDER`.

One file a table, called as the table, with the types it has in DuckDB; JSON is text, as Spark reads
it. Raw tables hold personal data: the folder is for its owner alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb


def export(database: Path, folder: Path) -> tuple[str, ...]:
    """The names of the tables that were written."""
    with _for_its_owner(folder), duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute(
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_catalog = current_database() and table_schema = 'main' "
            "and starts_with(table_name, 'raw_') order by table_name, ordinal_position"
        ).fetchall()
        tables: dict[str, list[str]] = {}
        for table, column, kind in columns:
            name = '"' + column.replace('"', '""') + '"'
            taken = f"cast({name} as varchar) as {name}" if kind == "JSON" else name
            tables.setdefault(table, []).append(taken)
        for table, taken in tables.items():
            file = str(folder / f"{table}.parquet").replace("'", "''")
            source = '"' + table.replace('"', '""') + '"'
            connection.execute(
                f"copy (select {', '.join(taken)} from main.{source}) to '{file}' (format parquet)"  # noqa: S608
            )
    return tuple(tables)


@contextmanager
def _for_its_owner(folder: Path) -> Iterator[None]:
    usual = os.umask(0o077)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        yield
    finally:
        os.umask(usual)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if not Path(sys.argv[1]).is_file():
        sys.exit(f"There is no DuckDB file at {sys.argv[1]}: load its raw tables first.")
    print(f"{len(export(Path(sys.argv[1]), Path(sys.argv[2])))} tables in {sys.argv[2]}")
