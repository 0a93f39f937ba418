"""What a column's own SQL makes it of, for an explanation. To be asked when all is linked."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.artifacts.model import Node
from pii_lint.labels import Label, carry
from pii_lint.lineage.summary import (
    CHANGED,
    ROWS,
    TAIL,
    Chain,
    Digest,
    Flow,
    Ref,
    Signal,
    Summary,
    Test,
)

from .declared import LATENT
from .evaluation import Evaluation, op_word
from .graph import Graph
from .inventory import Inflow, Span
from .linked import lost
from .session import evaluation


class Inflows:
    """Remembers the node that was last asked for: all its columns are asked in a row."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._asked: tuple[str, Summary | None] | None = None

    def of(self, uid: str, column: str) -> Iterator[Inflow]:
        """In order of place; nothing where there is no SQL. `column` is a lower-case key."""
        node = self._graph.project.nodes.get(uid)
        if node is None or node.resource_type not in ("model", "snapshot"):
            return
        if self._asked is None or self._asked[0] != uid:
            self._asked = uid, self._summary(node)
        summary = self._asked[1]
        if summary is None:
            return
        query = evaluation(self._graph, uid, summary.reads)
        written = next((c for c in summary.columns if c.shape.key == column), None)
        if written is None:
            edges, where = summary.tail or {}, None
        else:
            edges = dict(written.edges)
            for some in written.fields.values():
                edges.update(some)
            where = written.span
        for (ref, chain), span in edges.items():
            for owner in query.reading.owners.get(ref.read, ()) if ref.column != ROWS else ():
                if owner in self._graph.linked:
                    yield self._inflow(query, owner, ref, chain, query.span(span or where))

    def _summary(self, node: Node) -> Summary | None:
        try:
            return self._graph.summary(node)
        except ValueError:
            return None
        finally:
            self._graph.summaries.forget(node.compiled_code or "")

    def _inflow(
        self, query: Evaluation, owner: str, ref: Ref, chain: Chain, span: Span | None
    ) -> Inflow:
        linked = self._graph.linked[owner]
        key = ref.column if ref.column in linked.columns else TAIL
        ends: dict[Label, Label | None] = {
            label: None for labels in linked.columns.get(key, {}).values() for label in labels
        }
        plain = all(isinstance(op, Flow) and not op.how & CHANGED for op in chain)
        for rest, _, labels in linked.at(ref):
            for label in labels if plain or LATENT not in rest else ():
                ends[label] = carry(label, chain, query.around)
        last = next((op for op in reversed(chain) if not isinstance(op, Flow)), None)
        word = op_word(chain, lost(owner))
        if isinstance(last, Digest) and query.around.keyed(last):
            word = "keyed digest"
        elif isinstance(last, Signal | Test):
            word = last.clause
        elif ref.path and word in ("copy", "transform"):
            word = "one field of"
        return Inflow(owner, ref.column, word, span, tuple(ends.items()))
