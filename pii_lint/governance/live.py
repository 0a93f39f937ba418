"""A live PostgreSQL held against the plan: every difference by name, nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import psycopg
from psycopg.conninfo import make_conninfo

from pii_lint.administrators import refuse_administrators
from pii_lint.errors import ConfigError
from pii_lint.governance.names import EVERYBODY
from pii_lint.governance.postgres import LEFT_ALONE, TAG, Plan, Right

_Rows: TypeAlias = Callable[[str, Mapping[str, list[str]]], list[tuple[str, ...]]]

_KINDS = "relkind in ('r', 'p', 'v', 'm', 'f')"
_THERE = f"""
select nspname, relname, attname
from pg_catalog.pg_attribute
join pg_catalog.pg_class as relation on relation.oid = attrelid
join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
where nspname = any(%(schemas)s) and {_KINDS} and attnum > 0 and not attisdropped
"""
# a relation without columns counts too
_RELATIONS = f"""
select nspname, relname
from pg_catalog.pg_class
join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
where nspname = any(%(schemas)s) and {_KINDS}
"""
_RIGHTS = f"""
select nspname, relname, attname, grantee
from (
    select nspname, relname, null::name as attname, relowner, relacl as list
    from pg_catalog.pg_class
    join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
    where nspname = any(%(schemas)s) and {_KINDS}
    union all
    select nspname, relname, attname, relowner, attacl
    from pg_catalog.pg_attribute
    join pg_catalog.pg_class as relation on relation.oid = attrelid
    join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
    where nspname = any(%(schemas)s) and {_KINDS} and not attisdropped
) as held
cross join lateral (
    select case when grantee = 0 then '{EVERYBODY}' else pg_catalog.pg_get_userbyid(grantee) end
    from pg_catalog.aclexplode(list)
    where privilege_type = 'SELECT' and grantee <> relowner
) as given (grantee)
"""
_USAGE = f"""
select nspname,
    case when grantee = 0 then '{EVERYBODY}' else pg_catalog.pg_get_userbyid(grantee) end
from pg_catalog.pg_namespace cross join lateral pg_catalog.aclexplode(nspacl)
where nspname = any(%(schemas)s) and privilege_type = 'USAGE' and grantee <> nspowner
"""
# without a schema it is for every one
_LATER = f"""
select coalesce(nspname, ''),
    case when grantee = 0 then '{EVERYBODY}' else pg_catalog.pg_get_userbyid(grantee) end
from pg_catalog.pg_default_acl
left join pg_catalog.pg_namespace on pg_namespace.oid = defaclnamespace
cross join lateral pg_catalog.aclexplode(defaclacl)
where defaclobjtype = 'r' and privilege_type = 'SELECT' and grantee <> defaclrole
    and (defaclnamespace = 0 or nspname = any(%(schemas)s))
"""
_COMMENTS = f"""
select nspname, relname, attname, pg_catalog.col_description(relation.oid, attnum)
from pg_catalog.pg_attribute
join pg_catalog.pg_class as relation on relation.oid = attrelid
join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
where nspname = any(%(schemas)s) and {_KINDS} and attnum > 0 and not attisdropped
    and pg_catalog.col_description(relation.oid, attnum) is not null
"""
_ROLES = "select rolname from pg_catalog.pg_roles"
# whoever owns a relation made it, and reads it whatever is granted
_REACHES = f"""
select nspname, relname, attname, rolname
from unnest(%(schema)s::text[], %(relation)s::text[], %(column)s::text[], %(role)s::text[])
    as asked (schema_name, relation_name, column_name, role_name)
join pg_catalog.pg_namespace on nspname = schema_name
join pg_catalog.pg_class as relation
    on relnamespace = pg_namespace.oid and relname = relation_name and {_KINDS}
join pg_catalog.pg_attribute on attrelid = relation.oid and attname = column_name
join pg_catalog.pg_roles on rolname = role_name
where pg_catalog.has_column_privilege(pg_roles.oid, relation.oid, attnum, 'select')
    and pg_roles.oid <> relowner
"""


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One thing that isn't as planned."""

    where: str
    what: str

    @property
    def sentence(self) -> str:
        """As it is told."""
        return f"{self.where}: {self.what}"


def differences(planned: Plan, settings: Mapping[str, str]) -> tuple[Difference, ...]:
    """Every difference between a database and the plan, in order; it is only read."""
    with _session(settings) as connection:
        return tuple(sorted(set(_differences(planned, connection))))


