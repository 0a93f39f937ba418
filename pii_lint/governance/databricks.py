"""Databricks with Unity Catalog: tags, column masks that are functions, and grants.

Shapes as documented under docs.databricks.com/sql/language-manual: sql-ref-syntax-ddl-column-mask,
-alter-table-manage-column (`set mask` and `set tags`, which overwrite what stands there),
security-grant, security-revoke, functions/is_account_group_member; reads stand in
system.access.column_lineage. A view takes no mask: it shows what its tables show to whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pii_lint.governance import masks
from pii_lint.governance.names import EVERYBODY, Names, entered
from pii_lint.governed import Access, GovernedColumn, GovernedRelation

NAMES = Names(mark="`", escape="``", banned="\n\r")
EVERY_USER = "account users"
"""The group that everybody is in."""
_TYPES = {
    **dict.fromkeys(("bigint", "long"), "BIGINT"),
    **dict.fromkeys(("int", "integer", "smallint", "tinyint", "short", "byte"), "BIGINT"),
    **dict.fromkeys(("double", "float", "real"), "DOUBLE"),
    **dict.fromkeys(("decimal", "dec", "numeric", "number"), "DECIMAL(38, 10)"),
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp_ntz": "TIMESTAMP_NTZ",
    "binary": "BINARY",
    "variant": "VARIANT",
}
_type = partial(masks.engine_type, types=_TYPES, otherwise="STRING")


def _function(mask: str, kind: str) -> str:
    return f"pii_{mask}_{kind.partition('(')[0].lower()}"


OWN = masks.objects(types={*(one.partition("(")[0] for one in _TYPES.values()), "STRING"}) | {
    EVERY_USER
}


def ddl(access: Access) -> str:
    """SQL that may run again at any time."""
    masks.demand_builder(access)
    for relation in access.relations:
        masks.demand_database(relation)
    return "\n".join(_statements(access))


def _statements(access: Access) -> Iterator[str]:
    yield "-- Written by `pii-lint govern ddl --dialect databricks`; don't edit, generate it again."
    yield ""
    yield from _functions(access)
    yield from _usage(access)
    yield "-- What each column is, what hides it from whoever isn't cleared, and who reads."
    for relation in access.relations:
        yield from of_relation(access, relation)
        yield ""


def of_relation(access: Access, relation: GovernedRelation) -> Iterator[str]:
    """What `create or replace` may lose of one relation."""
    for column in relation.columns:
        # neither is documented for a view's columns in a form that may run again
        if relation.view:
            break
        if column.classification is not None:
            tag = f"({_text(masks.TAG)} = {_text(column.classification)})"
            yield f"{_alter(relation, column)} set tags {tag};"
        if column.mask is not None:
            yield f"{_alter(relation, column)} set mask {_own(relation, column.mask, column)};"
    yield from _readers(access, relation)


def _functions(access: Access) -> Iterator[str]:
    found = {
        (NAMES.path(relation)[0], mask, _type(column)): _own(relation, mask, column)
        for relation, column, mask in masks.masked(access)
        if not relation.view
    }
    for catalog in sorted({catalog for catalog, _, _ in found}):
        yield f"create schema if not exists {NAMES.quoted(catalog)}.{NAMES.quoted(masks.SCHEMA)};"
    for (_, mask, kind), name in sorted(found.items()):
        hidden = _text(masks.REDACTED) if kind == "STRING" else f"cast(null as {kind})"
        groups = [
            f"is_account_group_member({_text(_group(role))})" for role in masks.seers(access, mask)
        ]
        # whoever builds may be no group
        groups += [f"session_user() = {_text(NAMES.role_name(role))}" for role in access.builders]
        yield f"create or replace function {name}(val {kind}) returns {kind}"
        yield f"    return case when {' or '.join(groups)} then val else {hidden} end;"
    yield ""


def _own(relation: GovernedRelation, mask: str, column: GovernedColumn) -> str:
    place = (NAMES.path(relation)[0], masks.SCHEMA, _function(mask, _type(column)))
    return ".".join(map(NAMES.quoted, place))


def _alter(relation: GovernedRelation, column: GovernedColumn) -> str:
    return f"alter table {NAMES.relation(relation)} alter column {NAMES.column(column)}"


def _usage(access: Access) -> Iterator[str]:
    """Who may enter what: by that alone nobody reads, so it is taken from nobody."""
    yield "-- Who may enter which schema."
    for sort, name, group in entered(access, NAMES, "catalog", _group):
        yield f"grant use {sort} on {sort} {name} to {group};"
    yield ""


def _readers(access: Access, relation: GovernedRelation) -> Iterator[str]:
    # grants on views are grants on tables here
    name = f"table {NAMES.relation(relation)}"
    readers = {_group(role) for role in relation.readers}
    builders = {_group(role) for role in access.builders}
    for group in sorted({EVERY_USER, *map(_group, access.roles)} - readers - builders):
        yield f"revoke select on {name} from {NAMES.quoted(group)};"
    for group in sorted(readers):
        yield f"grant select on {name} to {NAMES.quoted(group)};"


def _group(role: str) -> str:
    return EVERY_USER if role.lower() == EVERYBODY else NAMES.role_name(role)


def _text(value: str) -> str:
    """A string literal, in which a backslash is one of two."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def access_log(access: Access) -> str:
    """Who read which personal column, by the record that Unity Catalog keeps."""
    rows = ",\n".join(
        f"    ({_text('.'.join(NAMES.path(one)))}, {_text(NAMES.column_name(each))}, {_text(word)})"
        for one, each, word in masks.classified(access)
    )
    return f"""\
-- The record holds the reads whose lineage could be told; system.access.audit holds the others.
select
    lineage.event_time,
    lineage.created_by,
    personal.relation_name,
    personal.column_name,
    personal.classification,
    lineage.entity_type,
    lineage.entity_id
from system.access.column_lineage as lineage
inner join (values
{rows}
) as personal (relation_name, column_name, classification)
    on personal.relation_name = lineage.source_table_full_name
    and personal.column_name = lineage.source_column_name
order by lineage.event_time desc, lineage.created_by, relation_name, column_name;
"""
