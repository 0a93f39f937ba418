"""Nodes under new names: whoever renames a table and drops its tags took them away."""

from __future__ import annotations

from collections.abc import Mapping

from pii_lint.artifacts.model import Node
from pii_lint.diff.places import Places
from pii_lint.rules import Facts


def renamed(base: Facts, head: Facts, places: Places) -> Mapping[str, str]:
    """The base's name of a node that is gone -> the head's of one that wasn't there and is the same
    relation in the warehouse, or else the same SQL."""
    before = {places.node(uid): node for uid, node in base.nodes.items()}
    after = {places.node(uid): node for uid, node in head.nodes.items()}
    gone = sorted(before.keys() - after.keys())
    new = sorted(after.keys() - before.keys())
    found: dict[str, str] = {}
    for alike in (_relation, _sql):
        there = {alike(after[uid]): uid for uid in new if uid not in found.values()}
        for uid in gone:
            mark = alike(before[uid])
            if uid not in found and mark and mark in there:
                found[uid] = there.pop(mark)
    return found


def _relation(node: Node) -> str:
    return (node.relation_name or "").lower()


def _sql(node: Node) -> str:
    return " ".join((node.raw_code or "").split()) if node.resource_type == "model" else ""
