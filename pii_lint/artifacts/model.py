"""dbt's project as the rest of the package sees it: no JSON, no version differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

_WRITING = frozenset(
    {"insert", "update", "delete", "truncate", "references", "trigger", "usage", "evolve schema"}
)
"""Privileges by which nobody reads."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as declared in YAML, with its tags and meta from wherever dbt lets them stand."""

    name: str
    data_type: str | None = None
    tags: frozenset[str] = frozenset()
    meta: Mapping[str, object] = field(default_factory=dict)
    quote: bool = False
    unique: bool = False
    # a dbt `unique` test or a primary-key or unique constraint
    references: tuple[tuple[str, str], ...] = ()
    # (unique_id, column) that a `relationships` test or a foreign key points to


@dataclass(frozen=True, slots=True)
class Node:
    """What dbt knows as a source, seed, model or snapshot (operations too, without relation)."""

    unique_id: str
    resource_type: Literal["source", "seed", "model", "snapshot", "operation", "function", "test"]
    name: str
    package: str
    path: str
    # of the SQL, CSV or (for a source) YAML file, from the project's root, with forward slashes
    patch_path: str | None = None
    # of the YAML file with the node's properties, from the project's root
    database: str | None = None
    schema: str | None = None
    alias: str | None = None
    # the identifier of the relation
    relation_name: str | None = None
    # as dbt renders it, quoted; None for ephemeral models and operations
    file: str | None = None
    # what dbt-duckdb keeps it in instead of a table: a path, or a pattern of paths
    materialized: str | None = None
    strategy: str | None = None
    # of an incremental model or a snapshot
    language: str = "sql"
    raw_code: str | None = None
    compiled_code: str | None = None
    compiled_path: str | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    # by the name as declared
    columns_complete: bool = False
    # the declared columns are all there are, in order (an enforced contract)
    tags: frozenset[str] = frozenset()
    meta: Mapping[str, object] = field(default_factory=dict)
    group: str | None = None
    access: str | None = None
    depends_on: tuple[str, ...] = ()
    depends_on_macros: tuple[str, ...] = ()
    checksum: str | None = None
    pre_hooks: tuple[str, ...] = ()
    # a SQL header last: it runs in front of the model's SQL
    post_hooks: tuple[str, ...] = ()
    # what its configuration writes last
    unique_key: tuple[str, ...] = ()
    updated_at: str | None = None
    # of a snapshot by timestamp: the column, or an expression over columns
    check_columns: tuple[str, ...] = ()
    # of a snapshot by check: the columns whose changes make a version; `all` for each
    meta_columns: Mapping[str, str] = field(default_factory=dict)
    # of a snapshot: the columns that dbt adds, by dbt's names for them
    on_schema_change: str | None = None
    refreshable: bool = True
    # False where not even --full-refresh makes it anew
    persist_docs: bool = False
    persisted: tuple[tuple[str, str], ...] = ()
    # descriptions that dbt writes into the warehouse: column (empty for the relation), text
    grants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # privilege -> roles
    arguments: tuple[str, ...] = ()
    # of a function: its parameters' names, in order
    injected_ctes: tuple[str, ...] = ()
    # the ephemeral models that dbt wrote into `compiled_code`, letter for letter

    @property
    def readers(self) -> tuple[str, ...]:
        """The roles that a grant lets read it, in order, once each in whatever case."""
        named: dict[str, str] = {}
        for privilege, roles in sorted(self.grants.items()):
            if privilege.lower() not in _WRITING:
                for role in roles:
                    named.setdefault(role.strip().lower(), role.strip())
        return tuple(named[name] for name in sorted(named))


@dataclass(frozen=True, slots=True)
class Exposure:
    """A declared use outside the warehouse: dashboard, export, notebook."""

    unique_id: str
    name: str
    type: str
    path: str
    depends_on: tuple[str, ...]
    meta: Mapping[str, object] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class CatalogColumn:
    """A column as the warehouse reports it, in the warehouse's order."""

    name: str
    data_type: str | None


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows that a unit test brings along."""

    test: str
    path: str
    part: Literal["fixture", "expectation"]
    text: str


@dataclass(frozen=True, slots=True)
class Project:
    """One manifest (and its catalogue, where there is one)."""

    name: str
    adapter_type: str
    dbt_version: str
    nodes: Mapping[str, Node]
    exposures: Mapping[str, Exposure] = field(default_factory=dict)
    stored_tests: Mapping[str, Node] = field(default_factory=dict)
    # tests whose failing rows dbt keeps in a table
    samples: tuple[Sample, ...] = ()
    macros: Mapping[str, str] = field(default_factory=dict)
    # unique_id -> macro_sql, for freshness and for finding users of is_incremental
    macro_depends_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    catalog: Mapping[str, tuple[CatalogColumn, ...]] = field(default_factory=dict)
    # unique_id -> columns; only entries not older than the manifest's SQL
    catalog_outdated: Mapping[str, tuple[CatalogColumn, ...]] = field(default_factory=dict)
    # entries older than that: what once stood there, never a complete shape
    macro_paths: Mapping[str, str] = field(default_factory=dict)
    # unique_id -> file; a package's lies under dbt_packages, unless it's installed elsewhere
    disabled_paths: frozenset[str] = frozenset()
    # files that dbt read and that the project switched off
    generated_at: datetime | None = None
    invocation_id: str | None = None
    target: str | None = None
    sha256: str = ""
    compiled_apart: bool = False
    # compiled SQL was looked for in files beside the manifest
    freshness: Literal["fresh", "stale", "unchecked"] = "unchecked"
