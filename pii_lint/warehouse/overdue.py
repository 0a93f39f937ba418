"""Rows that stay longer than they may: counted, and deleted where somebody says so.

Only numbers come out. A moment without a zone is one of UTC. All deletions are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from pii_lint.counts import Table
from pii_lint.keeping import Erasure, Kept, Overdue, Reference
from pii_lint.warehouse.quoting import quoted, relation


class Database(Protocol):
    """One transaction on a warehouse."""

    def columns(self, table: Table) -> dict[str, tuple[str, str]]:
        """By lower-case name: the name as it is spelled, and the type in lower case; nothing where
        there is no such table."""

    def moment(self, column: str, sort: str) -> str | None:
        """A column as a moment, if it can be one."""

    def rows(self, sql: str) -> list[tuple[int, ...]]:
        """What a query counts."""

    def run(self, sql: str) -> None:
        """Change something."""


class CannotTell(Exception):
    """Why nobody can say which rows of a table are due."""


def overdue(database: Database, kept: Iterable[Kept], now: datetime) -> tuple[Overdue, ...]:
    """What has to go from each relation."""
    return tuple(_counted(database, one, now) for one in kept)


def delete(database: Database, kept: Iterable[Kept], now: datetime) -> None:
    """Delete just that, what refers to something before what it refers to."""
    due = list(kept)
    for one in due:
        for reference in one.references:
            if reference.blank and (column := _there(database, reference)):
                database.run(
                    f"update {relation(reference.table)} set {column} = null "  # noqa: S608
                    f"where {column} in ({_keys(database, one, reference, now)})"
                )
    for one in sorted(due, key=lambda one: _depth(one, due), reverse=True):
        expired, erased, _ = _conditions(database, one, now)
        database.run(f"delete from {relation(one.table)} where {expired} or {erased}")  # noqa: S608


def _counted(database: Database, one: Kept, now: datetime) -> Overdue:
    try:
        expired, erased, undated = _conditions(database, one, now)
    except CannotTell as why:
        return Overdue(one.called, why=str(why))
    ((rows, late, marked, unknown),) = database.rows(
        f"select count(*), count(case when {expired} then 1 end), "  # noqa: S608
        f"count(case when {erased} and not ({expired}) then 1 end), "
        f"count(case when {undated} then 1 end) from {relation(one.table)}"
    )
    left = tuple(_left(database, one, now)) if late + marked else ()
    return Overdue(one.called, rows, late, marked, unknown, left)


def _left(database: Database, one: Kept, now: datetime) -> Iterator[tuple[str, int]]:
    for reference in one.references:
        if reference.blank or not (column := _there(database, reference)):
            continue
        ((rows,),) = database.rows(
            f"select count(*) from {relation(reference.table)} "  # noqa: S608
            f"where {column} in ({_keys(database, one, reference, now)})"
        )
        if rows:
            yield reference.called, rows


def _there(database: Database, reference: Reference) -> str | None:
    """The referring column as SQL names it; None where it isn't there."""
    found = database.columns(reference.table).get(reference.column.lower())
    return quoted(found[0]) if found else None


def _keys(database: Database, one: Kept, reference: Reference, now: datetime) -> str:
    """A query on the keys of the rows that have to go."""
    expired, erased, _ = _conditions(database, one, now)
    name, _ = database.columns(one.table).get(reference.key.lower(), (reference.key, ""))
    return f"select {quoted(name)} from {relation(one.table)} where {expired} or {erased}"  # noqa: S608


def _depth(one: Kept, kept: Sequence[Kept], above: frozenset[str] = frozenset()) -> int:
    """How many relations it refers to, one over the other."""
    if one.node in above:
        return 0
    return max(
        (
            1 + _depth(other, kept, above | {one.node})
            for other in kept
            if other.node != one.node
            and any(reference.table == one.table for reference in other.references)
        ),
        default=0,
    )


def _conditions(database: Database, one: Kept, now: datetime) -> tuple[str, str, str]:
    """Of a row: its days are over; it was marked and its grace is over; nobody knows its age."""
    there = database.columns(one.table)
    if not there:
        raise CannotTell("there is no such table in this database")
    if one.term.since is None:
        raise CannotTell("`retention_from` is missing")
    since, sort = _moment(database, there, one.term.since)
    expired = f"coalesce({since} < {_before(now, one.term.days, sort)}, false)"
    erased = "false"
    if one.term.erasure is not None:
        erased = _erased(database, there, one.term.erasure, now)
    return expired, erased, f"{since} is null"


def _erased(
    database: Database, there: dict[str, tuple[str, str]], erasure: Erasure, now: datetime
) -> str:
    if erasure.column.lower() not in there:
        raise CannotTell(f"there is no column {erasure.column}")
    name, sort = there[erasure.column.lower()]
    if sort == "boolean":
        marked = f"coalesce({quoted(name)}, false)"
        if erasure.since is None:
            if erasure.days:
                raise CannotTell(f"`soft_delete` names no `from` for the {erasure.days} days")
            return marked
        moment, kind = _moment(database, there, erasure.since)
        # whoever asked to go at a time that nobody knows goes
        late = f"coalesce({moment} < {_before(now, erasure.days, kind)}, true)"
        return f"({marked} and {late})"
    moment, kind = _moment(database, there, erasure.column)
    return f"coalesce({moment} < {_before(now, erasure.days, kind)}, false)"


def _moment(database: Database, there: dict[str, tuple[str, str]], column: str) -> tuple[str, str]:
    if column.lower() not in there:
        raise CannotTell(f"there is no column {column}")
    name, sort = there[column.lower()]
    moment = database.moment(quoted(name), sort)
    if moment is None:
        raise CannotTell(f"{column} is of type {sort}, which is no date or timestamp")
    return moment, sort


def _before(now: datetime, days: int, sort: str) -> str:
    """The last moment that is too old, as a literal that compares with the column's type."""
    text = (now - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
    return f"timestamptz '{text}+00'" if "with time zone" in sort else f"timestamp '{text}'"
