"""What a warehouse is asked about a blast radius: of which tables, by which key and country."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pii_lint.artifacts.model import Node
from pii_lint.counts import Home, Part, Question, Table
from pii_lint.data.countries import country_columns
from pii_lint.propagation.reach import Inflows
from pii_lint.reports.radius import Arrived, BlastRadius, is_personal
from pii_lint.rules import WHOLE, Facts

ALL_EXPORTS = ""
_BESIDE = frozenset({"filter", "join", "group", "sort", "window", "condition", "set"})
"""What decides about rows and isn't in the value."""


def questions(
    facts: Facts,
    inflows: Inflows,
    told: BlastRadius,
    subjects: Sequence[str],
    countries: Sequence[str],
) -> tuple[Question, ...]:
    """One a mart, one a use, one for all exports together.

    People are told apart by the first of `subjects` that a relation has, else by what it copies of
    the unique column of an asked one, a key where there is one; a country is what it copies of an
    asked one's, else it is looked up there. Names count where nobody can say what a column copies.
    """
    asker = _Asker(facts, inflows, told, subjects, countries)
    marts = [Question(mart.node, (asker.part(mart.node, mart.arrived),)) for mart in told.marts]
    uses = []
    for use in told.uses:
        by_node = {
            node: [a for a in use.arrived if a.flow.steps[-1].node == node] for node in use.takes
        }
        uses.append(
            Question(use.node, tuple(asker.part(node, those) for node, those in by_node.items()))
        )
    exporting = {use.node for use in told.exports}
    together = tuple(part for one in uses if one.node in exporting for part in one.parts)
    last = (Question(ALL_EXPORTS, together),) if together else ()
    return (*marts, *uses, *last)


class _Column(NamedTuple):
    node: str
    key: str


