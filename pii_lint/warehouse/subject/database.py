"""What has to be asked of a database, whichever it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from pii_lint.counts import Table

Row = tuple[object, ...]


class Listed(NamedTuple):
    """A column as the database lists it."""

    name: str
    type: str
    nullable: bool


class Database(Protocol):
    """One open transaction. SQL may be written with names quoted by it and with its mark."""

    @property
    def mark(self) -> str:
        """Where a value goes."""

    def quoted(self, name: str) -> str:
        """A column's or schema's name."""

    def relation(self, table: Table) -> str:
        """A table's name in its schema."""

    def execute(self, sql: str, *values: object) -> None:
        """Run a statement."""

    def query(self, sql: str, *values: object) -> list[Row]:
        """The rows of a query."""

    def stream(self, sql: str) -> Iterator[Row]:
        """The rows of a query, few at a time."""

    def workbench(self, name: str, columns: str) -> None:
        """An empty table that nobody else sees, gone with the connection."""

    def fill(self, name: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Put rows on a workbench; no statement holds them."""

    def seal(self, table: Table) -> None:
        """Let nobody but its owner read a table."""

    def tables(self) -> list[Table]:
        """Every table of the database, whoever made it; no views."""

    def columns(self, table: Table) -> list[Listed]:
        """A table's columns, in order; none where there is no such table."""


def number(database: Database, sql: str, *values: object) -> int:
    """The only number that a query answers."""
    ((found,),) = database.query(sql, *values)
    return int(str(found or 0))


def spelled(database: Database, table: Table) -> Table | None:
    """The table as the database spells it; None where there is none."""
    for one in database.tables():
        if (one.schema.lower(), one.name.lower()) == (table.schema.lower(), table.name.lower()):
            return one
    return None
