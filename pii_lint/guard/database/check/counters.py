"""The counters of refusals, and the view that shows them."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.guard.database.check._drift import APPLY, Drift, owned
from pii_lint.guard.database.plan import Plan
from pii_lint.guard.database.session import Connection


def counters(plan: Plan, connection: Connection) -> Iterator[Drift]:
    found = {
        str(name): str(owner)
        for name, owner in connection.execute(
            """
            select c.relname, pg_get_userbyid(c.relowner)
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = %s and c.relkind = 'S' and c.relname = any(%s)
            """,
            (plan.schema, list(plan.sequences)),
        )
    }
    for sequence in plan.sequences:
        where = f"{plan.schema}.{sequence}"
        if sequence not in found:
            yield Drift("counter-missing", where, "isn't there", APPLY)
        else:
            yield from owned(plan, where, found[sequence], "sequence")
    row = connection.execute(
        """
        select pg_get_userbyid(c.relowner), (
          select count(distinct d.refobjid) from pg_rewrite r
          join pg_depend d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass
          join pg_class s on s.oid = d.refobjid and s.relkind = 'S'
          where r.ev_class = c.oid and s.relname = any(%s)
        )
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = %s and c.relname = %s and c.relkind = 'v'
        """,
        (list(plan.sequences), plan.schema, plan.view.name),
    ).fetchone()
    where = f"{plan.schema}.{plan.view.name}"
    if row is None:
        yield Drift("view-missing", where, "isn't there", APPLY)
        return
    if row[1] != len(plan.sequences):
        yield Drift("view-changed", where, "doesn't show every counter", APPLY)
    yield from owned(plan, where, str(row[0]), "view")
