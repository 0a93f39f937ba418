"""What an inventory holds: every known column of every relation with its labels, clean or not."""

from __future__ import annotations

from collections.abc import Mapping

from pii_lint.artifacts.model import Node
from pii_lint.findings import Arrival, Entry, Listing, ManifestInput, Relation
from pii_lint.labels import SECRET, UNKNOWN, Label
from pii_lint.propagation.inventory import Via
from pii_lint.reports.uses import uses
from pii_lint.rules import ORIGIN, WHOLE, Facts, label_order


def listing(facts: Facts, manifests: tuple[ManifestInput, ...], notes: tuple[str, ...]) -> Listing:
    """The inventory of a run, ready to print."""
    relations: dict[str, Relation] = {}
    for node, held in facts.relations():
        uid = node.unique_id
        relations[uid] = Relation(
            zone=facts.zone_of(uid),
            columns={
                column.name: _entries(facts, uid, column.name, column.labels)
                for column in held.columns.values()
            },
            signals=_entries(facts, uid, WHOLE, held.signals),
            owner=_owner(node),
            recipients=tuple(
                sorted(one.name for one in facts.exposures.values() if uid in one.depends_on)
            ),
        )
    return Listing(manifests, relations, notes, uses(facts))


def _entries(
    facts: Facts, uid: str, column: str, labels: Mapping[Label, Via | None]
) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            origin=str(label.origin),
            kind=label.kind,
            form=label.form.word,
            clause=label.clause,
            equated=label.equated,
            via=_arrival(facts, uid, column, via),
            classification=_classification(facts, label.kind),
        )
        for label, via in sorted(labels.items(), key=lambda item: label_order(item[0]))
    )


def _owner(node: Node) -> str | None:
    """Who answers for a relation."""
    for word in ("owner", "data_owner"):
        stated = node.meta.get(word)
        if isinstance(stated, Mapping):
            stated = stated.get("name") or stated.get("email")
        if isinstance(stated, str) and stated.strip():
            return stated.strip()
    return node.group


def _classification(facts: Facts, kind: str) -> str | None:
    return None if kind in (UNKNOWN, SECRET) else facts.registry.kind(kind).data_classification


def _arrival(facts: Facts, uid: str, column: str, via: Via | None) -> Arrival:
    if via is None:
        return Arrival(uid, column, ORIGIN, facts.places.properties(uid, column))
    name = via.column
    came_from = facts.inventory.relations.get(via.node)
    if came_from is not None and name in came_from.columns:
        name = came_from.columns[name].name
    return Arrival(via.node, name, via.op, facts.places.span(uid, via.span))
