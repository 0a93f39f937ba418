"""SQL that stands in a node's configuration, as the statements that it becomes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from pii_lint.artifacts import shapes

_META_COLUMNS = (
    "dbt_scd_id",
    "dbt_updated_at",
    "dbt_valid_from",
    "dbt_valid_to",
    "dbt_is_deleted",
)
"""What dbt adds to a snapshot, by the names that it uses unless told otherwise."""
_MERGE = "merge into {{ this }} as DBT_INTERNAL_DEST using {{ this }} as DBT_INTERNAL_SOURCE on "
# what comes in has the columns of the relation that it goes into
_CALL = re.compile(r"[A-Za-z_]\w*\s*\(")
_CLAUSE = re.compile(r"\b(?:default|generated|as)\b", re.IGNORECASE)
_QUERY = re.compile(r"\bselect\b|\bfrom\b", re.IGNORECASE)


def statements(config: shapes.NodeConfig) -> tuple[str, ...]:
    """What a node's configuration writes into its relation, beside its query."""
    found: list[str] = []
    if config.materialized == "incremental":
        found += _sets(config.merge_update_set_expressions)
        found += map(_decides, _texts(config.incremental_predicates or config.predicates))
        for condition in (config.merge_update_condition, config.merge_insert_condition):
            found += map(_decides, _texts(condition))
        for clause in _clauses(config.merge_clauses):
            found += _clause(clause)
    elif config.materialized == "snapshot" and config.dbt_valid_to_current:
        ends = meta_columns(config)["dbt_valid_to"]
        found += _sets({ends: config.dbt_valid_to_current})
    found += _defined(config.column_types)
    return tuple(text for text in found if text)


def meta_columns(config: shapes.NodeConfig) -> dict[str, str]:
    """The columns that dbt adds to a snapshot, by dbt's names for them."""
    given = config.snapshot_meta_column_names
    renamed = given if isinstance(given, Mapping) else {}
    names = {name: str(renamed.get(name) or name) for name in _META_COLUMNS}
    if config.hard_deletes != "new_record":
        del names["dbt_is_deleted"]
    return names


def file_of(node: shapes.Node, config: shapes.NodeConfig) -> str | None:
    """Where dbt-duckdb puts an external model. Without a location that is a file of its name in a
    folder that only the profile knows."""
    if config.materialized != "external":
        return None
    if isinstance(config.location, str) and config.location:
        return config.location
    ending = config.format if isinstance(config.format, str) else "parquet"
    return f"**/{node.alias or node.name}.{ending}"


def called_sources(nodes: Iterable[shapes.Node]) -> set[str]:
    """Sources of dbt-duckdb that are a call instead of a name: `read_csv('people.csv')`."""
    return {
        node.relation_name
        for node in nodes
        if node.resource_type == "source" and node.relation_name and _CALL.match(node.relation_name)
    }


def by_name(sql: str, called: Iterable[str]) -> str:
    """A query in which such a call is a name, so that it means the source."""
    for call in called:
        if call in sql:
            sql = sql.replace(call, '"' + call.replace('"', '""') + '"')
    return sql


def _clauses(given: object) -> Iterator[Mapping[str, object]]:
    for listed in given.values() if isinstance(given, Mapping) else ():
        for clause in listed if isinstance(listed, list) else ():
            if isinstance(clause, Mapping):
                yield clause


def _clause(clause: Mapping[str, object]) -> Iterator[str]:
    update, insert = clause.get("update"), clause.get("insert")
    yield from _sets(clause.get("set_expressions"))
    if isinstance(update, Mapping):
        yield from _sets(update.get("set_expressions"))
    if isinstance(insert, Mapping):
        columns, values = _texts(insert.get("columns")), _texts(insert.get("values"))
        if columns and values:
            listed = f"({', '.join(columns)}) values ({', '.join(values)})"
            yield f"{_MERGE} 1 = 1 when not matched then insert {listed}"
    yield from map(_decides, _texts(clause.get("condition")))


def _sets(expressions: object) -> Iterator[str]:
    for column, expression in expressions.items() if isinstance(expressions, Mapping) else ():
        yield f"{_MERGE} 1 = 1 when matched then update set {column} = ({expression})"


def _defined(types: object) -> Iterator[str]:
    """A seed's column types are written into its `create table` letter for letter."""
    for column, kind in types.items() if isinstance(types, Mapping) else ():
        if _CLAUSE.search(str(kind)):
            yield f"alter table {{{{ this }}}} add column {column} {kind}"


def _decides(condition: str) -> str:
    """What compares the relation's own columns decides nothing that its query doesn't."""
    if not _QUERY.search(condition):
        return ""
    return f"{_MERGE} ({condition}) when matched then delete"


def _texts(given: object) -> list[str]:
    return [str(each) for each in (given if isinstance(given, list) else [given]) if each]
