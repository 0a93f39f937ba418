"""catalog.json -> the columns that the warehouse reports, in its order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pii_lint.artifacts import shapes
from pii_lint.artifacts.envelope import CATALOG, decode, metadata, moment, read, shown
from pii_lint.artifacts.model import CatalogColumn, Project
from pii_lint.errors import ArtifactError


@dataclass(frozen=True, slots=True)
class Catalog:
    """One catalogue: relations by unique_id, and when and in which run it was taken."""

    relations: Mapping[str, tuple[CatalogColumn, ...]]
    generated_at: datetime | None = None
    invocation_id: str | None = None


def load_catalog(path: Path) -> Catalog:
    """Read a catalogue."""
    data = read(path, CATALOG)
    head = metadata(data, path, CATALOG)
    content = decode(data, shapes.Catalog, path, CATALOG)
    tables = {**content.nodes, **(content.sources or {})}
    return Catalog(
        relations={key: _ordered(table, path) for key, table in tables.items() if table.columns},
        generated_at=moment(head.generated_at),
        invocation_id=head.invocation_id,
    )


def with_catalog(project: Project, path: Path) -> Project:
    """The project with what its catalogue adds.

    A catalogue taken before the manifest's SQL was compiled knows nothing of later edits, nor of
    what they change further down through `select *`: then all its entries are outdated, whether or
    not their own file changed.
    """
    catalog = load_catalog(path)
    entries = {key: columns for key, columns in catalog.relations.items() if key in project.nodes}
    if catalog.relations and not entries:
        raise ArtifactError(
            f"{shown(path)} describes no relation of project {shown(project.name)!r}: "
            f"{CATALOG.remedy} there, or give the right file."
        )
    if _current(catalog, project):
        return replace(project, catalog=entries, catalog_outdated={})
    return replace(project, catalog={}, catalog_outdated=entries)


def _current(catalog: Catalog, project: Project) -> bool:
    if catalog.invocation_id and catalog.invocation_id == project.invocation_id:
        return True
    times = (catalog.generated_at, project.generated_at)
    return times[0] is not None and times[1] is not None and times[0] >= times[1]


def _ordered(table: shapes.CatalogTable, path: Path) -> tuple[CatalogColumn, ...]:
    columns = sorted(table.columns.values(), key=lambda column: _position(column, path))
    return tuple(CatalogColumn(column.name, column.type) for column in columns)


def _position(column: shapes.CatalogColumn, path: Path) -> float:
    try:
        position = float(column.index if column.index is not None else math.nan)
    except (ValueError, OverflowError):
        position = math.nan
    if math.isnan(position):
        raise ArtifactError(
            f"{shown(path)} has a column without its position in the table: "
            f"{CATALOG.remedy} to write it anew."
        )
    return position
