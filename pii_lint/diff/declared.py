"""Tags and reviews beside the columns."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.artifacts.model import Column, Node
from pii_lint.diff.model import GateChange
from pii_lint.diff.places import Places
from pii_lint.diff.renames import renamed
from pii_lint.labels import SECRET, Label
from pii_lint.propagation.declared import born, columns_of, is_declared_clean
from pii_lint.rules import Facts

Born = dict[tuple[str, str], dict[tuple[str, ...], Label]]
"""By node and lower-case column: the labels born there, by their place inside the value."""


def tags(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:
    """Columns that were called personal, or secret, and aren't any more, or less so."""
    before, after = _born(base, places), _born(head, places)
    known = {places.node(node.unique_id): node for node in head.nodes.values()}
    now_called = renamed(base, head, places)
    before = {(now_called.get(uid, uid), column): ls for (uid, column), ls in before.items()}
    for (uid, column), labels in sorted(before.items()):
        node = known.get(uid)
        if node is None or _surely_gone(head, node, column):
            continue
        now = after.get((uid, column), {})
        where = f"{uid}.{column}"
        if not now:
            yield GateChange("tag lost", where, _say(labels), _without(head, node, column), True)
        elif _say(now) != _say(labels):
            softer = any(
                position not in now or now[position].form > label.form
                for position, label in labels.items()
            ) or {label.kind for label in labels.values()} != {each.kind for each in now.values()}
            yield GateChange("tag changed", where, _say(labels), _say(now), softer)
    for (uid, column), labels in sorted(after.items()):
        if (uid, column) not in before:
            secret = any(label.kind == SECRET for label in labels.values())
            sort = "secret vouched for" if secret else "tag added"
            yield GateChange(sort, f"{uid}.{column}", "no tag", _say(labels), secret)


def reviews(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:
    """Columns that somebody had looked at, and that count as never reviewed again."""
    known = {places.node(node.unique_id): node for node in head.nodes.values()}
    after = _born(head, places)
    for node in sorted(base.nodes.values(), key=lambda each: each.unique_id):
        uid = places.node(node.unique_id)
        if uid not in known:
            continue
        for name in sorted(_clean(base, node) - _clean(head, known[uid])):
            if (uid, name) not in after and not _surely_gone(head, known[uid], name):
                yield GateChange(
                    "review lost", f"{uid}.{name}", "declared clean", "never reviewed", False
                )


def keys(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:
    """Keys of relations with personal data: a sum over one person's rows is told by them."""
    known = {places.node(node.unique_id): node for node in head.nodes.values()}
    for node, relation in base.relations():
        uid = places.node(node.unique_id)
        if uid not in known or not any(column.labels for column in relation.columns.values()):
            continue
        was, now = _keys(node, places), _keys(known[uid], Places(places.head, places.head))
        for name, key in sorted(was - now):
            if not _surely_gone(head, known[uid], name):
                yield GateChange("key lost", f"{uid}.{name}", key, "not tested", True)


def _keys(node: Node, places: Places) -> set[tuple[str, str]]:
    columns = node.columns.values()
    unique = {(column.name.lower(), "unique") for column in columns if column.unique}
    return unique | {
        (column.name.lower(), f"refers to {places.node(uid)}.{name}")
        for column in columns
        for uid, name in column.references
    }


def _born(facts: Facts, places: Places) -> Born:
    found: Born = {}
    for node, relation in facts.relations():
        traced = node.resource_type in ("model", "snapshot") and node.language == "sql"
        for key, column in columns_of(node, facts.config).items():
            labels = dict(born(node, column, facts.config, facts.registry))
            there = relation.columns.get(key)
            if traced and not (
                there is not None and any(via is None for via in there.labels.values())
            ):
                # lineage says what it holds; a tag there only describes
                continue
            if labels:
                found[places.node(node.unique_id), key] = labels
    return found


def _clean(facts: Facts, node: Node) -> set[str]:
    listed = {name.lower() for name in facts.config.clean.get(node.unique_id, ())}
    described: dict[str, Column] = columns_of(node, facts.config)
    return listed | {key for key, column in described.items() if is_declared_clean(column)}


def _surely_gone(head: Facts, node: Node, column: str) -> bool:
    """True where the warehouse itself says that there is no such column any more."""
    listed = head.projects[0].catalog.get(node.unique_id)
    return bool(listed) and column not in {each.name.lower() for each in listed or ()}


def _without(head: Facts, node: Node, column: str) -> str:
    return "declared clean" if column in _clean(head, node) else "no tag"


def _say(labels: dict[tuple[str, ...], Label]) -> str:
    said = {
        f"{label.kind} ({label.form.word})" + (f" under the key {position[-1]}" if position else "")
        for position, label in labels.items()
    }
    return ", ".join(sorted(said))
