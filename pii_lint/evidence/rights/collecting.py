"""Everything that is held on one person, from the raw tables and the restricted ones alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.evidence.rights.erasure import derived_rows, prepare
from pii_lint.evidence.rights.person import Person, demand_one, demand_tables
from pii_lint.holdings import Holdings
from pii_lint.warehouse.subject.database import Database, Row
from pii_lint.warehouse.subject.rows import Theirs, reach


@dataclass(frozen=True, slots=True)
class Part:
    """Their rows of one table."""

    called: str
    zone: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Collected:
    """All of it."""

    parts: tuple[Part, ...]


def collected(
    database: Database, holdings: Holdings, given: frozenset[tuple[str, str]]
) -> Collected:
    """Read their rows. Raises `ConfigError` where there are none."""
    theirs = Theirs(database, holdings.held)
    demand_tables(database, theirs, holdings.held)
    known = set(given)
    reach(theirs, holdings.held, known)
    demand_one(theirs, holdings.held)
    person = Person(theirs, frozenset(known), (), ())
    found = tuple(_parts(database, holdings, person))
    if not found:
        raise ConfigError(
            "Nobody in the warehouse is known by that: check how it is written, or give the key as "
            "TABLE=KEY."
        )
    return Collected(found)


def _parts(database: Database, holdings: Holdings, person: Person) -> Iterator[Part]:
    for held in holdings.held:
        table, condition = person.theirs.table(held), person.theirs.condition(held)
        if table is not None and condition is not None:
            yield from _part(database, held.called, "raw", table, condition)
    prepare(database, person)
    for one in holdings.derived:
        if one.restricted and (found := derived_rows(database, one, person)) is not None:
            yield from _part(database, one.called, "restricted", *found)


def _part(
    database: Database, called: str, zone: str, table: Table, condition: str
) -> Iterator[Part]:
    columns = tuple(one.name for one in database.columns(table))
    listed = ", ".join(database.quoted(name) for name in columns)
    rows = database.query(f"select {listed} from {database.relation(table)} where {condition}")
    if rows:
        yield Part(called, zone, columns, tuple(rows))
