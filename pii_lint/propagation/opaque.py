"""Nodes into which nobody can see."""

from __future__ import annotations

from pii_lint.artifacts.model import Node
from pii_lint.labels import Form
from pii_lint.lineage.summary import TAIL, Shape

from .graph import Graph
from .inventory import BlindSpot
from .linked import Labels, Linked, add, lost


def opaque(graph: Graph, node: Node, reason: str) -> Linked:
    """Sight is lost in a whole node: every column is unknown, beside all that its parents
    hold."""
    unseen = lost(node.unique_id)
    labels: Labels = {unseen: None}
    for parent in node.depends_on:
        above = graph.linked.get(parent)
        for key, places in above.columns.items() if above is not None else ():
            for inner in places.values():
                for label, via in inner.items():
                    add(labels, label, parent, key, label, "transform", None, via)
    shape = graph.declared_shape(node)
    linked = Linked(Shape(shape.columns, complete=False))
    for column in shape.columns:
        linked.columns[column.key] = {(): dict(labels)}
    linked.columns[TAIL] = {(): labels}
    linked.facts.signals[unseen.to(Form.SIGNAL, "filter")] = None
    linked.facts.blind.append(BlindSpot(reason))
    linked.facts.reads = node.depends_on
    return linked.finished()