def _differences(
    planned: Plan, connection: psycopg.Connection[tuple[object, ...]]
) -> Iterator[Difference]:
    within = {"schemas": sorted({relation.schema for relation in planned.relations})}

    def rows(sql: str, values: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
        found = connection.execute(sql.encode(), values).fetchall()
        return [tuple("" if cell is None else str(cell) for cell in row) for row in found]

    columns = set(rows(_THERE, within))
    relations = {(schema, name) for schema, name in rows(_RELATIONS, within)}
    roles = {name for (name,) in rows(_ROLES, {})} | {EVERYBODY}
    yield from _missing(planned, relations, columns, roles)

    ours = {(relation.schema, relation.name) for relation in planned.relations}
    granted = {
        Right(schema, name, column or None, role)
        for schema, name, column, role in rows(_RIGHTS, within)
        if role not in planned.builders
    }
    held = {right for right in granted if (right.schema, right.relation) in ours}
    yield from _left_behind(planned, granted - held)
    wanted = {
        right
        for right in planned.rights
        if (right.schema, right.relation) in relations
        and (right.column is None or (right.schema, right.relation, right.column) in columns)
    }
    yield from _rights(planned, held, wanted)
    yield from _usage(planned, {(schema, role) for schema, role in rows(_USAGE, within)})
    yield from _later(planned, {(schema, role) for schema, role in rows(_LATER, within)})
    told = {(schema, name, column): text for schema, name, column, text in rows(_COMMENTS, within)}
    yield from _comments(planned, told, columns, ours)
    yield from _reached(planned, held, rows)


def _missing(
    planned: Plan,
    relations: set[tuple[str, str]],
    columns: set[tuple[str, ...]],
    roles: set[str],
) -> Iterator[Difference]:
    for role in planned.roles:
        if role not in roles:
            yield Difference(f"role {role}", "isn't there")
    for relation in planned.relations:
        called = f"{relation.schema}.{relation.name}"
        if (relation.schema, relation.name) not in relations:
            yield Difference(called, "isn't there")
            continue
        for column in relation.columns:
            personal = column.classification is not None
            if personal and (relation.schema, relation.name, column.name) not in columns:
                yield Difference(f"{called}.{column.name}", "isn't there")


def _rights(planned: Plan, held: set[Right], wanted: set[Right]) -> Iterator[Difference]:
    for right in held - wanted:
        known = "" if right.role in planned.roles else ", and neither policy nor grants name it"
        yield Difference(_place(right), f"{right.role} may read it and must not{known}")
    for right in wanted - held:
        yield Difference(_place(right), f"{right.role} should read it and may not")


def _left_behind(planned: Plan, elsewhere: set[Right]) -> Iterator[Difference]:
    """What stands beside the project's relations, for instance since a model moved away."""
    for right in elsewhere:
        if right.role in planned.roles and right.schema != LEFT_ALONE:
            yield Difference(
                _place(right), f"{right.role} may read it, and the project doesn't know it"
            )


def _usage(planned: Plan, held: set[tuple[str, str]]) -> Iterator[Difference]:
    schemas = {relation.schema for relation in planned.relations} - {LEFT_ALONE}
    # others enter by rights of their own; what they read there is told by itself
    ours = {(schema, role) for schema, role in held if role in planned.roles}
    for schema, role in sorted(ours - planned.usage):
        if schema in schemas:
            yield Difference(f"schema {schema}", f"{role} may use it and must not")
    for schema, role in sorted(planned.usage - held):
        yield Difference(f"schema {schema}", f"{role} should use it and may not")


def _later(planned: Plan, held: set[tuple[str, str]]) -> Iterator[Difference]:
    """Rights on tables that don't stand there yet: for who reads all that does."""
    for schema, role in held:
        there = [one for one in planned.relations if schema in ("", one.schema)]
        if role in planned.roles and not all(
            Right(one.schema, one.name, None, role) in planned.rights for one in there
        ):
            where = f"later tables in schema {schema}" if schema else "later tables in any schema"
            yield Difference(where, f"{role} may read them and must not")


def _comments(
    planned: Plan,
    told: Mapping[tuple[str, str, str], str],
    columns: set[tuple[str, ...]],
    ours: set[tuple[str, str]],
) -> Iterator[Difference]:
    for place, text in planned.comments.items():
        if place in columns and told.get(place) != text:
            tag = text.partition("\n")[0]
            had = told.get(place, "").startswith(TAG)
            yield Difference(
                ".".join(place), f"its comment should say `{tag}`{' and says another' * had}"
            )
    for place, text in told.items():
        if place[:2] in ours and place not in planned.comments and text.startswith(TAG):
            yield Difference(".".join(place), "its comment says it is personal, and it isn't")


def _reached(planned: Plan, held: set[Right], rows: _Rows) -> Iterator[Difference]:
    """What a role reads by membership or by standing, which no grant on the relation shows."""
    asked = sorted(
        planned.refused, key=lambda one: (one.schema, one.relation, one.column or "", one.role)
    )
    values = {
        "schema": [one.schema for one in asked],
        "relation": [one.relation for one in asked],
        "column": [one.column or "" for one in asked],
        "role": [one.role for one in asked],
    }
    for schema, relation, column, role in rows(_REACHES, values):
        explained = {
            Right(schema, relation, each, who)
            for each in (None, column)
            for who in (role, EVERYBODY)
        }
        if not explained & held:
            yield Difference(
                f"{schema}.{relation}.{column}",
                f"{role} may read it through another role or as administrator, and must not",
            )


def _place(right: Right) -> str:
    return ".".join(filter(None, (right.schema, right.relation, right.column)))


@contextmanager
def _session(
    settings: Mapping[str, str],
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    where = f"{settings.get('dbname', 'the database')} on {settings.get('host', 'its host')}"
    # The driver's own error is dropped: it may quote a password.
    try:
        with psycopg.connect(make_conninfo(**settings)) as connection:
            connection.read_only = True
            connection.execute("set search_path = pg_catalog, pg_temp")
            refuse_administrators(
                lambda sql: connection.execute(sql.encode()).fetchall(),
                where,
                connection.info.host,
            )
            yield connection
    except psycopg.OperationalError:
        raise ConfigError(
            f"No connection to {where}: check that the server runs, and the target's user, "
            "password and TLS settings."
        ) from None
    except psycopg.Error as error:
        raise ConfigError(
            f"PostgreSQL could not be read in {where} ({type(error).__name__}): check the role's "
            "rights and the server's log."
        ) from None
