"""Which columns of a relation differ between two databases, as multisets of rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pii_lint.counts import Table
from pii_lint.warehouse.quoting import quoted, relation


@dataclass(frozen=True, slots=True)
class Moved:
    """The columns of one relation that differ."""

    rows: int
    # in the first of the two
    columns: frozenset[str]
    together: tuple[str, ...] = ()
    # none of these differs by itself, but which of their values stand in one row does


class Pair:
    """Two databases side by side, opened to read."""

    def __init__(self, before: Path, after: Path) -> None:
        self._connection = duckdb.connect()
        for name, file in (("before", before), ("after", after)):
            path = str(file).replace("'", "''")
            self._connection.execute(f"attach '{path}' as {name} (read_only)")

    def __enter__(self) -> Pair:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def columns(self, table: Table) -> tuple[str, ...]:
        """The columns that both have, in order; none where one lacks the relation."""
        rows = self._connection.execute(
            "select column_name from duckdb_columns() where lower(schema_name) = lower(?) "
            "and lower(table_name) = lower(?) and database_name in ('before', 'after') "
            "group by column_name having count(*) = 2 order by min(column_index)",
            [table.schema, table.name],
        ).fetchall()
        return tuple(str(name) for (name,) in rows)

    def moved(self, table: Table, free: Collection[str] = ()) -> Moved:
        """What differs. `free`: columns that may move, of which no pairing with others is asked."""
        names = self.columns(table)
        alone = frozenset(name for name in names if self._differs(table, [name]))
        rest = [name for name in names if name not in alone and name not in free]
        together: tuple[str, ...] = ()
        if len(rest) > 1 and self._differs(table, rest):
            guilty = [
                name for name in rest if not self._differs(table, [n for n in rest if n != name])
            ]
            together = tuple(guilty or rest)
        return Moved(self._count(table) if names else 0, alone, together)

    def _count(self, table: Table) -> int:
        found = self._connection.execute(f"select count(*) from {_name('before', table)}")  # noqa: S608
        return int(found.fetchall()[0][0])

    def _differs(self, table: Table, columns: Sequence[str]) -> bool:
        listed = ", ".join(quoted(name) for name in columns)
        before, after = (f"select {listed} from {_name(at, table)}" for at in ("before", "after"))  # noqa: S608
        rows = self._connection.execute(
            f"(({before}) except all ({after})) union all (({after}) except all ({before})) limit 1"
        ).fetchall()
        return bool(rows)


def _name(database: str, table: Table) -> str:
    return f"{database}.{relation(table)}"
