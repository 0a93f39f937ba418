"""PostgreSQL: column privileges in place of masks, comments in place of tags.

The server has neither masks nor tags of its own, and a security label takes a loaded provider. What
runs everywhere is `grant select (columns)`, by which a role that isn't cleared reads the other
columns of a relation and no more, and `comment on column`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pii_lint.governance.names import EVERYBODY, Names, text
from pii_lint.governed import Access, GovernedColumn, GovernedRelation

NAMES = Names(mark='"', escape='""', parts=2)
FOLDED = Names(mark='"', escape='""', folded=str.lower)
TAG = "pii:"
"""Begins every comment that is written here."""
LEFT_ALONE = "public"
"""A schema where others live too, so that nobody's right to use it is taken."""


@dataclass(frozen=True, slots=True)
class Right:
    """One role may read a relation, or one column of it."""

    schema: str
    relation: str
    column: str | None
    role: str
    # as the catalogue keeps it; `public` for everybody


@dataclass(frozen=True, slots=True)
class Plan:
    """What should hold in the database."""

    relations: tuple[GovernedRelation, ...]
    roles: tuple[str, ...]
    # of which the plan decides, everybody first
    builders: frozenset[str]
    rights: frozenset[Right]
    usage: frozenset[tuple[str, str]]
    # schema, role
    comments: dict[tuple[str, str, str], str] = field(default_factory=dict)
    # by schema, relation and column
    refused: frozenset[Right] = frozenset()
    # columns that a role must not read by any way


def plan(access: Access) -> Plan:
    """Decide who reads what."""
    access = _spelt(access)
    builders = frozenset(FOLDED.role_name(role) for role in access.builders)
    named = {FOLDED.role_name(role): role for role in access.roles}
    named.pop(EVERYBODY, None)
    rights: set[Right] = set()
    refused: set[Right] = set()
    comments: dict[tuple[str, str, str], str] = {}
    for relation in access.relations:
        rights.update(_rights(access, relation))
        for column in relation.columns:
            if column.classification is not None:
                comments[relation.schema, relation.name, column.name] = comment(column)
            if column.mask is not None:
                refused.update(
                    Right(relation.schema, relation.name, column.name, role)
                    for role, spelt in named.items()
                    if spelt not in access.cleared[column.mask] and role not in builders
                )
    return Plan(
        relations=access.relations,
        roles=(EVERYBODY, *(role for role in named if role not in builders)),
        builders=builders,
        rights=frozenset(right for right in rights if right.role not in builders),
        usage=frozenset(
            (right.schema, right.role)
            for right in rights
            if right.role not in builders and right.schema != LEFT_ALONE
        ),
        comments=comments,
        refused=frozenset(refused),
    )


def _spelt(access: Access) -> Access:
    """With columns as the server keeps them: dbt quotes relations, and people seldom columns."""
    return replace(
        access,
        relations=tuple(
            replace(
                relation,
                columns=tuple(
                    replace(column, name=FOLDED.column_name(column)) for column in relation.columns
                ),
            )
            for relation in access.relations
        ),
    )


def comment(column: GovernedColumn) -> str:
    """What stands at a personal column, in front of its description."""
    tag = f"{TAG}{column.classification} {', '.join(column.kinds)} ({column.form})"
    return f"{tag}\n{column.description}" if column.description else tag


def _rights(access: Access, relation: GovernedRelation) -> Iterator[Right]:
    for spelt in relation.readers:
        role = EVERYBODY if spelt.lower() == EVERYBODY else FOLDED.role_name(spelt)
        one = next(each for each in access.roles if each.lower() == spelt.lower())
        if access.sees_all(one, relation):
            yield Right(relation.schema, relation.name, None, role)
            continue
        for column in relation.columns:
            if column.mask is None or one in access.cleared[column.mask]:
                yield Right(relation.schema, relation.name, column.name, role)


def ddl(access: Access) -> str:
    """SQL for psql; it may run again at any time."""
    return "\n".join(_statements(plan(access)))


def of_relation(access: Access, relation: GovernedRelation) -> Iterator[str]:
    """What a table that is made anew loses."""
    planned = plan(replace(access, relations=(relation,)))
    (spelt,) = planned.relations
    yield from _comments(planned, spelt)
    yield from _relation(planned, spelt)


def _statements(planned: Plan) -> Iterator[str]:
    yield "-- Written by `pii-lint govern ddl --dialect postgres`; don't edit, generate it again."
    yield "begin;"
    yield ""
    yield from _classification(planned)
    yield from _schemas(planned)
    yield "-- Who reads which relation, and which columns of it."
    for relation in planned.relations:
        yield from _relation(planned, relation)
        yield ""
    yield "commit;"
    yield ""