class _Asker:
    def __init__(
        self,
        facts: Facts,
        inflows: Inflows,
        told: BlastRadius,
        subjects: Sequence[str],
        countries: Sequence[str],
    ) -> None:
        self._facts = facts
        self._inflows = inflows
        self._named = tuple(name.lower() for name in subjects)
        self._places = tuple(name.lower() for name in countries)
        asked = [one.node for one in told.asked]
        origins = [
            step.node
            for relation in told.relations
            for one in relation.arrived
            for step in one.flow.steps[:1]
        ]
        self._homes = tuple(dict.fromkeys((*asked, *origins)))
        # by one column only, unless somebody says that several mean the same people
        self._keys = self._at_home(self._named) or tuple(self._unique())[:1]
        self._countries = self._at_home(self._places or country_columns())
        self._copied: dict[_Column, tuple[_Column, ...] | None] = {}

    def _unique(self) -> Iterator[_Column]:
        """Keys first, for a personal column may be masked or left out on the way."""
        found = [
            (is_personal(self._facts, uid, name.lower()), _Column(uid, name.lower()))
            for uid in self._homes
            for name in (one.name for one in self._facts.nodes[uid].columns.values() if one.unique)
        ]
        yield from (column for _, column in sorted(found, key=lambda one: one[0]))

    def _at_home(self, names: Sequence[str]) -> tuple[_Column, ...]:
        """The columns of the asked relations that are called so."""
        held = {uid: self._facts.inventory.relations[uid].columns for uid in self._homes}
        return tuple(
            _Column(uid, name.lower())
            for uid, columns in held.items()
            for name in names
            if name.lower() in columns
        )

    def part(self, uid: str, arrived: Sequence[Arrived]) -> Part:
        """What is asked about one relation."""
        kinds: dict[str, dict[str, None]] = {}
        for one in arrived:
            if one.value and one.column != WHOLE:
                kinds.setdefault(one.flow.kind, {})[one.column] = None
        subject = (
            self._said(uid, self._named)
            or self._copy(uid, self._keys)
            or self._namesake(uid, self._keys)
        )
        country = self._said(uid, self._places) or self._copy(uid, self._countries)
        home = self._home(uid, subject) if subject and not country else None
        if home is None and country is None:
            country = self._namesake(uid, self._countries)
        return Part(
            called=self._facts.called(uid),
            table=_table(self._facts.nodes[uid]),
            kinds={kind: tuple(columns) for kind, columns in kinds.items()},
            subject=self._spelt(uid, subject),
            country=self._spelt(uid, country),
            home=home,
        )

    def _said(self, uid: str, names: Sequence[str]) -> str | None:
        """The first of these that somebody gave, and that the relation has."""
        held = self._facts.inventory.relations[uid].columns
        return next((name for name in names if name in held), None)

    def _copy(self, uid: str, wanted: Sequence[_Column]) -> str | None:
        """The relation's copy of one of these columns, whatever it is called there."""
        held = [key for key in self._facts.inventory.relations[uid].columns if key != WHOLE]
        found = (k for one in wanted for k in held if self._copies(_Column(uid, k), one))
        return next(found, None)

    def _namesake(self, uid: str, wanted: Sequence[_Column]) -> str | None:
        """A column that is called as one of these, and isn't the key of something else."""
        held = self._facts.inventory.relations[uid].columns
        found = (one for one in wanted if one.key in held)
        return next((one.key for one in found if self._may_be(_Column(uid, one.key), one)), None)

    def _copies(
        self, column: _Column, wanted: _Column, seen: frozenset[_Column] = frozenset()
    ) -> bool:
        """True where every value of the column is one of the wanted column's."""
        if column == wanted:
            return True
        above = self._above(column) if column not in seen else None
        if above is None:
            return False
        if not above:
            # another table's column that is held against it, or is called so and is no key there
            alike = column.key == wanted.key and not self._is_key(column)
            return alike or tuple(wanted) in self._references(column)
        return all(self._copies(one, wanted, seen | {column}) for one in above)

    def _above(self, column: _Column) -> tuple[_Column, ...] | None:
        """What a column is copied from; None where it is more than a copy."""
        if column not in self._copied:
            flows = self._inflows.of(*column)
            values = [flow for flow in flows if flow.op not in _BESIDE]
            above = tuple(dict.fromkeys(_Column(f.node, f.column.lower()) for f in values))
            plain = all(flow.op == "copy" for flow in values) and bool(above or not flows)
            self._copied[column] = above if plain else None
        return self._copied[column]

    def _references(self, column: _Column) -> set[tuple[str, str]]:
        """Columns that a test holds this one against."""
        declared = self._facts.nodes[column.node].columns.values()
        return {
            (node, name.lower())
            for one in declared
            if one.name.lower() == column.key
            for node, name in one.references
        }

    def _may_be(
        self, column: _Column, wanted: _Column, seen: frozenset[_Column] = frozenset()
    ) -> bool:
        """False for what is copied from another table's key: a mart's own `id` means nobody."""
        if self._copies(column, wanted):
            return True
        above = self._above(column) if column not in seen else None
        if above is None or self._is_key(column):
            return False
        return all(self._may_be(one, wanted, seen | {column}) for one in above)

    def _is_key(self, column: _Column) -> bool:
        declared = self._facts.nodes[column.node].columns.values()
        return any(one.unique and one.name.lower() == column.key for one in declared)

    def _home(self, uid: str, subject: str) -> Home | None:
        """Where the country of a relation's people is looked up."""
        for home in self._homes:
            table = _table(self._facts.nodes[home])
            keys = [one for one in self._keys if one.node == home]
            key = next(
                (k for k in keys if self._copies(_Column(uid, subject), k, frozenset())), None
            )
            by = key.key if key else self._said(home, (subject, *(one.key for one in self._keys)))
            country = next((one.key for one in self._countries if one.node == home), None)
            if table is not None and by and country:
                return Home(
                    table, self._spelt(home, by) or by, self._spelt(home, country) or country
                )
        return None

    def _spelt(self, uid: str, key: str | None) -> str | None:
        """As the warehouse spells it."""
        return self._facts.inventory.relations[uid].columns[key].name if key else None


def _table(node: Node) -> Table | None:
    if node.relation_name is None or node.materialized == "ephemeral":
        return None
    return Table(node.schema or "main", node.alias or node.name)
