"""Snowflake: a tag for the class of each column, a masking policy for each clearance and type.

Shapes as documented under docs.snowflake.com/en/sql-reference/sql: create-tag,
create-masking-policy, alter-masking-policy (`set body`, since a policy in use can't be replaced),
alter-table-column (`set masking policy ... force`), alter-view, grant-privilege, revoke-privilege;
the record of reads is account-usage/access_history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from pii_lint.data.registry import CLASSIFICATIONS
from pii_lint.governance import masks
from pii_lint.governance.names import EVERYBODY, Names, entered
from pii_lint.governance.names import escaped_text as text
from pii_lint.governed import Access, GovernedColumn, GovernedRelation

NAMES = Names(mark='"', escape='""', folded=str.upper)
TAG = masks.TAG.upper()
_SCHEMA = masks.SCHEMA.upper()
_TYPES = {
    **dict.fromkeys(
        ("number", "numeric", "decimal", "int", "integer", "bigint", "smallint", "tinyint"),
        "NUMBER",
    ),
    **dict.fromkeys(("float", "double", "real", "double_precision"), "FLOAT"),
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    **dict.fromkeys(("timestamp", "timestamp_ntz", "datetime"), "TIMESTAMP_NTZ"),
    "timestamp_ltz": "TIMESTAMP_LTZ",
    "timestamp_tz": "TIMESTAMP_TZ",
    "binary": "BINARY",
    "variant": "VARIANT",
    "object": "OBJECT",
    "array": "ARRAY",
}
_type = partial(masks.engine_type, types=_TYPES, otherwise="STRING")
OWN = masks.objects(types={*_TYPES.values(), "STRING"})


def ddl(access: Access) -> str:
    """SQL that may run again at any time."""
    masks.demand_builder(access)
    return "\n".join(_statements(access))


def _statements(access: Access) -> Iterator[str]:
    yield "-- Written by `pii-lint govern ddl --dialect snowflake`; don't edit, generate it again."
    yield ""
    for relation in access.relations:
        masks.demand_database(relation)
    for database in sorted({NAMES.path(one)[0] for one in access.relations}):
        yield from _objects(access, database)
    yield from _usage(access)
    yield "-- What each column is, what hides it from whoever isn't cleared, and who reads."
    for relation in access.relations:
        yield from of_relation(access, relation)
        yield ""


def of_relation(access: Access, relation: GovernedRelation) -> Iterator[str]:
    """What `create or replace` loses of one relation."""
    database = NAMES.path(relation)[0]
    for column in relation.columns:
        if column.classification is not None:
            tag = _own(database, TAG)
            yield f"{_alter(relation, column)} set tag {tag} = {text(column.classification)};"
        if column.mask is not None:
            policy = _own(database, _policy(column.mask, _type(column)))
            yield f"{_alter(relation, column)} set masking policy {policy} force;"
    yield from _readers(access, relation)


def _objects(access: Access, database: str) -> Iterator[str]:
    """The tag and the masks of one database."""
    within = replace(
        access,
        relations=tuple(one for one in access.relations if NAMES.path(one)[0] == database),
    )
    yield f"create schema if not exists {NAMES.quoted(database)}.{NAMES.quoted(_SCHEMA)};"
    allowed = ", ".join(map(text, CLASSIFICATIONS))
    yield f"create tag if not exists {_own(database, TAG)} allowed_values {allowed};"
    for mask, kind in masks.needed(within, _type):
        name = _own(database, _policy(mask, kind))
        hidden = text(masks.REDACTED) if kind == "STRING" else f"null::{kind}"
        roles = [
            f"is_role_in_session({text(_role_name(role))})" for role in masks.seers(access, mask)
        ]
        # made closed, so that nothing shows between the two statements
        yield f"create masking policy if not exists {name} as (val {kind}) returns {kind} ->"
        yield f"    {hidden};"
        yield f"alter masking policy {name} set body ->"
        yield f"    case when {' or '.join(roles)} then val else {hidden} end;"
    yield ""


def _alter(relation: GovernedRelation, column: GovernedColumn) -> str:
    sort = "view" if relation.view else "table"
    return f"alter {sort} {NAMES.relation(relation)} modify column {NAMES.column(column)}"


def _usage(access: Access) -> Iterator[str]:
    """Who may enter what: by that alone nobody reads, so it is taken from nobody."""
    yield "-- Who may enter which schema."
    for sort, name, role in entered(access, NAMES, "database", _role_name):
        yield f"grant usage on {sort} {name} to role {role};"
    yield ""


def _readers(access: Access, relation: GovernedRelation) -> Iterator[str]:
    sort = "view" if relation.view else "table"
    name = f"{sort} {NAMES.relation(relation)}"
    readers = {_role_name(role) for role in relation.readers}
    builders = {_role_name(role) for role in access.builders}
    for role in sorted({"PUBLIC", *map(_role_name, access.roles)} - readers - builders):
        yield f"revoke select on {name} from role {NAMES.quoted(role)};"
    for role in sorted(readers):
        yield f"grant select on {name} to role {NAMES.quoted(role)};"


def _role_name(role: str) -> str:
    return "PUBLIC" if role.lower() == EVERYBODY else NAMES.role_name(role)


def _policy(mask: str, kind: str) -> str:
    return f"PII_{mask}_{kind}".upper()


def _own(database: str, name: str) -> str:
    return ".".join(map(NAMES.quoted, (database, _SCHEMA, name)))


def access_log(access: Access) -> str:
    """Who read which personal column, by Snowflake's own record."""
    told = (
        (".".join(NAMES.path(relation)), NAMES.column_name(column), classification)
        for relation, column, classification in masks.classified(access)
    )
    rows = ",\n".join(f"    ({', '.join(map(text, row))})" for row in told)
    return f"""\
-- The record is there with the Enterprise edition and may be three hours late.
with personal (relation_name, column_name, classification) as (
    select * from values
{rows}
)

select
    query_history.start_time,
    query_history.user_name,
    query_history.role_name,
    personal.relation_name,
    personal.column_name,
    personal.classification,
    access_history.query_id
from snowflake.account_usage.access_history
cross join lateral flatten(access_history.base_objects_accessed) as accessed
cross join lateral flatten(accessed.value:"columns") as read_column
inner join personal
    on personal.relation_name = accessed.value:"objectName"::string
    and personal.column_name = read_column.value:"columnName"::string
inner join snowflake.account_usage.query_history
    on query_history.query_id = access_history.query_id
order by query_history.start_time desc, access_history.query_id, relation_name, column_name;
"""
