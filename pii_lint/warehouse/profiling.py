"""The safe profile of a relation, asked of DuckDB or PostgreSQL in the SQL that both understand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from pii_lint.counts import Table
from pii_lint.profiled import (
    BOUNDED,
    ColumnProfile,
    KnownColumn,
    RelationProfile,
    Sort,
    ToProfile,
)
from pii_lint.sightings import Unreadable
from pii_lint.warehouse.quoting import quoted, relation

_AT_ONCE = 200
# columns a query: PostgreSQL gives back no more than 1664 values
_COLUMNS = (
    "select table_schema, table_name, column_name, data_type from information_schema.columns "
    "where table_catalog = current_database() and lower(table_schema) = lower({0}) "
    "and lower(table_name) = lower({0}) order by ordinal_position"
)
_SORTS: tuple[tuple[Sort, re.Pattern[str]], ...] = (
    (
        "number",
        re.compile(
            r"u?(tiny|small|big|huge)int|u?integer|float|real|double( precision)?|decimal|numeric"
        ),
    ),
    ("day", re.compile(r"date|timestamp(_(s|ms|ns)| with(out)? time zone)?")),
    ("boolean", re.compile(r"boolean")),
    ("text", re.compile(r"varchar|text|character( varying)?")),
)
_BOUND = re.compile(r"-?\d[\d :.eE+-]{0,60}")
"""A number or a day, and nothing that could be read as anything else; no infinity."""


class Session(Protocol):
    """An open warehouse."""

    marker: str
    # that stands for a value in its SQL

    def rows(self, sql: str, values: Sequence[str] = ()) -> list[tuple[object, ...]]:
        """The rows of a query. Raises `Unreadable`."""


def profile(session: Session, asked: ToProfile, *, bounds: bool) -> RelationProfile:
    """Rows, nulls and distinct values of each column; with `bounds` also the least and the
    greatest, where a column is known to hold nothing personal. Raises `Unreadable`."""
    table, columns = _there(session, asked.table)
    # the project knows one of two that differ in case only, and nobody knows which
    spellings = Counter(name.lower() for name, _ in columns)
    twice = frozenset(name for name, times in spellings.items() if times > 1)
    found: list[ColumnProfile] = []
    rows = 0
    for at in range(0, len(columns), _AT_ONCE):
        some = columns[at : at + _AT_ONCE]
        pieces = ["count(*)"]
        told = [_told(name, sort, asked, bounds=bounds, twice=twice) for name, sort in some]
        for (name, sort), (_, withheld) in zip(some, told, strict=True):
            pieces += _asked(quoted(name), sort, bounded=withheld is None)
        (answer,) = session.rows(f"select {', '.join(pieces)} from {relation(table)}")  # noqa: S608
        values = iter(answer)
        rows = _number(next(values))
        for position, ((_, sort), (known, withheld)) in enumerate(
            zip(some, told, strict=True), start=at + 1
        ):
            found.append(_column(values, rows, position, sort, known, withheld, asked.fewest))
    return RelationProfile(asked, rows, tuple(found))


def _there(session: Session, table: Table) -> tuple[Table, list[tuple[str, Sort]]]:
    listed = session.rows(_COLUMNS.format(session.marker), (table.schema, table.name))
    spelt = {(str(schema), str(name)) for schema, name, _, _ in listed}
    own = (table.schema, table.name)
    if not spelt:
        raise Unreadable("it isn't built in this database, or this role may not see it")
    if own not in spelt:
        if len(spelt) > 1:
            raise Unreadable("several relations differ from its name in case only")
        (own,) = spelt
    return Table(*own), [
        (str(column), _sort(str(kind)))
        for schema, name, column, kind in listed
        if (schema, name) == own
    ]


def _sort(kind: str) -> Sort:
    # what stands behind a bracket may be values: those of an enumeration
    word = kind.partition("(")[0].strip().lower()
    if kind.endswith("]"):
        return "other"
    return next((sort for sort, words in _SORTS if words.fullmatch(word)), "other")


def _told(
    name: str, sort: Sort, asked: ToProfile, *, bounds: bool, twice: Collection[str]
) -> tuple[KnownColumn | None, str | None]:
    """What is known of a column, and why its bounds aren't asked for."""
    known = asked.columns.get(name.lower())
    if known is None or name.lower() in twice:
        return None, "not known to the project"
    if known.withheld is not None:
        return known, known.withheld
    if sort not in BOUNDED:
        return known, f"{sort} values are never told"
    return known, None if bounds else "the tier allows counts alone"


def _asked(column: str, sort: Sort, *, bounded: bool) -> Iterator[str]:
    yield f"count({column})"
    # not every type can be compared, but each can be written
    yield f"count(distinct {f'cast({column} as varchar)' if sort == 'other' else column})"
    if bounded:
        yield f"cast(min({column}) as varchar)"
        yield f"cast(max({column}) as varchar)"


def _column(
    values: Iterator[object],
    rows: int,
    position: int,
    sort: Sort,
    known: KnownColumn | None,
    withheld: str | None,
    fewest: int,
) -> ColumnProfile:
    held, distinct = _number(next(values)), _number(next(values))
    least: str | None = None
    greatest: str | None = None
    if withheld is None:
        least, greatest = (
            None if one is None else str(one) for one in (next(values), next(values))
        )
        if held < fewest:
            withheld = f"fewer than {fewest} values"
        elif not all(_BOUND.fullmatch(one or "") for one in (least, greatest)):
            withheld = "one of them is no number or day"
    if withheld is not None:
        least = greatest = None
    return ColumnProfile(position, known, sort, rows - held, distinct, least, greatest, withheld)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> int:
    return int(str(value))
