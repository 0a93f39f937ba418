"""Which relations of the warehouse a scan looks through, and what it may expect there."""

from __future__ import annotations

from collections.abc import Collection

from pii_lint.artifacts.model import Node
from pii_lint.counts import Table
from pii_lint.data.shape import nearest
from pii_lint.errors import ConfigError
from pii_lint.labels import READABLE
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather
from pii_lint.rules import Facts
from pii_lint.sightings import Asked


def plan(
    options: Options, names: Collection[str] = (), zones: Collection[str] = ()
) -> tuple[Asked, ...]:
    """The relations of these names and zones, or all that the warehouse holds."""
    facts = gather(options)
    found = tuple(
        _asked(facts, uid)
        for uid in stored(facts, names)
        if not facts.is_secret(uid) and (not zones or facts.zone_of(uid) in zones)
    )
    if not found:
        raise ConfigError("No relation fits what --zone names: leave it out, or name another zone.")
    return found


def stored(facts: Facts, names: Collection[str] = ()) -> list[str]:
    """The relations of these names that the warehouse holds, or all of them, by unique_id."""
    held = {uid: node for uid, node in facts.nodes.items() if _is_held(node)}
    return sorted({uid for name in names for uid in _named(held, name)} if names else held)


def table_of(node: Node) -> Table:
    """A relation as the warehouse calls it."""
    return Table(node.schema or "main", node.alias or node.name)


def _is_held(node: Node) -> bool:
    return node.relation_name is not None and node.resource_type in (
        "source",
        "seed",
        "model",
        "snapshot",
    )


def _named(held: dict[str, Node], name: str) -> set[str]:
    found = {uid for uid in held if uid == name or uid.endswith(f".{name}")}
    if not found:
        known = sorted({uid.rpartition(".")[2] for uid in held})
        hint = nearest(name, known)
        raise ConfigError(f"No relation is called `{name[:60]}`{hint}" + ("" if hint else "."))
    return found


def _asked(facts: Facts, uid: str) -> Asked:
    node, relation = facts.nodes[uid], facts.inventory.relations[uid]
    known = {
        column
        for column, held in relation.columns.items()
        if any(label.form in READABLE for label in held.labels)
    }
    return Asked(
        node=uid,
        called=uid.split(".", 2)[-1],
        zone=facts.zone_of(uid),
        table=table_of(node),
        personal=frozenset(known),
        clean=facts.declared_clean(uid),
    )