def _classification(planned: Plan) -> Iterator[str]:
    yield "-- A column that is no longer personal loses its classification."
    yield from _forget(planned)
    yield ""
    yield "-- What each column with readable personal data is."
    for relation in planned.relations:
        yield from _comments(planned, relation)
    yield ""


def _comments(planned: Plan, relation: GovernedRelation) -> Iterator[str]:
    for column in relation.columns:
        told = planned.comments.get((relation.schema, relation.name, column.name))
        if told is not None:
            name = f"{NAMES.relation(relation)}.{NAMES.column(column)}"
            yield f"comment on column {name} is {text(told)};"


def _forget(planned: Plan) -> Iterator[str]:
    rows = [
        "("
        + ", ".join(
            (
                text(relation.schema),
                text(relation.name),
                _array(
                    column.name
                    for column in relation.columns
                    if (relation.schema, relation.name, column.name) in planned.comments
                ),
            )
        )
        + ")"
        for relation in planned.relations
    ]
    body = [
        "declare",
        "    stale text;",
        "begin",
        "    for stale in",
        "        select format('%I.%I.%I', nspname, relname, attname)",
        "        from (values",
        *(f"            {row}{',' if row is not rows[-1] else ''}" for row in rows),
        "        ) as known (schema_name, relation_name, personal)",
        "        join pg_catalog.pg_namespace on nspname = schema_name",
        "        join pg_catalog.pg_class as relation",
        "            on relnamespace = pg_namespace.oid and relname = relation_name",
        "        join pg_catalog.pg_attribute on attrelid = relation.oid and attnum > 0",
        f"        where pg_catalog.col_description(attrelid, attnum) like {text(TAG + '%')}",
        "            and not attisdropped and attname <> all (personal)",
        "        order by 1",
        "    loop",
        "        execute 'comment on column ' || stale || ' is null';",
        "    end loop;",
        "end",
    ]
    written = "\n".join(body)
    number = 0
    while f"$forget{number}$" in written:
        number += 1
    yield f"do $forget{number}$\n{written}\n$forget{number}$;"


def _array(names: Iterator[str]) -> str:
    listed = ", ".join(text(name) for name in names)
    return f"array[{listed}]::text[]"


def _schemas(planned: Plan) -> Iterator[str]:
    yield "-- Who may enter which schema."
    for schema in sorted({relation.schema for relation in planned.relations} - {LEFT_ALONE}):
        welcome = [role for role in planned.roles if (schema, role) in planned.usage]
        others = [role for role in planned.roles if role not in welcome]
        if others:
            yield f"revoke usage on schema {NAMES.quoted(schema)} from {_list(others)};"
        if welcome:
            yield f"grant usage on schema {NAMES.quoted(schema)} to {_list(welcome)};"
    yield ""


def _relation(planned: Plan, relation: GovernedRelation) -> Iterator[str]:
    name = NAMES.relation(relation)
    # takes the rights on single columns too
    yield f"revoke select on table {name} from {_list(planned.roles)};"
    whole = [
        role
        for role in planned.roles
        if Right(relation.schema, relation.name, None, role) in planned.rights
    ]
    if whole:
        yield f"grant select on table {name} to {_list(whole)};"
    for role in planned.roles:
        columns = [
            NAMES.column(column)
            for column in relation.columns
            if Right(relation.schema, relation.name, column.name, role) in planned.rights
        ]
        if columns:
            yield f"grant select ({', '.join(columns)}) on table {name} to {_role(role)};"


def _list(roles: tuple[str, ...] | list[str]) -> str:
    return ", ".join(map(_role, roles))


def _role(role: str) -> str:
    return EVERYBODY if role == EVERYBODY else NAMES.quoted(role)


def access_log(access: Access) -> str:
    """Who may read each personal column; who did read it is known to the log alone."""
    rows = [
        f"    ({text(relation.schema)}, {text(relation.name)}, {text(column.name)}, "
        f"{text(column.classification)})"
        for relation in _spelt(access).relations
        for column in relation.columns
        if column.classification is not None
    ]
    listed = ",\n".join(rows)
    return f"""\
-- PostgreSQL keeps no record of reads: `log_statement = 'all'` logs every statement, the extension
-- pgaudit each relation that was read (`pgaudit.log = 'read'`). This says who may read them today.
select schema_name, relation_name, column_name, classification, rolname
from (values
{listed}
) as personal (schema_name, relation_name, column_name, classification)
join pg_catalog.pg_namespace on nspname = schema_name
join pg_catalog.pg_class as relation on relnamespace = pg_namespace.oid and relname = relation_name
join pg_catalog.pg_attribute on attrelid = relation.oid and attname = column_name
join pg_catalog.pg_roles on has_column_privilege(pg_roles.oid, relation.oid, attnum, 'select')
where rolcanlogin
order by schema_name, relation_name, column_name, rolname;
"""
