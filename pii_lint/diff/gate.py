"""What the gate stands on, compared: whoever takes a piece of it away is seen first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pii_lint.diff import declared, policies, promises
from pii_lint.diff.model import GateChange
from pii_lint.diff.places import Places
from pii_lint.rules import Facts

_PARTS: tuple[Callable[[Facts, Facts, Places], Iterator[GateChange]], ...] = (
    declared.tags,
    declared.reviews,
    declared.keys,
    policies.zones_moved,
    policies.zones,
    policies.cells,
    policies.rules,
    policies.switches,
    policies.kinds,
    policies.vouched,
    policies.roles,
    promises.declassified,
    promises.ignored,
    promises.signed,
    promises.exports,
    promises.branches_seen,
)


def gate_changes(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:
    """Everything that changed, in the order above, each sorted by place."""
    for part in _PARTS:
        yield from part(base, head, places)
