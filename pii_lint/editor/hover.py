"""What the name under the pointer is called in the project, and what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pii_lint.artifacts.model import Node
from pii_lint.reports.card import column_card, relation_card
from pii_lint.rules import Facts

_NAME = re.compile(r'"(?:[^"]|"")+"|`[^`]+`|\[[^\]\[]+\]|[^\W\d][\w$]*')
_OWNER = re.compile(r'(?:"([^"]+)"|`([^`]+)`|(\w+))\s*\.\s*$')
_YAML = (".yml", ".yaml")


def hover(facts: Facts, file: str, line: str, number: int, offset: int) -> str | None:
    """Markdown for a place in a file of the project; `number` counts lines from 1."""
    if file.endswith(_YAML):
        cards = list(_described(facts, file, line, number))
    else:
        cards = list(_named(facts, file, line, offset))
    return "\n\n---\n\n".join(cards) or None


def _described(facts: Facts, file: str, line: str, number: int) -> Iterator[str]:
    """The column or relation whose name this line of a properties file states."""
    for node, relation in facts.relations():
        if _properties(node) != file:
            continue
        place = facts.places.properties(node.unique_id)
        if place and place.exact and place.line == number and node.name in line:
            yield relation_card(facts, node.unique_id)
        for key, held in relation.columns.items():
            place = facts.places.properties(node.unique_id, held.name)
            named = place and place.exact and (place.file, place.line) == (file, number)
            if named and held.name.lower() in line.lower():
                yield column_card(facts, node.unique_id, key)


def _properties(node: Node) -> str | None:
    return node.path if node.resource_type == "source" else node.patch_path


def _named(facts: Facts, file: str, line: str, offset: int) -> Iterator[str]:
    """A name in SQL: the model's own column first, then those that it reads by that name."""
    found = next((m for m in _NAME.finditer(line) if m.start() <= offset <= m.end()), None)
    if found is None:
        return
    name = found[0].strip('"`[]').replace('""', '"')
    owner = _OWNER.search(line[: found.start()])
    written = next(filter(None, owner.groups()), "").lower() if owner else ""
    for node, relation in facts.relations():
        if node.path != file or node.resource_type not in ("model", "snapshot", "seed"):
            continue
        if not written and name.lower() in relation.columns:
            yield column_card(facts, node.unique_id, name.lower())
        reads = [uid for uid in relation.reads if uid in facts.nodes and uid != node.unique_id]
        # an alias names no relation, so then each that has such a column may be meant
        meant = [uid for uid in reads if written in _names(facts.nodes[uid])] or reads
        held = [uid for uid in meant if name.lower() in facts.inventory.relations[uid].columns]
        if held:
            for uid in held:
                yield column_card(facts, uid, name.lower())
        elif written and name.lower() in relation.columns:
            # a column of a common table expression
            yield column_card(facts, node.unique_id, name.lower())
        for uid in reads:
            if name.lower() in _names(facts.nodes[uid]):
                yield relation_card(facts, uid)


def _names(node: Node) -> set[str]:
    return {name.lower() for name in (node.name, node.alias) if name}
