"""One manifest as it is linked: whom names mean, what was found of each relation so far."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from pii_lint import lineage
from pii_lint.artifacts.model import Node, Project
from pii_lint.config import Config
from pii_lint.data.functions import load_functions
from pii_lint.data.registry import Registry
from pii_lint.labels import Origin
from pii_lint.lineage.summary import Shape, ShapeColumn, Summary

from .binding import Binder
from .declared import columns_of, shape_of
from .hooks import find_hooks
from .linked import Linked
from .people import People
from .renewal import Watched
from .summaries import Summaries


class Graph:
    """Everything that linking one relation may ask of the others and of the policy."""

    def __init__(
        self,
        project: Project,
        projects: Sequence[Project],
        config: Config,
        registry: Registry,
        *,
        remember: bool = False,
    ) -> None:
        self.manifest = projects.index(project)
        self.project = project
        self.projects = projects
        self.config = config
        self.registry = registry
        self.dialect = config.dialect or lineage.dialect_of(project.adapter_type)
        self.functions = load_functions(self.dialect, config.functions)
        self.binder = Binder(project.nodes, self.dialect)
        self.hooks = find_hooks(
            project, self.binder, self.dialect, self.functions, config.functions
        )
        if self.hooks.functions:
            self.functions = {**self.functions, **self.hooks.functions}
        self.summaries = Summaries(
            self.dialect, self.functions, self.hooks.own, project.name, remember=remember
        )
        self.people = People(project, config, registry)
        self.linked: Watched[Linked] = Watched()
        self.booleans: set[Origin] = set()
        self.numbers: set[Origin] = set()
        self._names: dict[tuple[str, str], tuple[str, ...]] = {}

    def renewed(self, project: Project) -> Graph:
        """The same project with some queries changed, and nothing found yet."""
        again = copy(self)
        again.project, again.projects = project, (project,)
        again.people = People(project, self.config, self.registry)
        again.linked = Watched()
        return again

    def owners(self, reader: str, name: lineage.RelationName) -> tuple[str, ...]:
        """The nodes that a reader may mean by a name."""
        key = (reader, name.key)
        if key not in self._names:
            self._names[key] = self.binder.bind(name, reader)
        return self._names[key]

    def asked(self, uid: str) -> list[str]:
        """The sources and seeds that a template mentions in what it asks, by `source()` or not."""
        text = self.hooks.asked.get(uid)
        mentioned = self.binder.mentioned(text.casefold()) if text else ()
        leaves = ("source", "seed")
        return sorted(
            read for read in mentioned if self.project.nodes[read].resource_type in leaves
        )

    def summary(self, node: Node) -> Summary:
        """The summary of a node's own query. Raises ValueError."""
        return self.summaries.summary(sql_of(node), self.shapes(node))

    def beside(self, query: lineage.Query, by: Node, parameters: tuple[str, ...] = ()) -> Summary:
        """The summary of a query that a node runs beside its own. Raises ValueError."""
        return lineage.summarize(
            query,
            self.dialect,
            self.functions,
            self.shapes(by),
            parameters,
            own=self.hooks.own,
        )

    def declared_shape(self, node: Node) -> Shape:
        """What YAML and the catalogue say of a relation's columns."""
        return shape_of(
            columns_of(node, self.config),
            self.project.catalog.get(node.unique_id),
            node.columns_complete,
            self.dialect,
        )

    def unquoted(self, name: str) -> ShapeColumn:
        """A column whose name dbt writes without quotes."""
        return ShapeColumn(name.lower(), name, lineage.fold(name, False, self.dialect))

    def shapes(self, node: Node) -> lineage.Shapes:
        """What a node's query sees of the relations that it reads."""

        def shape(name: lineage.RelationName) -> Shape | None:
            owners = self.owners(node.unique_id, name)
            if not owners:
                return None
            known = [self.linked[uid].shape for uid in owners if uid in self.linked]
            if len(known) == 1 == len(owners):
                return known[0]
            columns = tuple({c.key: c for s in known for c in s.columns}.values())
            return Shape(columns, complete=bool(known) and all(s.complete for s in known))

        return shape


def sql_of(node: Node) -> str:
    """A node's compiled SQL. Raises ValueError where there is none."""
    if not node.compiled_code or not node.compiled_code.strip():
        raise ValueError("the manifest holds no compiled SQL for it")
    return node.compiled_code
