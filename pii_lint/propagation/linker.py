"""Linking one manifest: names are bound to nodes, summaries to labels, in the order that the SQL
itself gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from pii_lint import lineage, progress
from pii_lint.artifacts.model import Node, Project
from pii_lint.config import Config

from .graph import Graph, sql_of
from .inflows import Inflows
from .inventory import BlindSpot, Failures, RelationFacts
from .linked import MOST_ROUNDS, Linked
from .materializing import Materializing
from .memory import few_collections
from .opaque import opaque
from .order import groups
from .outlets import stored_failures
from .query import queried
from .renewal import only_queries
from .sharing import Sharing, Task, shared
from .sources import source
from .writings import with_writings


class Linker:
    """The road through one manifest."""

    def __init__(self, graph: Graph, before: Linker | None = None) -> None:
        self.graph = graph
        self.failures: dict[str, Failures] = {}
        self.inflows = Inflows(graph)
        self._before = before
        # what was found when the same project was linked last
        self._linked = graph.linked
        self._asked: dict[str, frozenset[str]] = {}
        # by node: the relations that were asked for while it was linked
        self._read: dict[str, tuple[str, ...]] = {}
        self._materializing: Materializing = (
            Materializing(graph.project) if before is None else before._materializing
        )

    def renewed(self, project: Project, config: Config) -> Linker | None:
        """A linker that begins where this one ended and links no more than it must; None where more
        than some queries changed."""
        graph = self.graph
        if config != graph.config:
            return None
        if not only_queries(graph.project, project, people=graph.people.asked):
            return None
        return Linker(graph.renewed(project), before=self)

    def run(self) -> dict[str, RelationFacts]:
        """Link every relation, dependencies first."""
        relations = {
            uid: node
            for uid, node in self.graph.project.nodes.items()
            if node.resource_type in ("source", "seed", "model", "snapshot")
        }
        below: dict[str, list[str]] = {}

        def reads(uid: str) -> list[str]:
            self._read[uid] = self._read_before(uid) or self._reads(uid, relations[uid])
            below[uid] = [dep for dep in self._read[uid] if dep in relations]
            return below[uid]

        def task(uid: str) -> Task | None:
            sql = self._walked(relations[uid])
            if sql is None or self.graph.summaries.begun(sql):
                return None
            return uid, {dep: self._linked[dep].shape for dep in below[uid]}

        done = 0
        order = groups(sorted(relations), reads)
        with few_collections() as linked_one, self._shared(relations, task) as sharing:
            for group in sharing.in_turn(order, below) if sharing is not None else order:
                anew = not self._as_before(group)
                if anew:
                    self._linked.asked.clear()
                    if len(group) > 1 or group[0] in below[group[0]]:
                        self._fixpoint(group, relations)
                    else:
                        self._linked[group[0]] = self._link(relations[group[0]])
                    self._settle(group)
                for uid in group:
                    self.graph.summaries.forget(relations[uid].compiled_code or "")
                if anew:
                    linked_one()
                done += len(group)
                progress.tell(done, len(relations))
        self.failures = stored_failures(self.graph)
        if self._before is None:
            # one query more isn't worth writing them all
            self.graph.summaries.save()
        self._before = None
        facts = {uid: linked.facts for uid, linked in sorted(self._linked.items())}
        for uid, reasons in self.graph.hooks.blind.items():
            facts[uid] = RelationFacts(blind=[BlindSpot(reason) for reason in reasons])
        return facts

    def _walked(self, node: Node) -> str | None:
        """The query that a node's columns are made of, where that is all there is to it."""
        sql = node.compiled_code if node.language == "sql" else None
        return sql if sql and self._materializing.lost(node) is None else None

    @contextmanager
    def _shared(
        self, relations: Mapping[str, Node], task: Callable[[str], Task | None]
    ) -> Iterator[Sharing | None]:
        """Others to walk queries, where many are new to the cache."""
        graph, summaries = self.graph, self.graph.summaries

        def prepare(task: Task) -> bytes | None:
            uid, shapes = task
            for dep, shape in shapes.items():
                self._linked[dep] = Linked(shape)
            node = relations[uid]
            return summaries.prepared(sql_of(node), graph.shapes(node))

        def adopt(uid: str, prepared: bytes) -> None:
            summaries.adopt(sql_of(relations[uid]), prepared)

        new = 0
        if self._before is None and summaries.remembers:
            walked = (self._walked(node) for node in relations.values())
            new = sum(sql is not None and not summaries.begun(sql) for sql in walked)
        with shared(new, prepare, task, adopt) as sharing:
            yield sharing

    def _as_before(self, group: tuple[str, ...]) -> bool:
        """Take over what was found before, where neither a query nor anything that was asked for
        has changed since."""
        before = self._before
        if before is None or not all(self._same_node(uid) for uid in group):
            return False
        asked = {other for uid in group for other in before._asked[uid]}.difference(group)
        if any(self._linked.peek(uid) is not before._linked.peek(uid) for uid in asked):
            return False
        for uid in group:
            self._linked[uid] = before._linked[uid]
            self._asked[uid] = before._asked[uid]
        return True

    def _settle(self, group: tuple[str, ...]) -> None:
        """Note what was asked for. What came out as it was is what it was, so that nobody who
        reads it is linked anew."""
        asked = frozenset(self._linked.asked)
        for uid in group:
            self._asked[uid] = asked
        if self._before is not None:
            for uid in group:
                former = self._before._linked.peek(uid)
                if former is not None and former == self._linked[uid]:
                    self._linked[uid] = former

    def _same_node(self, uid: str) -> bool:
        return (
            self._before is not None
            and self._before.graph.project.nodes[uid] is self.graph.project.nodes[uid]
        )

    def _read_before(self, uid: str) -> tuple[str, ...] | None:
        return self._before._read.get(uid) if self._before and self._same_node(uid) else None

    def _reads(self, uid: str, node: Node) -> tuple[str, ...]:
        """What a node reads by its own SQL, united with what dbt says it depends on."""
        found = [dep for dep in node.depends_on if dep in self.graph.project.nodes]
        if node.resource_type in ("model", "snapshot") and node.language == "sql":
            # most queries mention no relation but those that dbt knows of
            text = lineage.searchable(node.compiled_code or "")
            if text is None or not self.graph.binder.mentioned(text) <= set(found):
                with suppress(ValueError):
                    for name in self.graph.summaries.relations(sql_of(node)):
                        found += self.graph.binder.bind(name, uid)
        found += self.graph.asked(uid)
        for by, name in self.graph.hooks.reads(uid, node.compiled_code or ""):
            found += [read for read in self.graph.binder.bind(name, by) if read != uid]
        return tuple(dict.fromkeys(found))

    def _fixpoint(self, group: tuple[str, ...], relations: Mapping[str, Node]) -> None:
        """Shapes first, then labels, until nothing changes."""
        for uid in group:
            self._linked[uid] = Linked(self.graph.declared_shape(relations[uid]))
        for _ in range(MOST_ROUNDS):
            before = {uid: self._linked[uid].fingerprint() for uid in group}
            for uid in group:
                self._linked[uid] = self._link(relations[uid])
            if before == {uid: self._linked[uid].fingerprint() for uid in group}:
                return

    def _link(self, node: Node) -> Linked:
        return with_writings(self.graph, node, self._own(node))

    def _own(self, node: Node) -> Linked:
        """What a node's own SQL or YAML says, hooks apart."""
        if node.resource_type in ("source", "seed"):
            return source(self.graph, node)
        if node.language != "sql":
            return opaque(self.graph, node, "a Python model is not analysed")
        reason = self._materializing.lost(node)
        if reason is not None:
            return opaque(self.graph, node, reason)
        try:
            summary = self.graph.summary(node)
        except ValueError as error:
            return opaque(self.graph, node, str(error))
        return queried(self.graph, node, summary)
