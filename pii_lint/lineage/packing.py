"""A summary as plain lists and numbers, fit for JSON, and back.

What many edges share (refs, operations) stands once and is meant by its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .summary import (
    Decode,
    Digest,
    Edge,
    Edges,
    Floor,
    Flow,
    Fold,
    MaskCall,
    Op,
    Part,
    Ref,
    RelationName,
    Reveal,
    Shape,
    ShapeColumn,
    Signal,
    Span,
    Summary,
    SummaryColumn,
    Test,
)

PackedEdges = list[int]
"""Edge, start, end, edge, start, end ...; -1 for no span."""
PackedKeys = list[tuple[int, bool]]


@dataclass(slots=True)
class PackedOp:
    """An operation; which fields count depends on the tag."""

    tag: str
    text: str = ""
    number: int | None = None
    flag: bool = False
    keys: PackedKeys = field(default_factory=list)
    edges: list[int] = field(default_factory=list)
    behind: list[tuple[int, int]] = field(default_factory=list)
    floors: list[tuple[int, int, int]] = field(default_factory=list)


@dataclass(slots=True)
class PackedMask:
    """A `MaskCall`."""

    column: str
    function: str
    edges: PackedEdges
    keys: PackedKeys
    literal: bool
    span: Span | None


PackedColumn = tuple[
    ShapeColumn, PackedEdges, list[tuple[list[str], PackedEdges]], Span | None, bool
]


@dataclass(slots=True)
class PackedSummary:
    """A `Summary`."""

    reads: list[tuple[str, RelationName]]
    refs: list[Ref]
    ops: list[PackedOp]
    edges: list[tuple[int, list[int]]]
    columns: list[PackedColumn]
    tail: PackedEdges | None
    complete: bool
    ordered: bool
    hidden: list[str]
    rows: PackedEdges
    filtered: bool
    held: list[int]
    unknowns: list[tuple[str, Span | None]]
    masks: list[PackedMask]
    lines: list[tuple[str, int]]


def packed(summary: Summary) -> PackedSummary:
    """The summary, packed."""
    table = _Table()
    columns: list[PackedColumn] = [
        (
            column.shape,
            table.spans(column.edges),
            [(list(path), table.spans(edges)) for path, edges in column.fields.items()],
            column.span,
            column.named,
        )
        for column in summary.columns
    ]
    tail = None if summary.tail is None else table.spans(summary.tail)
    rows = table.spans(summary.rows)
    held = table.group(summary.held)
    masks = [
        PackedMask(
            mask.column,
            mask.function,
            table.spans(mask.edges),
            table.keys(mask.keys),
            mask.literal,
            mask.span,
        )
        for mask in summary.masks
    ]
    lines = [(key, table.ref(ref)) for key, ref in summary.lines.items()]
    return PackedSummary(
        reads=list(summary.reads.items()),
        refs=list(table.refs),
        ops=table.op_list,
        edges=table.edge_list,
        columns=columns,
        tail=tail,
        complete=summary.shape.complete,
        ordered=summary.shape.ordered,
        hidden=sorted(summary.shape.hidden),
        rows=rows,
        filtered=summary.filtered,
        held=held,
        unknowns=list(summary.unknowns),
        masks=masks,
        lines=lines,
    )


class _Table:
    """Places of refs, operations and edges; what one is made of stands before it."""

    def __init__(self) -> None:
        self.refs: dict[Ref, int] = {}
        self._ops: dict[Op, int] = {}
        self.op_list: list[PackedOp] = []
        self._edges: dict[Edge, int] = {}
        self.edge_list: list[tuple[int, list[int]]] = []

    def spans(self, edges: Edges) -> PackedEdges:
        flat: PackedEdges = []
        for edge, span in edges.items():
            flat += (self._edge(edge), *(span or (-1, -1)))
        return flat

    def keys(self, keys: Iterable[tuple[Ref, bool]]) -> PackedKeys:
        return [(self.ref(ref), skips) for ref, skips in keys]

    def ref(self, ref: Ref) -> int:
        return self.refs.setdefault(ref, len(self.refs))

    def _edge(self, edge: Edge) -> int:
        place = self._edges.get(edge)
        if place is None:
            ref, chain = edge
            parts = (self.ref(ref), [self._op(op) for op in chain])
            place = self._edges[edge] = len(self.edge_list)
            self.edge_list.append(parts)
        return place

    def _op(self, op: Op) -> int:
        place = self._ops.get(op)
        if place is None:
            written = self._written(op)
            place = self._ops[op] = len(self.op_list)
            self.op_list.append(written)
        return place

    def group(self, group: Iterable[Edge]) -> list[int]:
        return [self._edge(edge) for edge in group]

    def _written(self, op: Op) -> PackedOp:
        match op:
            case Flow():
                return PackedOp(op.tag, number=op.how)
            case Part():
                return PackedOp(op.tag, op.spec, op.width)
            case Digest():
                return PackedOp(op.tag, op.function, keys=self.keys(op.keys))
            case Fold():
                behind = [(self.ref(key), self._edge(edge)) for key, edge in op.behind]
                edges = self.group(op.group)
                floors = [(self.ref(f.folded), self.ref(f.counted), f.least) for f in op.floors]
                return PackedOp(op.tag, flag=op.numeric, edges=edges, behind=behind, floors=floors)
            case Test():
                return PackedOp(op.tag, op.clause, flag=op.equated)
            case Decode():
                return PackedOp(op.tag, number=op.outcomes)
            case Signal():
                return PackedOp(op.tag, op.clause, edges=self.group(op.group))
            case Reveal():
                return PackedOp(op.tag)


def unpacked(kept: PackedSummary) -> Summary:
    """The summary that was packed. Raises LookupError or ValueError where it was none."""
    edges = _edges(kept)
    columns = [
        SummaryColumn(
            shape,
            _spans(flat, edges),
            {tuple(path): _spans(inner, edges) for path, inner in fields},
            span,
            named,
        )
        for shape, flat, fields, span, named in kept.columns
    ]
    return Summary(
        reads=dict(kept.reads),
        columns=columns,
        tail=None if kept.tail is None else _spans(kept.tail, edges),
        shape=Shape(
            tuple(column.shape for column in columns),
            kept.complete,
            kept.ordered,
            frozenset(kept.hidden),
        ),
        rows=_spans(kept.rows, edges),
        filtered=kept.filtered,
        held=frozenset([edges[place] for place in kept.held]),
        unknowns=kept.unknowns,
        masks=[
            MaskCall(
                mask.column,
                mask.function,
                _spans(mask.edges, edges),
                _keys(mask.keys, kept.refs),
                mask.literal,
                mask.span,
            )
            for mask in kept.masks
        ],
        lines={key: kept.refs[place] for key, place in kept.lines},
    )


def _edges(kept: PackedSummary) -> list[Edge]:
    """Edges and operations are made of each other, but never of what comes later."""
    ops: dict[int, Op] = {}
    edges: list[Edge] = []
    for ref, chain in kept.edges:
        for place in chain:
            if place not in ops:
                ops[place] = _op(kept.ops[place], kept.refs, edges)
        edges.append((kept.refs[ref], tuple([ops[place] for place in chain])))
    return edges


def _op(kept: PackedOp, refs: list[Ref], edges: list[Edge]) -> Op:
    match kept.tag:
        case "flow":
            return Flow(kept.number or 0)
        case "part":
            return Part(kept.text, kept.number)
        case "digest":
            return Digest(_keys(kept.keys, refs), kept.text)
        case "fold":
            behind = frozenset([(refs[key], edges[place]) for key, place in kept.behind])
            floors = tuple(Floor(refs[a], refs[b], least) for a, b, least in kept.floors)
            group = frozenset([edges[place] for place in kept.edges])
            return Fold(group, kept.flag, behind, floors)
        case "test":
            return Test(kept.text, kept.flag)
        case "decode":
            return Decode(kept.number or 0)
        case "signal":
            return Signal(kept.text, frozenset([edges[place] for place in kept.edges]))
        case "reveal":
            return Reveal()
        case _:
            raise ValueError(kept.tag)


def _keys(kept: PackedKeys, refs: list[Ref]) -> frozenset[tuple[Ref, bool]]:
    return frozenset((refs[ref], skips) for ref, skips in kept)


def _spans(flat: PackedEdges, edges: list[Edge]) -> Edges:
    found: Edges = {}
    for at in range(0, len(flat), 3):
        start = flat[at + 1]
        found[edges[flat[at]]] = None if start < 0 else (start, flat[at + 2])
    return found
