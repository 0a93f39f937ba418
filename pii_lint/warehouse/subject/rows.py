"""Which rows are a person's, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.holdings import Held
from pii_lint.warehouse.subject.database import Database, Listed, number
from pii_lint.warehouse.subject.documents import at, parsed, rewritten, words

Wanted: TypeAlias = Callable[[str, str], bool]
"""True for what says that a row is theirs: a kind or a column's name among all, and a value."""

_THEIRS, _PAIRS = "pii_lint_theirs", "pii_lint_pairs"
_TEXT = ("VARCHAR", "TEXT", "CHARACTER", "JSON")
SHORTEST = 6


def normal(value: object) -> str:
    """As values are compared: without blanks around them, in small letters."""
    return str(value).strip().casefold()


def identifies(value: str) -> bool:
    """False for a word that may as well be somebody else's."""
    return len(value) >= SHORTEST and any(not one.isalpha() for one in value)


class Theirs:
    """The rows of one person, table by table; learns more of them as more is known."""

    def __init__(self, database: Database, held: Sequence[Held]) -> None:
        self._database = database
        self._held = held
        self._kinds = sorted({kind for one in held for _, kind in one.found_by})
        self._there = _there(database)
        self._known: dict[int, set[str]] = {}
        self._slots: dict[tuple[str, str, int], int] = {}
        database.workbench(_THEIRS, "slot integer, value varchar")

    def table(self, held: Held) -> Table | None:
        """The table as the database spells it; None where there is none."""
        return self._there.get((held.table.schema.lower(), held.table.name.lower()))

    def find(self, held: Held, wanted: Wanted) -> bool:
        """Look for rows by what is wanted; True where there are more than before."""
        grew = False
        for place, (column, ask) in enumerate(self._marks(held)):
            table = self.table(held)
            if table is None:
                return False
            slot = self._slots.setdefault((held.node, column, place), len(self._slots))
            known = self._known.setdefault(slot, set())
            name = self._name(table, column)
            rows = self._database.stream(
                f"select distinct cast({name} as varchar) from {self._database.relation(table)} "
                f"where {name} is not null"
            )
            found = {text for (text,) in rows if isinstance(text, str) and ask(text, wanted)}
            if new := found - known:
                known |= new
                self._database.fill(_THEIRS, ((slot, text) for text in sorted(new)))
                grew = True
        return grew

    def condition(self, held: Held) -> str | None:
        """The SQL that is true of their rows; None where there are none."""
        table = self.table(held)
        if table is None:
            return None
        parts = [
            f"cast({self._name(table, column)} as varchar) in "
            f"(select value from {_THEIRS} where slot = {slot})"
            for (node, column, _), slot in self._slots.items()
            if node == held.node and self._known[slot]
        ]
        return f"({' or '.join(parts)})" if parts else None

    def count(self, held: Held, gone: Callable[[str], bool] = lambda _: False) -> int:
        """How many rows are theirs, and not blanked already."""
        table, condition = self.table(held), self.condition(held)
        if table is None or condition is None:
            return 0
        if held.on_forget == "blank":
            told = [f"{cell} is distinct from {v}" for cell, v in self._blanks(held, table)]
            for column in self._documents(held, table):
                self._lay_out(held, column, gone)
                cell = self._database.quoted(column.name)
                # a workbench has room for one column's documents
                sql = f"select distinct pii_lint_old from {_PAIRS}"
                old = [(str(each),) for (each,) in self._database.query(sql)]
                self._database.workbench(f"{_PAIRS}_{len(told)}", "pii_lint_old varchar")
                self._database.fill(f"{_PAIRS}_{len(told)}", old)
                told.append(
                    f"cast({cell} as varchar) in (select pii_lint_old from {_PAIRS}_{len(told)})"
                )
            condition += f" and ({' or '.join(told) or 'false'})"
        name = self._database.relation(table)
        return number(self._database, f"select count(*) from {name} where {condition}")

    def says(self, held: Held) -> Iterator[tuple[str, str]]:
        """What their rows of this table say of them, by which rows elsewhere are known."""
        table, condition = self.table(held), self.condition(held)
        if table is None or condition is None:
            return
        for name in (held.key, *held.offers):
            if name:
                for value in self.values(held, name):
                    if value.strip():
                        yield held.about(name), value
        for column, kind in held.found_by:
            for value in self.values(held, column):
                # a placeholder would make one person of many
                if identifies(value.strip()):
                    yield kind, value

    def values(self, held: Held, column: str) -> Iterator[str]:
        """The different values of a column in their rows, as text."""
        table, condition = self.table(held), self.condition(held)
        if table is None or condition is None:
            return
        name = self._name(table, column)
        for (value,) in self._database.stream(
            f"select distinct cast({name} as varchar) from {self._database.relation(table)} "
            f"where {condition} and {name} is not null"
        ):
            yield str(value)

    def take(self, held: Held, gone: Callable[[str], bool]) -> int:
        """Do to their rows what is declared; gives how many there were. `gone` is true of a text
        in which something of them stands."""
        table, condition = self.table(held), self.condition(held)
        count = self.count(held, gone)
        if table is None or condition is None or not count or held.on_forget == "keep":
            return 0
        name = self._database.relation(table)
        if held.on_forget == "delete":
            self._database.execute(f"delete from {name} where {condition}")
            return count
        for column in self._documents(held, table):
            self._lay_out(held, column, gone)
            cell = self._database.quoted(column.name)
            self._database.execute(
                f"update {name} set {cell} = cast(pii_lint_new as {column.type}) from {_PAIRS} "
                f"where cast({cell} as varchar) = pii_lint_old and {condition}"
            )
        blanks = ", ".join(f"{cell} = {value}" for cell, value in self._blanks(held, table))
        if blanks:
            self._database.execute(f"update {name} set {blanks} where {condition}")
        return count

    def _marks(self, held: Held) -> Iterator[tuple[str, Callable[[str, Wanted], bool]]]:
        """The columns that say whose a row is, and how each is asked."""
        if held.key:
            yield held.key, _plain(held.about(held.key))
        for column, kind in held.found_by:
            yield column, _plain(kind)
        for reference in held.references:
            if reference.path:
                yield reference.column, _led(reference.path, reference.to)
            else:
                yield reference.column, _plain(reference.to)
        for column in held.documents:
            yield column, _within(self._kinds)

    def _name(self, table: Table, column: str) -> str:
        for one in self._database.columns(table):
            if one.name.lower() == column.lower():
                return self._database.quoted(one.name)
        raise ConfigError(
            f"{table.schema}.{table.name} has no column `{column}`, by which people are known "
            "there: load the table again, or mend the YAML."
        )

    def _documents(self, held: Held, table: Table) -> list[Listed]:
        """The columns that lose what is in them."""
        return [one for one in self._blanked(held, table) if _is_document(held, one)]

    def _blanks(self, held: Held, table: Table) -> list[tuple[str, str]]:
        """The columns that lose their value as a whole, and what stands there then."""
        return [
            (self._database.quoted(one.name), _blank(held, one))
            for one in self._blanked(held, table)
            if not _is_document(held, one)
        ]

    def _blanked(self, held: Held, table: Table) -> list[Listed]:
        listed = {one.lower() for one in held.blank}
        return [one for one in self._database.columns(table) if one.name.lower() in listed]

    def _lay_out(self, held: Held, column: Listed, gone: Callable[[str], bool]) -> None:
        """Documents of theirs with what is declared to stay: what else is in them nobody knows."""
        name = column.name.lower()
        kept = [one.path for one in held.references if one.column.lower() == name and one.path]
        kept += [tuple(one.split(".")) for one in held.keep_keys]
        texts = ((text, rewritten(text, kept, gone)) for text in self.values(held, column.name))
        pairs = [(old, new) for old, new in texts if old != new]
        self._database.workbench(_PAIRS, "pii_lint_old varchar, pii_lint_new varchar")
        self._database.fill(_PAIRS, pairs)


