"""What queries meet in the engine's session: variables that were set, functions that read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pii_lint.labels import Label, carry
from pii_lint.lineage.summary import NULLABLE, TAIL, Flow, RelationName

from .declared import Position
from .evaluation import Evaluation, unplaced
from .graph import Graph
from .hooks import Carrier
from .inventory import Via
from .linked import Labels, lost
from .reading import Taken


def evaluation(
    graph: Graph, reader: str, reads: Mapping[str, RelationName], by: str | None = None
) -> Evaluation:
    """The evaluation of a query for the node that will hold what it gives; `by`: the node that runs
    it, where that is another."""
    return _Session(graph, reader).evaluation(reads, by or reader)


class _Session:
    """As one reader meets it."""

    __slots__ = ("_graph", "_known", "_reader")

    def __init__(self, graph: Graph, reader: str) -> None:
        self._graph = graph
        self._reader = reader
        self._known: dict[str, list[Taken]] = {}

    def evaluation(self, reads: Mapping[str, RelationName], by: str) -> Evaluation:
        """The evaluation of a query that runs in this session."""
        owners = {read: self._graph.owners(by, name) for read, name in reads.items()}
        return Evaluation(self._graph, self._reader, owners, self._carried)

    def _carried(self, name: str) -> list[Taken]:
        """What a variable or function brings in of the relations that it reads. A variable may be
        null: the session that reads it need not be the one that set it."""
        sort, _, word = name.partition(":")
        key = name if sort == "function" else f"variable:{word}"
        carriers = self._graph.hooks.carriers
        if key in self._known or key not in carriers:
            return self._known.get(key, [])
        # what reads itself brings in nothing more
        found = self._known[key] = []
        for carrier in carriers[key]:
            for position, label, via in self._handed_on(carrier):
                uid, column = (via.node, via.column) if via is not None else ("", TAIL)
                found.append((position, uid, column, label, via))
        return found

    def _handed_on(self, carrier: Carrier) -> Iterator[tuple[Position, Label, Via | None]]:
        by = carrier.by.unique_id
        places: dict[Position, Labels] = {}
        try:
            summary = self._graph.beside(carrier.query, carrier.by, carrier.parameters)
        except ValueError:
            query = self.evaluation({}, by)
            places[()] = {lost(self._reader): None}
        else:
            query = self.evaluation(summary.reads, by)
            for column in summary.columns:
                for path, edges in {(): column.edges, **column.fields}.items():
                    query.put(places, path, unplaced(edges))
        for position, labels in places.items():
            for label, via in labels.items():
                new = carry(label, (Flow(NULLABLE),), query.around)
                if new is not None:
                    yield position, new, via
