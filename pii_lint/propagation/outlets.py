"""Labels that leave for where dbt makes no relation: files, other databases' tables, what tests
keep. To be asked when all is linked."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.labels import Label
from pii_lint.lineage.effects import FILE, OPEN, How, Lost, Write
from pii_lint.lineage.summary import Summary

from .declared import Position
from .evaluation import unplaced
from .graph import Graph
from .inventory import Failures, Outlet
from .linked import Labels
from .session import evaluation


def outlets(graph: Graph) -> Iterator[Outlet]:
    """What is written where dbt makes nothing; to be asked when all is linked."""
    for name, writing in graph.hooks.strangers:
        effect, by = writing.effect, writing.by.unique_id
        labels: frozenset[Label] = frozenset()
        lost = effect.reason if isinstance(effect, Lost) else None
        if isinstance(effect, Write) and effect.how is not How.ROWS:
            try:
                summary = graph.beside(effect.query, writing.by)
            except ValueError as error:
                lost = str(error)
            else:
                labels = _given(graph, by, summary)
        owner = next(iter(graph.binder.bind(name, by)), None)
        target = "" if name == OPEN else name.key
        yield Outlet(by, target, owner, name == FILE, labels, lost)


def stored_failures(graph: Graph) -> dict[str, Failures]:
    """What tests keep of the rows that fail them."""
    found: dict[str, Failures] = {}
    for uid, test in graph.project.stored_tests.items():
        try:
            summary = graph.summary(test)
        except ValueError:
            read = (graph.linked[dep] for dep in test.depends_on if dep in graph.linked)
            held = (labels for each in read for labels in each.facts.columns.values())
            found[uid] = Failures(frozenset(x for c in held for x in c.labels), seen=False)
        else:
            found[uid] = Failures(_given(graph, uid, summary), seen=True)
        graph.summaries.forget(test.compiled_code or "")
    return found


def _given(graph: Graph, by: str, summary: Summary) -> frozenset[Label]:
    """All labels that a query's columns give, whichever column."""
    query = evaluation(graph, by, summary.reads)
    places: dict[Position, Labels] = {}
    for column in summary.columns:
        for edges in (column.edges, *column.fields.values()):
            query.put(places, (), unplaced(edges))
    query.put(places, (), unplaced(summary.tail or {}))
    return frozenset(label for labels in places.values() for label in labels)
