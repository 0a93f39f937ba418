"""The parts of dbt's JSON that are read, typed. All else in an artifact is skipped unread."""

from __future__ import annotations

from msgspec import Raw, Struct, field

Tags = list[str | int | float | bool | None] | str | None
Meta = dict[str, object] | None


class Metadata(Struct, gc=False):
    dbt_schema_version: str | None = None
    dbt_version: str | None = None
    generated_at: str | None = None
    invocation_id: str | None = None
    project_name: str | None = None
    project_id: str | None = None
    adapter_type: str | None = None


class Envelope(Struct, gc=False):
    metadata: Metadata | None = None


class Depends(Struct, gc=False):
    nodes: list[str] | None = None
    macros: list[str] | None = None


class Checksum(Struct, gc=False):
    name: str | None = None
    checksum: str | None = None


class Hook(Struct, gc=False):
    sql: str | None = None


Hooks = list[Hook | str] | Hook | str | None


class Contract(Struct, gc=False):
    enforced: bool | None = None


class Constraint(Struct, gc=False):
    type: str | None = None
    columns: list[str] | None = None
    to: str | None = None
    to_columns: list[str] | str | None = None
    expression: str | None = None


class ColumnConfig(Struct, gc=False):
    tags: Tags = None
    meta: Meta = None


class Column(Struct, gc=False):
    name: str | None = None
    description: str | None = None
    data_type: str | None = None
    tags: Tags = None
    meta: Meta = None
    config: ColumnConfig | None = None
    classifiers: list[str] | str | None = None
    # dbt 2 only
    quote: bool | None = None
    constraints: list[Constraint] | None = None


class NodeConfig(Struct, gc=False):
    enabled: bool | None = None
    materialized: str | None = None
    tags: Tags = None
    meta: Meta = None
    pre_hook: Hooks = field(default=None, name="pre-hook")
    post_hook: Hooks = field(default=None, name="post-hook")
    sql_header: str | None = None
    unique_key: list[str] | str | None = None
    updated_at: str | None = None
    on_schema_change: str | None = None
    persist_docs: dict[str, object] | None = None
    grants: dict[str, object] | None = None
    store_failures: bool | None = None
    store_failures_as: str | None = None
    contract: Contract | None = None
    incremental_strategy: str | None = None
    strategy: str | None = None
    check_cols: list[str] | str | None = None
    column_types: object = None
    location: object = None
    format: object = None
    merge_update_set_expressions: object = None
    merge_update_condition: object = None
    merge_insert_condition: object = None
    merge_clauses: object = None
    incremental_predicates: object = None
    predicates: object = None
    snapshot_meta_column_names: object = None
    dbt_valid_to_current: object = None
    hard_deletes: object = None
    full_refresh: object = None
    group: str | None = None
    access: str | None = None


class TestMetadata(Struct, gc=False):
    name: str | None = None
    namespace: str | None = None
    kwargs: dict[str, object] | None = None


class ExtraCte(Struct, gc=False):
    sql: str | None = None


class Argument(Struct, gc=False):
    name: str | None = None


class Node(Struct, gc=False):
    """Any entry of `nodes`, `sources` and `functions`: the union of what each kind carries."""

    name: str
    resource_type: str = ""
    package_name: str = ""
    description: str | None = None
    original_file_path: str | None = None
    patch_path: str | None = None
    database: str | None = None
    schema: str | None = None
    alias: str | None = None
    identifier: str | None = None
    relation_name: str | None = None
    language: str | None = None
    raw_code: str | None = None
    compiled: bool | None = None
    compiled_code: str | None = None
    compiled_path: str | None = None
    columns: dict[str, Column] | None = None
    config: NodeConfig | None = None
    tags: Tags = None
    meta: Meta = None
    source_meta: Meta = None
    group: str | None = None
    access: str | None = None
    depends_on: Depends | None = None
    checksum: Checksum | str | None = None
    contract: Contract | None = None
    constraints: list[Constraint] | None = None
    primary_key: list[str] | None = None
    test_metadata: TestMetadata | None = None
    attached_node: str | None = None
    arguments: list[Argument] | None = None
    extra_ctes: list[ExtraCte] | None = None


class Macro(Struct, gc=False):
    package_name: str | None = None
    original_file_path: str | None = None
    macro_sql: str | None = None
    depends_on: Depends | None = None


class Owner(Struct, gc=False):
    name: str | None = None
    email: list[str] | str | None = None


class UseConfig(Struct, gc=False):
    enabled: bool | None = None
    tags: Tags = None
    meta: Meta = None


class Use(Struct, gc=False):
    """An exposure, metric, semantic model or saved query."""

    name: str
    package_name: str = ""
    type: str | None = None
    original_file_path: str | None = None
    depends_on: Depends | None = None
    tags: Tags = None
    meta: Meta = None
    config: UseConfig | None = None
    owner: Owner | None = None


class Rows(Struct, gc=False):
    rows: object = None


class UnitTest(Struct, gc=False):
    name: str
    package_name: str = ""
    original_file_path: str | None = None
    given: list[Rows] | None = None
    expect: Rows | None = None


class Placed(Struct, gc=False):
    package_name: str | None = None
    original_file_path: str | None = None


class Manifest(Struct, gc=False):
    nodes: dict[str, Node]
    sources: dict[str, Node] | None = None
    functions: dict[str, Node] | None = None
    macros: dict[str, Macro] | None = None
    exposures: dict[str, Use] | None = None
    metrics: dict[str, Use] | None = None
    semantic_models: dict[str, Use] | None = None
    saved_queries: dict[str, Use] | None = None
    unit_tests: Raw = Raw(b"{}")
    # read apart: their shape is no reason to refuse a manifest
    disabled: Raw = Raw(b"{}")
    # only its file paths matter, and not enough to refuse a manifest for its shape


class CatalogColumn(Struct, gc=False):
    name: str
    type: str | None = None
    index: int | float | str | None = None


class CatalogTable(Struct, gc=False):
    columns: dict[str, CatalogColumn]


class Catalog(Struct, gc=False):
    nodes: dict[str, CatalogTable]
    sources: dict[str, CatalogTable] | None = None


class RunArguments(Struct, gc=False):
    target: str | None = None


class RunResults(Struct, gc=False):
    metadata: Metadata
    args: RunArguments
