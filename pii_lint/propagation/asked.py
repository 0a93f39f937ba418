"""Which columns the project's own SQL asks a source for, where no YAML and no catalogue says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pii_lint import lineage
from pii_lint.artifacts.model import Node, Project
from pii_lint.data.functions import load_functions
from pii_lint.lineage.summary import ROW_ID, ROWS, SETTING, TAIL, UNKNOWN, Edges, Shape, Summary
from pii_lint.propagation.binding import Binder

_NO_COLUMN = frozenset({ROWS, ROW_ID, TAIL})
_NO_RELATION = frozenset({SETTING, UNKNOWN})


def columns_asked(project: Project) -> dict[str, set[str]]:
    """By unique_id of sources and seeds: lower-case names. Queries not understood are passed by."""
    dialect = lineage.dialect_of(project.adapter_type)
    return _Asking(project, dialect, Binder(project.nodes, dialect)).run()


@dataclass(slots=True)
class _Asking:
    project: Project
    dialect: str
    binder: Binder
    found: dict[str, set[str]] = field(default_factory=dict)
    read: dict[str, tuple[Node, Summary]] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def run(self) -> dict[str, set[str]]:
        functions = load_functions(self.dialect)
        for node in _in_order(self.project):
            try:
                query = lineage.read(node.compiled_code or "", self.dialect)
                summary = lineage.summarize(query, self.dialect, functions, self._shapes(node))
            except ValueError:
                continue
            self.read[node.unique_id] = (node, summary)
        for node, summary in self.read.values():
            for edges in _edges(summary):
                self._follow(node, summary, edges)
        return self.found

    def _shapes(self, node: Node) -> lineage.Shapes:
        def shape(name: lineage.RelationName) -> Shape:
            for uid in self.binder.bind(name, node.unique_id):
                if uid in self.read:
                    return self.read[uid][1].shape
            return Shape()

        return shape

    def _follow(self, node: Node, summary: Summary, edges: Edges) -> None:
        for ref, _ in edges:
            if ref.read in _NO_RELATION or ref.column in _NO_COLUMN:
                continue
            name = summary.reads.get(ref.read)
            for uid in self.binder.bind(name, node.unique_id) if name else ():
                self._ask(uid, ref.column)

    def _ask(self, uid: str, column: str) -> None:
        waiting = [(uid, column)]
        while waiting:
            at = waiting.pop()
            if at in self.seen:
                continue
            self.seen.add(at)
            uid, column = at
            if self.project.nodes[uid].resource_type in ("source", "seed"):
                self.found.setdefault(uid, set()).add(column)
            elif uid in self.read:
                waiting += self._behind(*self.read[uid], column)

    def _behind(self, node: Node, summary: Summary, column: str) -> Iterator[tuple[str, str]]:
        """A column that a query passes on with its star is asked of what stands before it."""
        if summary.tail is None or any(c.shape.key == column for c in summary.columns):
            return
        for ref, _ in summary.tail:
            name = summary.reads.get(ref.read)
            for uid in self.binder.bind(name, node.unique_id) if name else ():
                yield uid, column


def _in_order(project: Project) -> Iterator[Node]:
    """Models and snapshots in SQL, each after what it reads; a cycle is cut where it is met."""
    done: set[str] = set()
    for start in sorted(project.nodes):
        stack = [(start, False)]
        while stack:
            uid, ready = stack.pop()
            node = project.nodes.get(uid)
            if node is None or (uid in done and not ready):
                continue
            if ready:
                if node.resource_type in ("model", "snapshot") and node.language == "sql":
                    yield node
                continue
            done.add(uid)
            stack.append((uid, True))
            stack += [(above, False) for above in node.depends_on]


def _edges(summary: Summary) -> Iterator[Edges]:
    for column in summary.columns:
        yield column.edges
        yield from column.fields.values()
    yield summary.rows
    for mask in summary.masks:
        yield mask.edges
