"""Which columns stand for one person each, so that their different values count people."""

from __future__ import annotations

from pii_lint.artifacts.model import Column, Project
from pii_lint.config import Config
from pii_lint.data.registry import Registry, ancestors
from pii_lint.labels import READABLE

from .declared import born, columns_of


class People:
    """Asked of the columns of sources and seeds; what isn't said there stands for nobody."""

    def __init__(self, project: Project, config: Config, registry: Registry) -> None:
        self._project = project
        self._config = config
        self._registry = registry
        self._known: dict[tuple[str, str], bool] = {}
        self._tables: dict[str, bool] = {}

    @property
    def asked(self) -> bool:
        """True once anybody asked."""
        return bool(self._known)

    def counts(self, table: str, key: str) -> bool:
        """True where no person has two values in this column; `key` is lower case."""
        place = table, key
        if place not in self._known:
            # a column that refers to itself by way of others stands for nobody
            self._known[place] = False
            self._known[place] = self._counts(table, key)
        return self._known[place]

    def _counts(self, table: str, key: str) -> bool:
        if (table, key) in self._config.smallest_group.columns:
            return True
        node = self._project.nodes.get(table)
        column = columns_of(node, self._config).get(key) if node is not None else None
        if column is None:
            return False
        kinds = {kind for each in self._kinds(table, column) for kind in ancestors(each)}
        if kinds & set(self._config.smallest_group.kinds):
            return True
        if column.unique and self._of_people(table):
            return True
        return any(self.counts(uid, name.lower()) for uid, name in column.references)

    def _of_people(self, table: str) -> bool:
        """True where each row is another person: a unique column says who."""
        if table not in self._tables:
            columns = columns_of(self._project.nodes[table], self._config).values()
            self._tables[table] = any(
                self._registry.kind(kind).identifies
                for column in columns
                if column.unique
                for kind in self._kinds(table, column)
            )
        return self._tables[table]

    def _kinds(self, table: str, column: Column) -> set[str]:
        node = self._project.nodes[table]
        found = born(node, column, self._config, self._registry)
        return {label.kind for position, label in found if not position and label.form in READABLE}
