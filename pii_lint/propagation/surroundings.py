"""What an operation means for a label in one query: which keys hold, which groups are a person
each, which kinds are coarse. Only here keys, kinds and unique columns are known."""

from __future__ import annotations

from pii_lint.data.registry import Kind
from pii_lint.labels import VALUE_FORMS, Label, carry
from pii_lint.lineage.summary import BUCKET, Digest, Edge, Flow, Fold

from .graph import Graph
from .linked import Linked
from .reading import Reading


class QuerySurroundings:
    """The `Surroundings` of the labels that one query reads."""

    __slots__ = ("_graph", "_reading", "_registry")

    def __init__(self, graph: Graph, reading: Reading) -> None:
        self._graph = graph
        self._registry = graph.registry
        self._reading = reading

    def kind(self, name: str) -> Kind:
        """The kind's attributes."""
        return self._registry.kind(name)

    def derived(self, kind: str, part: str) -> str | None:
        """The coarser kind that a declared part of this kind is."""
        return self._registry.derive(kind, part)

    def small(self, label: Label) -> bool:
        """True where the label's domain is so small that a test is the value."""
        return label.origin in self._graph.booleans or self._registry.kind(label.kind).small

    def numeric(self, label: Label) -> bool:
        """True where the value is a number."""
        return (
            label.origin in self._graph.numbers or self._registry.kind(label.kind).value == "number"
        )

    def keyed(self, digest: Digest) -> bool:
        """True where one of the digest's keys is a secret, whole and always there."""
        return any(True for ref, skips in digest.keys for _ in self._reading.secrets(ref, skips))

    def single(self, fold: Fold, label: Label) -> bool:
        """True where a group key is unique in the label's own table, or identifies a person."""
        node = label.origin.node
        group = fold.group
        bucketed = [edge for edge in group if _in_buckets(edge)]
        if len(bucketed) == 1:
            # several together are as good as the digest
            group = group - set(bucketed)
        if any(self._identifies(edge) or node in self._reading.tables((edge,)) for edge in group):
            return True
        for ref, edge in fold.behind:
            # one row of its own table a group, hence one of whatever that row was found equal to
            owners = self._reading.owners.get(ref.read, ())
            unique = self._reading.tables(((ref, ()),)).intersection(owners)
            if unique and node in self._reading.tables((edge,)):
                return True
        return False

    def many(self, fold: Fold, label: Label) -> bool:
        """True where each group demands enough different people, counted on the very rows that
        are folded."""
        least = self._graph.config.smallest_group.people
        for floor in fold.floors if least is not None else ():
            folded, counted = self._reading.line(floor.folded), self._reading.line(floor.counted)
            if folded is None or counted is None or least is None or floor.least < least:
                continue
            table = folded[0][-1]
            same = floor.folded.read == floor.counted.read and folded[0] == counted[0]
            if same and label.origin.node == table and self._graph.people.counts(table, counted[1]):
                return True
        return False

    def _identifies(self, edge: Edge) -> bool:
        """True where a key holds a person's name, address or number."""
        ref, chain = edge
        for _, _, _, key, _ in self._reading.taken(ref):
            new = carry(key, chain, self)
            if new is None or new.form not in VALUE_FORMS or self.small(new):
                continue
            if self._registry.kind(new.kind).identifies:
                return True
        return False

    def held(self, edges: frozenset[Edge], linked: Linked) -> frozenset[str]:
        """Source tables of which a relation that is held to these holds one row."""
        tables = self._reading.tables(edges)
        if any(self._identifies(edge) for edge in edges):
            tables |= linked.origins()
        return tables


def _in_buckets(edge: Edge) -> bool:
    return any(isinstance(op, Flow) and op.how >= BUCKET for op in edge[1])
