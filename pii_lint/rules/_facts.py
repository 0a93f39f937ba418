"""Everything a rule may look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pii_lint.artifacts.locate import Locator
from pii_lint.artifacts.model import Exposure, Node, Project
from pii_lint.config import Config
from pii_lint.data.registry import Registry
from pii_lint.findings import Persona, Severity, Suppression
from pii_lint.labels import SECRET, Form, Label
from pii_lint.lineage import dialect_of
from pii_lint.policy import Policy
from pii_lint.propagation.declared import columns_of, is_declared_clean
from pii_lint.propagation.inventory import ColumnFacts, Inventory, RelationFacts
from pii_lint.rules._approvals import Declassification, declassifications
from pii_lint.rules._excerpts import Excerpts
from pii_lint.rules._ignores import Ignore, of_policy, of_templates
from pii_lint.rules._places import WHOLE, Manifest, Places
from pii_lint.sightings import Sighting

EXPORT = "export"
RESTRICTED = "restricted"
"""A class of data, and the zone where it is at home."""
WORKBENCH = frozenset({"staging", "intermediate"})
"""The zones where raw data is made fit for the marts."""


_CLEARED = frozenset({"raw", RESTRICTED})
"""Zones where personal data is at home; for what may stand nowhere there is a rule of its own."""

Gated = tuple[tuple[Label, Severity], ...]


class Cell(NamedTuple):
    """A column in its zone: each label with the severity that the policy's matrix sets."""

    judged: str
    # the relation itself, or the exposure that it stands under
    holder: str
    column: str
    # a key of the holder's columns
    name: str
    zone: str | None
    labels: Gated
    rows: bool = False
    # it is about which rows there are, not about the open tail

    @property
    def severity(self) -> Severity:
        """The worst of all labels."""
        return worst(severity for _, severity in self.labels)