def reach(
    theirs: Theirs,
    held: Iterable[Held],
    known: set[tuple[str, str]],
    also: Wanted = lambda *_: False,
) -> None:
    """Find every row that what is known leads to; what those say of the person is known then.
    `also`: what else makes a row theirs."""
    grew = True
    tables = tuple(held)
    while grew:
        grew = False
        for one in tables:
            grew |= theirs.find(
                one, lambda about, value: (about, normal(value)) in known or also(about, value)
            )
            for about, value in theirs.says(one):
                if (about, normal(value)) not in known:
                    known.add((about, normal(value)))
                    grew = True


def _there(database: Database) -> dict[tuple[str, str], Table]:
    return {(one.schema.lower(), one.name.lower()): one for one in database.tables()}


def _plain(about: str) -> Callable[[str, Wanted], bool]:
    return lambda text, wanted: wanted(about, text)


def _led(path: Sequence[str], about: str) -> Callable[[str, Wanted], bool]:
    def ask(text: str, wanted: Wanted) -> bool:
        found = at(parsed(text), path)
        return found is not None and wanted(about, found)

    return ask


def _within(kinds: Sequence[str]) -> Callable[[str, Wanted], bool]:
    def ask(text: str, wanted: Wanted) -> bool:
        return any(
            wanted(kind, word) for word in words(parsed(text)) if identifies(word) for kind in kinds
        )

    return ask


def _is_document(held: Held, column: Listed) -> bool:
    name = column.name.lower()
    named = (*held.keys, *held.documents, *(one.column for one in held.references if one.path))
    return name in {one.lower() for one in named}


def _blank(held: Held, column: Listed) -> str:
    if column.nullable:
        return "null"
    if column.type.upper().startswith(_TEXT[:3]):
        return "''"
    raise ConfigError(
        f"Column `{column.name}` of {held.called} may not be null, so it can't be blanked: let the "
        f"column be null, or say `on_forget: delete` in {held.file}."
    )
