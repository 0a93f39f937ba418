"""Which relations a node's own SQL reads, apart from what dbt wrote into it."""

from __future__ import annotations

from pii_lint.artifacts.model import Node
from pii_lint.rules._facts import Facts


def inlined(facts: Facts, node: Node) -> set[str]:
    """Ephemeral models whose SQL dbt writes into this one's."""
    found: set[str] = set()
    waiting = [*node.depends_on]
    while waiting:
        uid = waiting.pop()
        above = facts.nodes.get(uid)
        if above is not None and above.materialized == "ephemeral" and uid not in found:
            found.add(uid)
            waiting += above.depends_on
    return found


def within(facts: Facts, ephemeral: set[str], uid: str) -> bool:
    """True for what an inlined model reads; that model answers for it."""
    return any(uid in facts.inventory.relations[each].reads for each in ephemeral)
