"""What a warehouse is asked about a blast radius: of which tables, by which key and country."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pii_lint.artifacts.model import Node
from pii_lint.counts import Home, Part, Question, Table
from pii_lint.data.countries import country_columns
from pii_lint.reports.radius import Arrived, BlastRadius, is_personal
from pii_lint.rules import WHOLE, Facts

ALL_EXPORTS = ""


def questions(
    facts: Facts, told: BlastRadius, subjects: Sequence[str], countries: Sequence[str]
) -> tuple[Question, ...]:
    """One a mart, one a use, one for all exports together.

    People are told apart by the first of `subjects` that a relation has, else by the unique column
    of an asked one, a key where there is one; a country is looked up in the relation, else in an
    asked one.
    """
    asker = _Asker(facts, told, subjects, countries or country_columns())
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


class _Asker:
    def __init__(
        self, facts: Facts, told: BlastRadius, subjects: Sequence[str], countries: Sequence[str]
    ) -> None:
        self._facts = facts
        self._countries = countries
        asked = [one.node for one in told.asked]
        origins = [
            step.node
            for relation in told.relations
            for one in relation.arrived
            for step in one.flow.steps[:1]
        ]
        self._homes = tuple(dict.fromkeys((*asked, *origins)))
        # by one column only, unless somebody says that several mean the same people
        self._subjects = tuple(subjects) or tuple(self._unique())[:1]

    def _unique(self) -> Iterator[str]:
        """Keys first, for a personal column may be masked or left out on the way."""
        found = [
            (is_personal(self._facts, uid, column.name.lower()), column.name)
            for uid in self._homes
            for column in self._facts.nodes[uid].columns.values()
            if column.unique
        ]
        yield from (name for _, name in sorted(found, key=lambda one: one[0]))

    def part(self, uid: str, arrived: Sequence[Arrived]) -> Part:
        kinds: dict[str, dict[str, None]] = {}
        for one in arrived:
            if one.value and one.column != WHOLE:
                kinds.setdefault(one.flow.kind, {})[one.column] = None
        subject = self._first(uid, self._subjects)
        country = self._first(uid, self._countries)
        return Part(
            called=self._facts.called(uid),
            table=_table(self._facts.nodes[uid]),
            kinds={kind: tuple(columns) for kind, columns in kinds.items()},
            subject=subject,
            country=country,
            home=self._home(subject) if subject and not country else None,
        )

    def _home(self, subject: str) -> Home | None:
        for uid in self._homes:
            table = _table(self._facts.nodes[uid])
            key = self._first(uid, (subject, *self._subjects))
            country = self._first(uid, self._countries)
            if table is not None and key and country:
                return Home(table, key, country)
        return None

    def _first(self, uid: str, names: Sequence[str]) -> str | None:
        """The first of these columns that the relation has, as the warehouse spells it."""
        held = self._facts.inventory.relations[uid].columns
        return next((held[n.lower()].name for n in names if n.lower() in held), None)


def _table(node: Node) -> Table | None:
    if node.relation_name is None or node.materialized == "ephemeral":
        return None
    return Table(node.schema or "main", node.alias or node.name)
