"""Every column with its labels and with what it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from pii_lint.artifacts.model import Node
from pii_lint.findings import Listing, Location
from pii_lint.labels import SECRET, Label
from pii_lint.propagation.inventory import RelationFacts, Span, Via
from pii_lint.propagation.reach import Inflows
from pii_lint.reports.page.told import ROWS, UNLISTED, Edge, Stand, Standing, ToldColumn, ToldNode
from pii_lint.rules import WHOLE, Facts, label_order

_BORN_IN = ("source", "seed")

Labels = Mapping[Label, Via | None]


def nodes(facts: Facts, inflows: Inflows, listing: Listing) -> Iterator[ToldNode]:
    """Every relation, in order of unique_id."""
    teller = _Teller(facts, inflows)
    for node, held in facts.relations():
        listed = listing.relations[node.unique_id]
        place = facts.places.node(node.unique_id)
        yield ToldNode(
            uid=node.unique_id,
            name=facts.called(node.unique_id),
            sort="secret" if facts.is_secret(node.unique_id) else node.resource_type,
            zone=listed.zone or "",
            owner=listed.owner or "",
            file=place.file if place else node.path,
            folder=_folder(node),
            complete=held.complete,
            reads=tuple(uid for uid in held.reads if uid in facts.nodes),
            recipients=listed.recipients,
            columns=tuple(teller.columns(node, held)),
        )


def where(location: Location | None) -> str:
    """A file and a line; empty where there is none."""
    return f"{location.file}:{location.line}" if location else ""


def _folder(node: Node) -> str:
    if node.resource_type == "source":
        return node.unique_id.split(".")[2]
    return str(PurePosixPath(node.path).parent)


class _Teller:
    def __init__(self, facts: Facts, inflows: Inflows) -> None:
        self._facts = facts
        self._inflows = inflows
        self._excerpts: dict[tuple[str, Span], str] = {}

    def columns(self, node: Node, held: RelationFacts) -> Iterator[ToldColumn]:
        uid = node.unique_id
        clean = self._facts.declared_clean(uid) if node.resource_type in _BORN_IN else frozenset()
        for key, column in held.columns.items():
            if key == WHOLE and not _told(column.labels):
                continue
            yield ToldColumn(
                name=UNLISTED if key == WHOLE else column.name,
                standing=self._standing(node, key, column.labels, clean),
                stands=self._stands(uid, column.name, column.labels),
                made_of=self._made_of(uid, key, column.labels),
            )
        if _told(held.signals):
            yield ToldColumn(
                name=ROWS,
                standing="",
                stands=self._stands(uid, WHOLE, held.signals),
                made_of=tuple(dict.fromkeys(self._witnesses(uid, held.signals))),
            )

    def _standing(self, node: Node, key: str, labels: Labels, clean: frozenset[str]) -> Standing:
        if node.resource_type not in _BORN_IN or self._facts.is_secret(node.unique_id):
            return ""
        if labels:
            return "tagged"
        return "clean" if key in clean else "unreviewed"

    def _stands(self, uid: str, column: str, labels: Labels) -> tuple[Stand, ...]:
        return tuple(self._stand(uid, column, label, labels[label]) for label in _told(labels))

    def _stand(self, uid: str, column: str, label: Label, via: Via | None) -> Stand:
        known = label.kind in self._facts.registry.kinds
        place = self._facts.places.properties(uid, column) if via is None else self._at(uid, via)
        return Stand(
            origin=(label.origin.node, label.origin.column),
            kind=label.kind,
            classification=self._facts.registry.kind(label.kind).data_classification
            if known
            else "",
            form=label.form.word,
            clause=", ".join(filter(None, (label.clause, "equated" if label.equated else None))),
            before=self._before(via) if via is not None else None,
            op=via.op if via is not None else "",
            expression=self._excerpt(uid, via.span) if via is not None else "",
            place=where(place),
        )

    def _at(self, uid: str, via: Via) -> Location | None:
        return self._facts.places.span(uid, via.span)

    def _before(self, via: Via) -> tuple[str, str, int] | None:
        held = self._facts.inventory.relations.get(via.node)
        if held is None:
            return None
        if via.column in held.columns and via.label in held.columns[via.column].labels:
            name, labels = held.columns[via.column].name, held.columns[via.column].labels
            name = UNLISTED if via.column == WHOLE else name
        elif via.label in held.signals:
            name, labels = ROWS, held.signals
        else:
            return None
        told = _told(labels)
        return (via.node, name, told.index(via.label)) if via.label in told else None

    def _made_of(self, uid: str, key: str, labels: Labels) -> tuple[Edge, ...]:
        found: dict[tuple[str, str], Edge] = {}
        for flow in self._inflows.of(uid, key):
            edge = self._edge(uid, flow.node, flow.column, flow.op, flow.span)
            found.setdefault((edge.node, edge.column), edge)
        # what a hook or a variable brings in stands in no select list
        for edge in self._witnesses(uid, labels):
            found.setdefault((edge.node, edge.column), edge)
        return tuple(found.values())

    def _witnesses(self, uid: str, labels: Labels) -> Iterator[Edge]:
        for label in _told(labels):
            via = labels[label]
            if via is not None and via.node in self._facts.nodes:
                edge = self._edge(uid, via.node, via.column, via.op, via.span)
                held = self._facts.inventory.relations[via.node]
                standing = held.columns.get(via.column)
                rows = via.column == WHOLE and (
                    standing is None or via.label not in standing.labels
                )
                yield Edge(edge.node, ROWS if rows else edge.column, *_rest(edge))

    def _edge(self, uid: str, node: str, column: str, op: str, span: Span | None) -> Edge:
        held = self._facts.inventory.relations[node].columns
        name = held[column].name if column in held else column
        if column not in held and WHOLE in held and _told(held[WHOLE].labels):
            name = UNLISTED
        place = where(self._facts.places.span(uid, span)) if span else ""
        name = UNLISTED if column == WHOLE else name
        bare = span is not None and op == "copy" and span.end - span.start == len(name)
        # a column's name and nothing else: thousands of times the case, and read at once
        expression = name if bare else self._excerpt(uid, span)
        return Edge(node, name, op, expression, place)

    def _excerpt(self, uid: str, span: Span | None) -> str:
        if span is None:
            return ""
        if (uid, span) not in self._excerpts:
            self._excerpts[uid, span] = self._facts.places.excerpt(uid, span)
        return self._excerpts[uid, span]


def _rest(edge: Edge) -> tuple[str, str, str]:
    return edge.op, edge.expression, edge.place


def _told(labels: Labels) -> list[Label]:
    """What is personal, in order; a secret is nobody's data."""
    return sorted((label for label in labels if label.kind != SECRET), key=label_order)