@dataclass(frozen=True)
class Facts:
    """One run's knowledge. Rules read it and change nothing."""

    projects: tuple[Project, ...]
    config: Config
    policy: Policy
    registry: Registry
    inventory: Inventory
    today: date
    project_dir: Path | None = None
    # where the project's files stand, if they do
    persona: Persona = Persona.AUDITOR
    # who listens
    remember: bool = False
    # what is found out about texts is kept for the next run
    sightings: tuple[Sighting, ...] | None = None
    # what a scan of the warehouse met; None where there was none
    judged: frozenset[str] | None = None
    # the relations and exposures that are judged; None for all

    def about(self, judged: Set[str]) -> Facts:
        """The same knowledge, with only some relations and exposures to judge."""
        some = copy(self)
        # a frozen copy shares what was worked out so far, but for what hangs on this
        vars(some).update(judged=frozenset(judged))
        for name in ("_relations", "_columns"):
            vars(some).pop(name, None)
        return some

    def hears(self, code: str, persona: Persona) -> bool:
        """False where a finding for this persona would be made for nobody to hear.

        An ignore has to meet what it speaks of, or it would seem unused.
        """
        order = list(Persona)
        return order.index(persona) <= order.index(self.persona) or code in self.ignored_codes

    @cached_property
    def ignored_codes(self) -> frozenset[str]:
        """The rules that anybody ignores anywhere."""
        return frozenset(code for one in self.ignores for code in one.codes)

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        """Every relation of every manifest, by unique_id."""
        return {
            uid: node
            for project in reversed(self.projects)
            for uid, node in project.nodes.items()
            if uid in self.inventory.relations
        }

    @cached_property
    def exposures(self) -> Mapping[str, Exposure]:
        """Every use outside the warehouse, by unique_id."""
        return {
            uid: exposure
            for project in reversed(self.projects)
            for uid, exposure in project.exposures.items()
        }

    @cached_property
    def places(self) -> Places:
        """The project's files."""
        dialect = self.config.dialect or dialect_of(self.projects[0].adapter_type)
        manifests = tuple(
            Manifest(project.nodes, Locator(self.project_dir)) for project in self.projects
        )
        excerpts = Excerpts(dialect, self.projects[0].name, remember=self.remember)
        return Places(self.nodes, self.exposures, self.inventory, manifests, dialect, excerpts)

    @cached_property
    def _zones(self) -> Mapping[str, str | None]:
        return {uid: self.policy.zone(node) for uid, node in self.nodes.items()}

    def zone_of(self, uid: str) -> str | None:
        """The zone of a relation or an exposure."""
        return EXPORT if uid in self.exposures else self._zones.get(uid)

    def meta_of(self, uid: str) -> Mapping[str, object]:
        """What people noted at a relation or an exposure."""
        exposure = self.exposures.get(uid)
        return exposure.meta if exposure is not None else self.nodes[uid].meta

    def relations(self) -> Iterator[tuple[Node, RelationFacts]]:
        """Every relation to judge with what is known of it, in order of unique_id."""
        yield from self._relations

    @cached_property
    def _relations(self) -> tuple[tuple[Node, RelationFacts], ...]:
        uids = sorted(self._among(self.nodes))
        return tuple((self.nodes[uid], self.inventory.relations[uid]) for uid in uids)

    def _among(self, uids: Iterable[str]) -> Iterable[str]:
        return uids if self.judged is None else self.judged.intersection(uids)

    def labelled(self, uid: str) -> Mapping[str, ColumnFacts]:
        """A relation's columns that carry a label."""
        return self._labelled.get(uid, {})

    @cached_property
    def _labelled(self) -> Mapping[str, Mapping[str, ColumnFacts]]:
        # most columns carry none, and every rule would pass by them
        return {
            uid: {key: column for key, column in relation.columns.items() if column.labels}
            for uid, relation in self.inventory.relations.items()
        }

    def columns(self) -> Iterator[Cell]:
        """Every column that carries a label, and every such column under an exposure."""
        yield from self._columns

    def cell(self, uid: str, column: str, labels: Gated) -> Cell:
        """One column with labels that a rule judges by itself."""
        name = self.inventory.relations[uid].columns[column].name
        return Cell(uid, uid, column, name, self.zone_of(uid), labels)

    def cells(self, forms: Collection[Form]) -> Iterator[Cell]:
        """Those of `columns` with labels of these forms that the policy doesn't leave alone."""
        for cell in self._columns:
            gated = tuple(
                (label, severity)
                for label, severity in cell.labels
                if label.form in forms
                and severity != Severity.OFF
                and (cell.zone not in _CLEARED or self.registry.kind(label.kind).allowed)
            )
            if gated:
                yield cell._replace(labels=gated)

    @cached_property
    def _columns(self) -> tuple[Cell, ...]:
        columns: list[Cell] = []
        for uid in sorted(self._among(self.nodes)):
            columns += self._held(uid, uid)
        for uid in sorted(self._among(self.exposures)):
            for holder in sorted(set(self.exposures[uid].depends_on) & self.nodes.keys()):
                columns += self._held(uid, holder)
        return tuple(columns)

    def _held(self, judged: str, holder: str) -> Iterator[Cell]:
        zone = self.zone_of(judged)
        relation = self.inventory.relations[holder]
        for key, column in self.labelled(holder).items():
            if gated := self._gated(zone, column.labels):
                yield Cell(judged, holder, key, column.name, zone, gated)
        if gated := self._gated(zone, relation.signals):
            yield Cell(judged, holder, WHOLE, WHOLE, zone, gated, rows=True)

    def _gated(self, zone: str | None, labels: Iterable[Label]) -> Gated:
        return tuple(
            (label, self.policy.severity(zone, label)) for label in labels if label.kind != SECRET
        )

    @cached_property
    def declassifications(self) -> tuple[Declassification, ...]:
        """What people declared, beside the columns and in the policy file."""
        found: list[Declassification] = []
        for node, _ in self.relations():
            uid = node.unique_id
            if "pii_declassified" in node.meta:
                stated = node.meta["pii_declassified"]
                found += declassifications(uid, None, stated, self.registry)
            for column in node.columns.values():
                if "pii_declassified" in column.meta:
                    stated = column.meta["pii_declassified"]
                    found += declassifications(uid, column.name, stated, self.registry)
        for stated_by_policy in self.config.declassified:
            found += (
                Declassification(
                    node=stated_by_policy.node,
                    column=None if column == WHOLE else column,
                    kinds=stated_by_policy.kinds,
                    reason=stated_by_policy.reason,
                    by=stated_by_policy.by,
                    until=stated_by_policy.until,
                    line=stated_by_policy.line,
                )
                for column in stated_by_policy.columns
            )
        return tuple(replace(one, latest=self.latest) for one in found)

    @property
    def latest(self) -> date:
        """The last day until which the policy lets anything pass."""
        days = self.config.longest_term_days
        return self.today + timedelta(days=min(days, (date.max - self.today).days))

    @cached_property
    def ignores(self) -> tuple[Ignore, ...]:
        """Findings that people let pass, in the SQL and in the policy file."""
        nodes = (node for node, _ in self.relations())
        inline = of_templates(nodes, self.places.locator, self.projects[0].name)
        return tuple(self._in_term(one) for one in (*inline, *of_policy(self.config)))

    def _in_term(self, one: Ignore) -> Ignore:
        if one.wrong is not None or one.until is None or one.until <= self.latest:
            return one
        return replace(one, wrong=f"lasts until {one.until}, longer than the policy allows")

    def ignores_of(self, uid: str) -> Sequence[Ignore]:
        """Those that speak of one node, malformed and expired ones included."""
        return self._ignored.get(uid, ())

    @cached_property
    def _ignored(self) -> Mapping[str, list[Ignore]]:
        by_node: dict[str, list[Ignore]] = {}
        for one in self.ignores:
            by_node.setdefault(one.node, []).append(one)
        return by_node

    def declared(self, uid: str, column: str) -> tuple[Declassification, ...]:
        """What people declared of one column, expired and incomplete statements included."""
        return (*self._declared.get((uid, column), ()), *self._declared.get((uid, None), ()))

    @cached_property
    def _declared(self) -> Mapping[tuple[str, str | None], list[Declassification]]:
        places: dict[tuple[str, str | None], list[Declassification]] = {}
        for one in self.declassifications:
            column = one.column.lower() if one.column else None
            places.setdefault((one.node, column), []).append(one)
        return places

    def declassified(self, uid: str, column: str, label: Label) -> bool:
        """True where a person declared the label away, and the declaration holds today."""
        return any(
            one.holds(self.today) and one.covers(label.kind, label.form.word)
            for one in self.declared(uid, column)
        )

    def declared_clean(self, uid: str) -> frozenset[str]:
        """Columns of which somebody said that they aren't personal, lower case."""
        named = {name.lower() for name in self.config.clean.get(uid, ())}
        columns = columns_of(self.nodes[uid], self.config)
        return frozenset(named | {k for k, column in columns.items() if is_declared_clean(column)})

    def is_secret(self, uid: str) -> bool:
        """True for a relation that holds salts or keys."""
        return uid in self._secrets

    @cached_property
    def _secrets(self) -> frozenset[str]:
        return frozenset(
            uid
            for uid, columns in self._labelled.items()
            for column in columns.values()
            for label, via in column.labels.items()
            if label.kind == SECRET and via is None
        )

    def literal_keys(self) -> Suppression | None:
        """The policy's leave to use literals as keys, while it lasts."""
        waiver = self.config.allow_literal_keys
        if waiver is None or not self.today <= waiver.until <= self.latest:
            return None
        return Suppression(waiver.reason, until=str(waiver.until))

    def is_restricted(self, label: Label) -> bool:
        """True for a kind that only cleared people may read, in whatever form."""
        return self.registry.kind(label.kind).data_classification == RESTRICTED

    def subject(self, cell: Cell) -> str:
        """What a message speaks of: the column `email` of the safe model `fct_reach`."""
        column = "An unlisted column" if cell.column == WHOLE else f"Column `{cell.name}`"
        column = "The choice of rows" if cell.rows else column
        holder = f"`{self.called(cell.holder)}`"
        if cell.judged != cell.holder:
            return f"{column} of {holder} in the export `{self.called(cell.judged)}`"
        return f"{column} of the {self.sort_of(cell.judged)} {holder}"

    def sort_of(self, uid: str) -> str:
        """A relation's zone and what dbt calls it: `safe model`."""
        if uid in self.exposures:
            return EXPORT
        return f"{self.zone_of(uid) or 'unzoned'} {self.nodes[uid].resource_type}"

    def called(self, uid: str) -> str:
        """A relation or an exposure as people call it."""
        if uid in self.exposures:
            return self.exposures[uid].name
        node = self.nodes.get(uid)
        if node is None:
            return uid
        return ".".join(uid.split(".")[2:]) if node.resource_type == "source" else node.name


def worst(severities: Iterable[Severity]) -> Severity:
    """The worst of some severities; `off` for none."""
    order = list(Severity)
    return min(severities, key=order.index, default=Severity.OFF)


def holdings(labels: Iterable[Label]) -> str:
    """What labels say, once each: `contact.email (clear), contact.phone (partial)`."""
    pairs = sorted({(label.form, label.kind) for label in labels})
    return ", ".join(f"{kind} ({form.word})" for form, kind in pairs)


def columns_with(relation: RelationFacts, forms: Collection[Form]) -> list[ColumnFacts]:
    """The columns that carry a label of one of these forms."""
    return [
        column
        for column in relation.columns.values()
        if any(label.form in forms for label in column.labels)
    ]
