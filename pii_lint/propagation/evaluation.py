"""Summaries into labels: what each edge of one query makes of the labels behind it."""

from __future__ import annotations

from collections.abc import Mapping

from pii_lint.labels import SECRET, VALUE_FORMS, Form, Label, carry
from pii_lint.lineage.summary import CHANGED, Chain, Edges, Flow, MaskCall, Signal
from pii_lint.lineage.summary import Span as QuerySpan

from .declared import LATENT, Position
from .graph import Graph
from .inventory import MaskFacts, Span
from .linked import Labels, add
from .reading import Carried, Reading
from .surroundings import QuerySurroundings


class Evaluation:
    """One query, read by a node: `reading` is what it names, `around` what its operations mean."""

    __slots__ = ("_manifest", "around", "reading")

    def __init__(
        self, graph: Graph, reader: str, owners: Mapping[str, tuple[str, ...]], carried: Carried
    ) -> None:
        self._manifest = graph.manifest
        self.reading = Reading(graph, reader, owners, carried)
        self.around = QuerySurroundings(graph, self.reading)

    def put(
        self,
        places: dict[Position, Labels],
        at: Position,
        edges: Edges,
        column: QuerySpan | None = None,
    ) -> None:
        """Evaluate edges into one column's labels; `column` is where a star brought it in, if only
        stars did."""
        for (ref, chain), span in edges.items():
            taken = self.reading.taken(ref)
            if not taken:
                continue
            where = self.span(span or column)
            plain = all(isinstance(op, Flow) and not op.how & CHANGED for op in chain)
            for rest, uid, key, label, via in taken:
                new = carry(label, chain, self.around) if plain or LATENT not in rest else None
                if new is not None:
                    into = places.setdefault((*at, *rest) if plain else at, {})
                    add(into, new, uid, key, label, op_word(chain, new), where, via)

    def put_rows(self, into: Labels, edges: Edges) -> None:
        """Evaluate what decided about rows into a relation's signals."""
        for (ref, chain), span in edges.items():
            taken = self.reading.taken(ref)
            where = self.span(span) if taken else None
            for rest, uid, key, label, via in taken:
                new = carry(label, chain, self.around) if LATENT not in rest else None
                if new is not None and new.form in VALUE_FORMS:
                    last = chain[-1] if chain else None
                    new = new.to(Form.SIGNAL, last.clause) if isinstance(last, Signal) else new
                if new is not None and new.form is Form.SIGNAL:
                    add(into, new, uid, key, label, op_word(chain, new), where, via)

    def mask(self, call: MaskCall) -> MaskFacts | None:
        """A digest or cipher with what enters it; None where that is nothing personal."""
        inputs: set[Label] = set()
        for ref, chain in call.edges:
            for _, _, _, label, _ in self.reading.taken(ref):
                entered = carry(label, chain, self.around)
                if entered is not None and entered.kind != SECRET and entered.form in VALUE_FORMS:
                    inputs.add(entered)
        if not inputs:
            return None
        secrets = frozenset(
            label for ref, skips in call.keys for label in self.reading.secrets(ref, skips)
        )
        span = self.span(call.span)
        return MaskFacts(call.column, call.function, frozenset(inputs), secrets, call.literal, span)

    def span(self, span: QuerySpan | None) -> Span | None:
        """A place in the query, as a place in this manifest."""
        return Span(*span, self._manifest) if span else None


_WORDS = {
    "flow": "transform",
    "part": "part",
    "digest": "digest",
    "reveal": "reveal",
    "fold": "fold",
    "test": "test",
    "decode": "decode",
    "signal": "signal",
}


def op_word(chain: Chain, label: Label) -> str:
    """The operation that a hop is known by: the last one that isn't a mere passing on."""
    telling = [op for op in chain if not isinstance(op, Flow)]
    if telling:
        word = _WORDS[telling[-1].tag]
        return "keyed digest" if word == "digest" and label.form is Form.PSEUDONYM else word
    return "transform" if any(isinstance(op, Flow) and op.how & CHANGED for op in chain) else "copy"


def unplaced(edges: Edges) -> Edges:
    """Edges of a text that isn't the node's own: its places mean nothing there."""
    return dict.fromkeys(edges)
