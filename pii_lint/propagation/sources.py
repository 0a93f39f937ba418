"""Sources and seeds: the relations where labels are born."""

from __future__ import annotations

from pii_lint.artifacts.model import Column, Node
from pii_lint.labels import SECRET, Form, Label, Origin
from pii_lint.lineage.summary import TAIL, ShapeColumn

from .declared import Position, born, columns_of
from .graph import Graph
from .linked import Labels, Linked

_NUMBERS = (
    "int", "bigint", "smallint", "tinyint", "hugeint", "num", "dec", "float", "double", "real"
)  # fmt: skip
"""How the types of numbers begin."""


def source(graph: Graph, node: Node) -> Linked:
    """What YAML, the policy and the catalogue say of one."""
    columns = columns_of(node, graph.config)
    linked = Linked(graph.declared_shape(node))
    for shape in linked.shape.columns:
        column = columns.get(shape.key) or Column(shape.name)
        _note_types(graph, node, shape, column)
        places: dict[Position, Labels] = {}
        for position, label in born(node, column, graph.config, graph.registry):
            places.setdefault(position, {})[label] = None
        linked.columns[shape.key] = places
        linked.stand_for(node.unique_id, shape.key, column)
    if any(linked.columns.values()):
        line = (node.unique_id,)
        linked.lines = {key: (line, key) for key in linked.columns}
    if any(
        label.kind == SECRET
        for places in linked.columns.values()
        for ls in places.values()
        for label in ls
    ):
        linked.columns[TAIL] = {(): {Label(Origin(node.unique_id, TAIL), SECRET, Form.CLEAR): None}}
    return linked.finished()


def _note_types(graph: Graph, node: Node, shape: ShapeColumn, column: Column) -> None:
    there = graph.project.catalog.get(node.unique_id, ())
    kinds = [c.data_type for c in there if c.name.lower() == shape.key] or [column.data_type]
    word = (kinds[0] or "").lower()
    origin = Origin(node.unique_id, column.name)
    if word.startswith("bool"):
        graph.booleans.add(origin)
    if word.startswith(_NUMBERS):
        graph.numbers.add(origin)
