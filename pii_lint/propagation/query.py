"""A relation as its own query makes it."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.artifacts.model import Node
from pii_lint.lineage.summary import ENTRY, KEYS, ROW_ID, ROWS, SCALAR, TAIL, Summary

from .additions import add_asked, add_declared, add_forgotten, add_snapshot, add_unseen
from .evaluation import Evaluation
from .graph import Graph
from .inventory import BlindSpot, Opened
from .linked import Linked, join_parts, loosen_secrets
from .session import evaluation


def queried(graph: Graph, node: Node, summary: Summary) -> Linked:
    """The columns of a query, then what the query as a whole says of its rows, then what others
    add."""
    query = evaluation(graph, node.unique_id, summary.reads)
    linked = Linked(summary.shape, filtered=summary.filtered)
    owners = query.reading.owners.values()
    linked.facts.reads = tuple(sorted({uid for uids in owners for uid in uids}))
    linked.facts.opened = set(_opened(graph, query, summary))
    _columns(query, linked, summary)
    for key, ref in summary.lines.items():
        found = query.reading.line(ref)
        if found is not None:
            linked.lines[key] = ((ref.read, *found[0]), found[1])
    linked.held = query.around.held(summary.held, linked)
    query.put_rows(linked.facts.signals, summary.rows)
    linked.facts.masks = [m for m in map(query.mask, summary.masks) if m is not None]
    linked.facts.blind = [BlindSpot(reason, query.span(span)) for reason, span in summary.unknowns]
    if summary.filtered:
        loosen_secrets(linked)
    join_parts(linked)
    if node.resource_type == "snapshot":
        add_snapshot(graph, node, linked)
    add_declared(graph, node, linked, summary, query)
    add_forgotten(graph, node, linked)
    add_unseen(graph, node, linked)
    add_asked(graph, node, linked)
    return linked.finished({c.shape.key: c.named for c in summary.columns})


def _columns(query: Evaluation, linked: Linked, summary: Summary) -> None:
    for column in summary.columns:
        places = linked.columns.setdefault(column.shape.key, {})
        query.put(places, (), column.edges, column.span)
        for path, edges in column.fields.items():
            query.put(places, path, edges, column.span)
        tables = query.reading.tables(column.edges)
        if tables:
            linked.singles[column.shape.key] = tables
    if summary.tail is not None:
        places = linked.columns.setdefault(TAIL, {})
        query.put(places, (), summary.tail)


def _opened(graph: Graph, query: Evaluation, summary: Summary) -> Iterator[Opened]:
    """What the query asks for by a name that no relation's list of columns holds."""
    unlisted = {
        read
        for read, uids in query.reading.owners.items()
        if any(uid in graph.linked and not graph.linked[uid].shape.complete for uid in uids)
    }
    asked = {
        ref
        for edges in (
            summary.rows,
            *(column.edges for column in summary.columns),
            *(edges for column in summary.columns for edges in column.fields.values()),
        )
        for ref, _ in edges
        if ref.path or ref.read in unlisted
    }
    for ref in asked:
        path = tuple(step for step in ref.path if not step.startswith((SCALAR, KEYS, ENTRY)))
        for uid in query.reading.owners.get(ref.read, ()):
            linked = graph.linked.get(uid)
            if linked is None or ref.column in (ROWS, ROW_ID, TAIL):
                continue
            if path or ref.column not in linked.columns:
                yield Opened(uid, ref.column, path)
