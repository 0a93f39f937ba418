"""What hooks and operations write into a relation, beside what its own query gives."""

from __future__ import annotations

from pii_lint.artifacts.model import Node
from pii_lint.lineage.effects import How, Lost
from pii_lint.lineage.summary import TAIL, Shape

from .declared import Position
from .evaluation import unplaced
from .graph import Graph
from .hooks import Writing, placed
from .inventory import BlindSpot
from .linked import MOST_ROUNDS, Labels, Linked, join_parts, loosen_secrets, lost
from .session import evaluation


def with_writings(graph: Graph, node: Node, linked: Linked) -> Linked:
    """Join what hooks and operations write into a relation to what its own SQL gives."""
    writings = graph.hooks.writings.get(node.unique_id, ())
    if not writings:
        return linked
    linked.lines.clear()
    # a hook may read what it writes to
    graph.linked[node.unique_id] = linked
    for _ in range(MOST_ROUNDS):
        before = linked.fingerprint()
        for writing in writings:
            _join(graph, node, linked, writing)
        if before == linked.fingerprint():
            break
    join_parts(linked)
    named = {key: column.named for key, column in linked.facts.columns.items()}
    linked.facts.columns.clear()
    return linked.finished(named)


def _join(graph: Graph, node: Node, linked: Linked, writing: Writing) -> None:
    effect, where = writing.effect, writing.called(node)
    if isinstance(effect, Lost):
        _lose(graph, node, linked, f"{where} can't be followed: {effect.reason}")
        return
    try:
        summary = graph.beside(effect.query, writing.by)
    except ValueError as error:
        _lose(graph, node, linked, f"{where} can't be followed: {error}")
        return
    query = evaluation(graph, node.unique_id, summary.reads, by=writing.by.unique_id)
    facts = linked.facts
    read = {uid for uids in query.reading.owners.values() for uid in uids} - {node.unique_id}
    facts.hooked = tuple(sorted({*facts.hooked, *(read - {*facts.reads})}))
    facts.reads = tuple(sorted({*facts.reads, *read}))
    for i, name in placed(effect, summary, linked.shape):
        places = _column(graph, linked, name)
        if i is None:
            query.put(places, (), unplaced(summary.tail or {}))
            continue
        column = summary.columns[i]
        query.put(places, (), unplaced(column.edges))
        for path, edges in column.fields.items():
            query.put(places, path, unplaced(edges))
        tables = query.reading.tables(column.edges)
        if tables:
            key = name.lower()
            linked.singles[key] = linked.singles.get(key, frozenset()) | tables
    if effect.rows:
        query.put_rows(facts.signals, unplaced(summary.rows))
    if effect.how is How.ROWS:
        loosen_secrets(linked)
    for call in summary.masks:
        call.span = None
        mask = query.mask(call)
        if mask is not None and mask not in facts.masks:
            facts.masks.append(mask)
    spots = [BlindSpot(f"{where}: {reason}") for reason, _ in summary.unknowns]
    facts.blind += [spot for spot in spots if spot not in facts.blind]


def _column(graph: Graph, linked: Linked, name: str) -> dict[Position, Labels]:
    """The places of a column, which a hook may have added."""
    key, shape = name.lower(), linked.shape
    if key != TAIL and key not in {column.key for column in shape.columns}:
        linked.shape = Shape(
            (*shape.columns, graph.unquoted(name)), shape.complete, hidden=shape.hidden
        )
    if key not in linked.columns:
        unlisted = linked.columns.get(TAIL, {})
        linked.columns[key] = {place: dict(labels) for place, labels in unlisted.items()}
    return linked.columns[key]


def _lose(graph: Graph, node: Node, linked: Linked, reason: str) -> None:
    """Something may have been written anywhere in a relation."""
    shape = linked.shape
    linked.shape = Shape(shape.columns, complete=False, ordered=shape.ordered)
    for name in (*(column.name for column in shape.columns), TAIL):
        _column(graph, linked, name).setdefault((), {})[lost(node.unique_id)] = None
    spot = BlindSpot(reason)
    if spot not in linked.facts.blind:
        linked.facts.blind.append(spot)
