"""Take a person out of every table, and look for what is left of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pii_lint.counts import Table
from pii_lint.evidence.rights.person import Person, Term
from pii_lint.holdings import Derived, Held, Holdings
from pii_lint.warehouse.subject.database import Database, number, spelled
from pii_lint.warehouse.subject.tombstones import KEY, TOMBSTONES, VALUE, raise_for

_TERMS, _KEYS = "pii_lint_terms", "pii_lint_keys"


@dataclass(frozen=True, slots=True)
class Touched:
    """What becomes of their rows in one table."""

    called: str
    rows: int
    what: str
    # delete, blank or purge


@dataclass(frozen=True, slots=True)
class Left:
    """Cells in which something of theirs was found."""

    table: str
    column: str
    rows: int


def theirs_in(database: Database, holdings: Holdings, person: Person) -> tuple[Touched, ...]:
    """How many of their rows each table holds; nothing is touched."""
    found = [
        Touched(one.called, person.theirs.count(one), one.on_forget)
        for one in holdings.held
        if one.on_forget != "keep"
    ]
    prepare(database, person)
    for one in holdings.derived:
        condition = derived_rows(database, one, person)
        if condition is not None:
            table, where = condition
            sql = f"select count(*) from {database.relation(table)} where {where}"
            found.append(Touched(one.called, number(database, sql), "purge"))
    return tuple(found)


def erase(
    database: Database, holdings: Holdings, person: Person, today: date
) -> tuple[Touched, ...]:
    """Take them out of every table and raise their tombstones, in the open transaction."""
    touched = [one for one in theirs_in(database, holdings, person) if one.rows]
    for held in _outermost_first(holdings.held):
        person.theirs.take(held, person.gone)
    for one in holdings.derived:
        condition = derived_rows(database, one, person)
        if condition is not None:
            table, where = condition
            database.execute(f"delete from {database.relation(table)} where {where}")
    if not touched and not person.known:
        return ()
    values = {(VALUE, one.value) for one in person.former if one.telling and not one.shared}
    cleaned = {one.called for one in touched}
    tables = [one.node for one in holdings.held if one.called in cleaned]
    raise_for(database, person.known | values, tables, today)
    return tuple(touched)


def left(database: Database, holdings: Holdings, person: Person) -> tuple[Left, ...]:
    """Every column of every table in which something of theirs still stands."""
    prepare(database, person)
    spared = {spelled(database, one.table) for one in holdings.kept}
    spared |= {spelled(database, one) for one in (KEY, TOMBSTONES)}
    return tuple(
        found
        for table in database.tables()
        if table not in spared
        for found in _left_in(database, table)
    )


def blurred(database: Database, person: Person) -> frozenset[str]:
    """What stands within longer values of other people, so that bytes say nothing of it."""
    prepare(database, person)
    found: set[str] = set()
    for table in database.tables():
        cells = [
            f"strpos(lower(cast({database.quoted(one.name)} as varchar)), plain) > 0"
            for one in database.columns(table)
        ]
        rows = database.query(
            f"select plain from {_TERMS} where exists "
            f"(select 1 from {database.relation(table)} where {' or '.join(cells) or 'false'})"
        )
        found |= {str(plain) for (plain,) in rows}
    return frozenset(found)


def _left_in(database: Database, table: Table) -> Iterator[Left]:
    columns = database.columns(table)
    if not columns:
        return
    counts = ", ".join(
        f"count(*) filter (where {_holds(database.quoted(one.name))})" for one in columns
    )
    ((*numbers,),) = database.query(f"select {counts} from {database.relation(table)}")
    for column, rows in zip(columns, numbers, strict=True):
        if rows:
            yield Left(f"{table.schema}.{table.name}", column.name, int(str(rows)))


def prepare(database: Database, person: Person) -> None:
    """Lay out what is known of them where the database can compare it."""
    _fill(database, person.terms)
    database.workbench(_KEYS, "about integer, value varchar")
    numbers = _numbered(person)
    database.fill(_KEYS, ((numbers[about], value) for about, value in sorted(person.known)))


def _fill(database: Database, terms: Sequence[Term]) -> None:
    database.workbench(_TERMS, "term varchar, plain varchar, fit varchar")
    database.fill(_TERMS, ((one.sought, one.text, one.fit) for one in terms))


def _holds(name: str) -> str:
    """The SQL that is true where something of theirs stands in a cell."""
    text = f"lower(cast({name} as varchar))"
    words = f"' ' || regexp_replace({text}, '[^a-z0-9]', ' ', 'g') || ' '"
    return (
        f"exists (select 1 from {_TERMS} where case fit when 'whole' then trim({text}) = term "
        f"when 'part' then strpos({text}, term) > 0 else strpos({words}, term) > 0 end)"
    )


def derived_rows(database: Database, one: Derived, person: Person) -> tuple[Table, str] | None:
    """A table that dbt makes, and the SQL that is true of their rows in it."""
    table = spelled(database, one.table)
    if table is None:
        return None
    numbers = _numbered(person)
    columns = {each.name.lower(): each.name for each in database.columns(table)}
    parts = [_holds(database.quoted(name)) for name in columns.values()]
    for column, abouts in one.keys.items():
        name = columns.get(column.lower())
        if name is None:
            continue
        listed = ", ".join(str(numbers[about]) for about in sorted(abouts) if about in numbers)
        if listed and not (one.lasting and len(abouts) > 1):
            parts.append(
                f"lower(trim(cast({database.quoted(name)} as varchar))) in "
                f"(select value from {_KEYS} where about in ({listed}))"
            )
    return (table, f"({' or '.join(parts)})") if parts else None


def unclear(holdings: Holdings) -> tuple[str, ...]:
    """Columns of lasting tables that hold keys of several tables: nobody can say whose rows."""
    return tuple(
        f"{one.called}.{column}"
        for one in holdings.derived
        for column, abouts in one.keys.items()
        if one.lasting and len(abouts) > 1
    )


def _numbered(person: Person) -> dict[str, int]:
    return {about: at for at, about in enumerate(sorted({about for about, _ in person.known}))}


def _outermost_first(held: Iterable[Held]) -> list[Held]:
    """Rows before what they refer to."""
    waiting = list(held)
    ordered: list[Held] = []
    while waiting:
        referred = {
            node
            for each in waiting
            for one in each.references
            if (node := one.to.rpartition(".")[0]) != each.node
        }
        # where tables refer to each other in a circle, any may come first
        free = [each for each in waiting if each.node not in referred] or waiting[:1]
        ordered += free
        waiting = [each for each in waiting if each not in free]
    return ordered
