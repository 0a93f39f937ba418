"""What may be told of a relation's columns, by the inventory."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pii_lint.data.registry import CLASSIFICATIONS, strictest
from pii_lint.errors import ConfigError
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather
from pii_lint.pipeline.scan import stored, table_of
from pii_lint.profiled import KnownColumn, ToProfile
from pii_lint.propagation.inventory import ColumnFacts
from pii_lint.rules import WHOLE, Facts

_FEWEST = 5
"""Values that bounds are taken of, where the policy names no smallest group."""
_GUARDED = frozenset({"confidential", "restricted"})


def to_profile(options: Options, names: Collection[str]) -> tuple[ToProfile, ...]:
    """The relations of these names."""
    facts = gather(options)
    found = stored(facts, names)
    for uid in found:
        if facts.is_secret(uid):
            raise ConfigError(
                f"{facts.called(uid)} holds a salt or key, of which nothing is told: "
                "`pii-lint salt check` says whether it is sound."
            )
    return tuple(_asked(facts, uid) for uid in found)


def _asked(facts: Facts, uid: str) -> ToProfile:
    node, relation = facts.nodes[uid], facts.inventory.relations[uid]
    return ToProfile(
        node=uid,
        called=uid.split(".", 2)[-1],
        zone=facts.zone_of(uid),
        table=table_of(node),
        columns={
            key: _known(facts, uid, key, held)
            for key, held in relation.columns.items()
            if key != WHOLE
        },
        fewest=facts.config.smallest_group.people or _FEWEST,
    )


def _known(facts: Facts, uid: str, key: str, held: ColumnFacts) -> KnownColumn:
    classes = [
        *_declared(facts, uid, key),
        *(facts.policy.classification(label) for label in held.labels),
    ]
    needed = strictest(classes)
    why: str | None = None
    if held.labels:
        why = "personal"
    elif needed in _GUARDED:
        why = needed
    elif key not in facts.declared_clean(uid) and facts.registry.guess(held.name):
        why = "its name looks personal"
    return KnownColumn(
        name=held.name,
        holds=tuple(sorted({(label.kind, label.form.word) for label in held.labels})),
        classification=needed,
        withheld=why,
    )


def _declared(facts: Facts, uid: str, key: str) -> Iterator[str]:
    """The class that the column's YAML states; without one, the relation's."""
    node = facts.nodes[uid]
    own = [column.meta for name, column in node.columns.items() if name.lower() == key]
    for meta in (*own, node.meta):
        stated = str(meta.get("data_classification", "")).strip().lower()
        if stated in CLASSIFICATIONS:
            yield stated
            return
