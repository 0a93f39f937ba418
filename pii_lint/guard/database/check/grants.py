"""Rights on the audit's tables: readers read, and nobody but the owner writes."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.guard.database.check._drift import APPLY, Drift
from pii_lint.guard.database.plan import Plan
from pii_lint.guard.database.session import Connection


def grants(plan: Plan, connection: Connection) -> Iterator[Drift]:
    for relation in plan.readable:
        where = f"{plan.schema}.{relation}"
        acl = connection.execute(
            """
            select coalesce(r.rolname, 'public'), acl.privilege_type
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            cross join aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) as acl
            left join pg_roles r on r.oid = acl.grantee
            where n.nspname = %s and c.relname = %s and acl.grantee <> c.relowner
            """,
            (plan.schema, relation),
        ).fetchall()
        if not connection.execute(
            "select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = %s and c.relname = %s",
            (plan.schema, relation),
        ).fetchone():
            continue
        given = {(str(role), str(privilege)) for role, privilege in acl}
        for role in (plan.roles.ingest, plan.roles.read):
            if (role, "SELECT") not in given:
                yield Drift("grant-missing", where, f"can't be read by {role}", APPLY)
        for role, privilege in sorted(given):
            if privilege != "SELECT" and role in (plan.roles.ingest, plan.roles.read, "public"):
                yield Drift("grant-excess", where, f"gives {privilege} to {role}", APPLY)
            elif privilege != "SELECT":
                yield Drift(
                    "grant-excess",
                    where,
                    f"gives {privilege} to {role}",
                    f"revoke it from {role}",
                    False,
                )
