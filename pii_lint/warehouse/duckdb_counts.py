"""Rows and people, counted inside a DuckDB file: only numbers come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pii_lint.counts import Answer, Counts, Home, Part, Question, Residence, Table
from pii_lint.data.countries import AREAS, spellings
from pii_lint.errors import ConfigError
from pii_lint.warehouse.quoting import quoted, relation


def count(database: Path, questions: Iterable[Question]) -> tuple[Answer, ...]:
    """Answer each question, in order."""
    with opened(database) as connection:
        return tuple(Answer(one.node, _counts(connection, one.parts)) for one in questions)


@contextmanager
def opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file, for reading alone."""
    if not database.is_file():
        raise ConfigError(
            f"There is no DuckDB file at {database}: build the project first, or give the right "
            "path with --database."
        )
    # The driver's own error is dropped: it may quote data or SQL.
    try:
        connection = duckdb.connect(str(database), read_only=True)
    except duckdb.Error as error:
        raise ConfigError(
            f"DuckDB could not open {database} ({type(error).__name__}): check that it is a DuckDB "
            "file and that no other process holds it."
        ) from None
    try:
        yield connection
    finally:
        connection.close()


def _counts(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> Counts:
    for part in parts:
        if part.table is None:
            return _unknown(f"{part.called} is no table or view of the warehouse")
        if not _stands(connection, part.table):
            return _unknown(f"{part.called} isn't built in this database")
    kinds = sorted({kind for part in parts for kind in part.kinds})
    told_apart = all(part.subject is not None for part in parts)
    placed = told_apart and all(part.country or part.home for part in parts)
    try:
        rows, known, subjects, *by_kind = _row(connection, _totals(parts, kinds))
        residence = _residence(connection, parts) if placed else None
    except duckdb.Error:
        return _unknown("a relation can't be read as the manifest describes it")
    return Counts(
        rows=rows,
        kinds=dict(zip(kinds, by_kind, strict=True)),
        subjects=subjects if told_apart else None,
        residence=residence,
        why=_why(parts) or (_nobody(rows - known) if rows > known else None),
    )


def _unknown(why: str) -> Counts:
    return Counts(rows=None, kinds={}, subjects=None, residence=None, why=why)


def _why(parts: Sequence[Part]) -> str | None:
    for part in parts:
        if part.subject is None:
            return f"no column of {part.called} tells people apart: name one with --subject"
    for part in parts:
        if not (part.country or part.home):
            return f"no country is known for the people in {part.called}: name one with --country"
    return None


def _nobody(rows: int) -> str:
    return f"in {rows} of the rows the column that tells people apart is null"


def _stands(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    (found,) = _row(
        connection,
        "select count(*) from information_schema.tables where table_catalog = current_database() "
        "and lower(table_schema) = lower(?) and lower(table_name) = lower(?)",
        table.schema,
        table.name,
    )
    return found > 0


def _totals(parts: Sequence[Part], kinds: Sequence[str]) -> str:
    pieces = []
    for part in parts:
        held = [_any(part.kinds.get(kind, ())) for kind in kinds]
        columns = [f"{_text(part.subject)} as subject"]
        columns += [f"{one} as kind_{i}" for i, one in enumerate(held)]
        pieces.append(f"select {', '.join(columns)} from {_name(part.table)}")  # noqa: S608  quoted
    by_kind = "".join(f", count(*) filter (where kind_{i})" for i in range(len(kinds)))
    everything = " union all ".join(pieces)
    return f"select count(*), count(subject), count(distinct subject){by_kind} from ({everything})"  # noqa: S608


def _any(columns: Sequence[str]) -> str:
    return " or ".join(f"{quoted(column)} is not null" for column in columns) or "false"


def _residence(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> Residence:
    people = " union ".join(_people(part) for part in parts)
    known = spellings()
    areas = " ".join(f"when list_contains(?::varchar[], country) then '{a}'" for a in AREAS)
    lives = ", ".join(f"count(*) filter (where list_contains(areas, '{a}'))" for a in AREAS)
    sql = (
        f"with people as ({people}), "  # noqa: S608  quoted
        "lives as (select subject, list(distinct area) filter (where area is not null) as areas "
        f"from (select subject, case {areas} end as area from people) "
        "where subject is not null group by subject) "
        f"select {lives}, count(*) filter (where areas is null) from lives"
    )
    return Residence(*_row(connection, sql, *(list(known[area]) for area in AREAS)))


def _people(part: Part) -> str:
    here = f"select {_text(part.subject, 'here')} as subject"
    table = f"from {_name(part.table)} as here"
    if part.country is not None:
        return f"{here}, {_country(part.country, 'here')} as country {table}"
    home: Home | None = part.home
    if home is None:
        return f"{here}, null as country {table}"
    on = f"{_text(part.subject, 'here')} = {_text(home.subject, 'home')}"
    joined = f"left join {_name(home.table)} as home on {on}"
    return f"{here}, {_country(home.country, 'home')} as country {table} {joined}"


def _country(column: str, of: str) -> str:
    return f"upper(trim({_text(column, of)}))"


def _text(column: str | None, of: str = "") -> str:
    if column is None:
        return "cast(null as varchar)"
    return f"cast({of + '.' if of else ''}{quoted(column)} as varchar)"


def _name(table: Table | None) -> str:
    return relation(table) if table is not None else "(select 1)"


def _row(connection: duckdb.DuckDBPyConnection, sql: str, *values: object) -> tuple[int, ...]:
    """The only row of an aggregate query."""
    return connection.execute(sql, list(values)).fetchall()[0]
