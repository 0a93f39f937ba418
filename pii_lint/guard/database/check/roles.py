"""Roles: who writes the surfaces must not be able to switch the guardrail off."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.guard.database.check._drift import Drift
from pii_lint.guard.database.plan import Plan
from pii_lint.guard.database.session import Connection


def roles(plan: Plan, connection: Connection) -> Iterator[Drift]:
    for role in (plan.roles.owner, plan.roles.ingest, plan.roles.read):
        if not connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone():
            yield Drift("role-missing", role, "isn't there", "create the role", False)
    for (owner,) in connection.execute(
        "select rolname from pg_roles where rolname = %s and rolsuper", (plan.roles.owner,)
    ):
        yield Drift(
            "owner-superuser",
            str(owner),
            "owns the guards and is a superuser, so they run as one",
            "take it away with `alter role ... nosuperuser`",
            False,
        )
    rows = connection.execute(
        """
        with recursive surface as (
          select c.oid, c.relowner, c.relacl, c.relname
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname = %s and c.relname = any(%s)
        ), granted as (
          select acl.grantee as oid from surface s cross join aclexplode(s.relacl) as acl
          where acl.privilege_type in ('INSERT', 'UPDATE')
            and acl.grantee <> s.relowner and acl.grantee <> 0
          union
          select oid from pg_roles where rolname = %s
        ), ingesting (oid) as (
          select oid from granted
          union
          select m.member from pg_auth_members m join ingesting i on i.oid = m.roleid
        )
        select r.rolname, r.rolsuper,
          exists (select from surface s where s.relowner = r.oid) or r.rolname = %s,
          exists (
            select from pg_roles o where o.rolname = %s and o.oid <> r.oid
              and pg_has_role(r.oid, o.oid, 'MEMBER')
          ),
          exists (
            select from pg_roles o where o.oid <> r.oid
              and (o.rolsuper or o.rolname in
                ('pg_execute_server_program', 'pg_write_server_files'))
              and pg_has_role(r.oid, o.oid, 'MEMBER')
          ),
          r.oid = any(%s),
          exists (select from surface s where has_table_privilege(r.oid, s.oid, 'TRIGGER')),
          r.rolcreaterole and current_setting('server_version_num')::int < 160000,
          exists (
            select from pg_db_role_setting d cross join unnest(d.setconfig) as c (setting)
            where d.setrole in (r.oid, 0) and c.setting like 'session\\_replication\\_role=%%'
          )
        from ingesting i join pg_roles r on r.oid = i.oid
        order by r.rolname
        """,
        (
            plan.schema,
            sorted({surface.table for surface in plan.surfaces}),
            plan.roles.ingest,
            plan.roles.owner,
            plan.roles.owner,
            _may_silence_triggers(connection),
        ),
    ).fetchall()
    for name, *facts in rows:
        if facts[0]:
            # it may do all the rest as well
            yield _role(str(name), *_ROLE_FAULTS[0])
            continue
        for fact, fault in zip(facts, _ROLE_FAULTS, strict=True):
            if fact:
                yield _role(str(name), *fault)


def _may_silence_triggers(connection: Connection) -> list[object]:
    """Roles that were given the setting itself; before 15 only a superuser had it."""
    if connection.info.server_version < 150000:
        return []
    found = connection.execute(
        "select oid from pg_roles "
        "where has_parameter_privilege(oid, 'session_replication_role', 'SET')"
    )
    return [oid for (oid,) in found]


_ROLE_FAULTS = (
    ("role-superuser", "is a superuser", "take it away with `alter role ... nosuperuser`"),
    (
        "role-owner",
        "owns a surface or the guards, so it may disable them",
        "ingest as another role",
    ),
    (
        "role-member-of-owner",
        "may become the owner, and disable the guards",
        "revoke the membership",
    ),
    (
        "role-powerful",
        "may become a superuser or write the server's files",
        "revoke the membership",
    ),
    (
        "role-replication-setting",
        "may set session_replication_role, which silences triggers",
        "revoke it with `revoke set on parameter session_replication_role from ...`",
    ),
    (
        "role-trigger",
        "may put triggers of its own behind the guardrail",
        "revoke TRIGGER on the surface",
    ),
    (
        "role-createrole",
        "may make itself a member of the owner",
        "take it away with `alter role ... nocreaterole`",
    ),
    (
        "role-replication-setting",
        "starts with session_replication_role set",
        "run `alter role ... reset session_replication_role`, or `alter database ...`",
    ),
)


def _role(name: str, kind: str, what: str, mend: str) -> Drift:
    return Drift(kind, f"role {name}", what, mend, False)
