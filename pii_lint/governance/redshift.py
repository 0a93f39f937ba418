"""Redshift: column privileges in place of masks, comments in place of tags.

Shapes as documented under docs.aws.amazon.com/redshift/latest/dg: r_GRANT and r_REVOKE (privileges
on columns), r_COMMENT, SYS_QUERY_DETAIL. Its masking policies can't be attached twice, and no
statement asks first, so that no script with them could run again.
"""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.governance import masks, postgres
from pii_lint.governance.names import EVERYBODY, Names
from pii_lint.governance.names import escaped_text as text
from pii_lint.governed import Access, GovernedRelation

NAMES = Names(mark='"', escape='""', folded=str.lower, parts=2)
OWN: frozenset[str] = frozenset()


def ddl(access: Access) -> str:
    """SQL that may run again at any time."""
    return "\n".join(_statements(access))


def _statements(access: Access) -> Iterator[str]:
    yield "-- Written by `pii-lint govern ddl --dialect redshift`; don't edit, generate it again."
    yield "begin;"
    yield ""
    yield from _schemas(access)
    yield "-- What each column is, and who reads which of them."
    for relation in access.relations:
        yield from of_relation(access, relation)
        yield ""
    yield "commit;"
    yield ""


def _schemas(access: Access) -> Iterator[str]:
    yield "-- Who may enter which schema."
    entered = {
        (NAMES.schema(relation), _role(role))
        for relation in access.relations
        for role in relation.readers
    }
    for schema, role in sorted(entered):
        yield f"grant usage on schema {schema} to {role};"
    yield ""


def of_relation(access: Access, relation: GovernedRelation) -> Iterator[str]:
    """What a table that is made anew loses."""
    for column in relation.columns:
        if column.classification is not None:
            told = text(postgres.comment(column))
            yield f"comment on column {NAMES.relation(relation)}.{NAMES.column(column)} is {told};"
    yield from _readers(access, relation)


def _readers(access: Access, relation: GovernedRelation) -> Iterator[str]:
    name = NAMES.relation(relation)
    builders = {_role(role) for role in access.builders}
    columns = ", ".join(NAMES.column(column) for column in relation.columns)
    for role in sorted({EVERYBODY, *map(_role, access.roles)} - builders):
        yield f"revoke select on table {name} from {role};"
        if columns:
            # a right on a column outlives that on the table
            yield f"revoke select ({columns}) on table {name} from {role};"
    for spelt in relation.readers:
        one = next(each for each in access.roles if each.lower() == spelt.lower())
        if access.sees_all(one, relation):
            yield f"grant select on table {name} to {_role(spelt)};"
            continue
        seen = [
            NAMES.column(column)
            for column in relation.columns
            if column.mask is None or one in access.cleared[column.mask]
        ]
        if seen:
            yield f"grant select ({', '.join(seen)}) on table {name} to {_role(spelt)};"


def _role(role: str) -> str:
    """A user, as dbt grants to; `group x` and `role x` are what they say."""
    for word in ("group", "role"):
        if role.lower().startswith(f"{word} "):
            return f"{word} {NAMES.role(role[len(word) :].strip())}"
    return NAMES.role(role)


def access_log(access: Access) -> str:
    """Who read a relation with personal columns, by Redshift's own record."""
    personal = sorted({NAMES.path(relation) for relation, _, _ in masks.classified(access)})
    rows = ",\n".join(f"    ({', '.join(map(text, path))})" for path in personal)
    return f"""\
-- The record knows relations, for seven days; audit logging keeps more of it in S3.
select distinct
    history.start_time,
    users.usename,
    info.schema as schema_name,
    info."table" as relation_name,
    history.query_id
from sys_query_detail as detail
inner join sys_query_history as history on history.query_id = detail.query_id
inner join svv_table_info as info on info.table_id = detail.table_id
inner join pg_user as users on users.usesysid = history.user_id
where (info.schema, info."table") in (
{rows}
)
order by history.start_time desc, history.query_id, schema_name, relation_name;
"""
