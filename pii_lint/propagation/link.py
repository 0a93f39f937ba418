"""Linking a project: the labels of every column, of however many manifests it has."""

from __future__ import annotations

from collections.abc import Sequence

from pii_lint.artifacts.model import Project
from pii_lint.config import Config
from pii_lint.data.registry import Registry

from .graph import Graph
from .inventory import ColumnFacts, Failures, Inflow, Inventory, Outlet, RelationFacts
from .linked import nearer
from .linker import Linker
from .outlets import outlets


def trace(
    projects: Sequence[Project], config: Config, registry: Registry, *, remember: bool = False
) -> Inventory:
    """Every column of every relation with its labels. Several manifests of one project are united.
    `remember`: summaries of queries are kept for the next run."""
    return follow(projects, config, registry, remember=remember)[0]


def follow(
    projects: Sequence[Project],
    config: Config,
    registry: Registry,
    *,
    remember: bool = False,
    before: Origins | None = None,
) -> tuple[Inventory, Origins]:
    """The same, with what columns are made of. `before`: what this process found last; relations
    that nothing new flows into stand there as they did, the very objects."""
    merged: dict[str, RelationFacts] = {}
    written: dict[Outlet, None] = {}
    failures: dict[str, Failures] = {}
    again = before.renewed(projects, config) if before is not None else None
    linkers = again or [
        Linker(Graph(project, projects, config, registry, remember=remember))
        for project in projects
    ]
    for linker in linkers:
        for uid, facts in linker.run().items():
            if uid in merged:
                _unite(merged[uid], facts)
            else:
                merged[uid] = facts
        written.update(dict.fromkeys(outlets(linker.graph)))
        failures = {**linker.failures, **failures}
    return Inventory(merged, tuple(written), failures), Origins(linkers)


def _unite(into: RelationFacts, facts: RelationFacts) -> None:
    for key, column in facts.columns.items():
        mine = into.columns.setdefault(key, ColumnFacts(column.name, named=column.named))
        for label, via in column.labels.items():
            if nearer(via, mine.labels.get(label), label in mine.labels):
                mine.labels = {**mine.labels, label: via}
    for label, via in facts.signals.items():
        into.signals.setdefault(label, via)
    into.complete = into.complete and facts.complete
    into.reads = tuple(sorted({*into.reads, *facts.reads}))
    into.hooked = tuple(sorted({*into.hooked, *facts.hooked}))
    into.opened |= facts.opened
    into.masks += [mask for mask in facts.masks if mask not in into.masks]
    into.blind += [spot for spot in facts.blind if spot not in into.blind]


class Origins:
    """What columns are made of, in every manifest of a project."""

    def __init__(self, linkers: Sequence[Linker]) -> None:
        self._linkers = linkers

    def of(self, node: str, column: str) -> tuple[Inflow, ...]:
        """What goes into a column, in order of place; `column` is a lower-case key."""
        found = (flow for linker in self._linkers for flow in linker.inflows.of(node, column))
        return tuple(dict.fromkeys(found))

    def renewed(self, projects: Sequence[Project], config: Config) -> list[Linker] | None:
        """Linkers that begin where these ended; None where more than some queries changed."""
        if len(projects) != 1 or len(self._linkers) != 1:
            return None
        again = self._linkers[0].renewed(projects[0], config)
        return [again] if again is not None else None
