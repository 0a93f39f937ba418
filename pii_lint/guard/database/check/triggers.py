"""Triggers: on every surface and each of its partitions, enabled, without a condition."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.guard.database import names
from pii_lint.guard.database.check._drift import APPLY, Drift, owned
from pii_lint.guard.database.plan import Plan, Trigger
from pii_lint.guard.database.session import Connection

_BEFORE_ROW_INSERT_UPDATE = 1 | 2 | 4 | 16
"""Bits of pg_trigger.tgtype."""


def triggers(plan: Plan, connection: Connection) -> Iterator[Drift]:
    for trigger in plan.triggers:
        table = f"{plan.schema}.{trigger.table}"
        relations = connection.execute(
            """
            with recursive family (oid) as (
              select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where n.nspname = %s and c.relname = %s and c.relkind in ('r', 'p')
              union
              select i.inhrelid from pg_inherits i join family f on f.oid = i.inhparent
            )
            select c.oid::bigint, format('%%s.%%s', n.nspname, c.relname),
              pg_get_userbyid(c.relowner), c.relname = %s and n.nspname = %s, c.relispartition
            from family f join pg_class c on c.oid = f.oid
            join pg_namespace n on n.oid = c.relnamespace
            order by 4 desc, 2
            """,
            (plan.schema, trigger.table, trigger.table, plan.schema),
        ).fetchall()
        if not relations:
            yield Drift(
                "table-missing", table, "isn't there", "run the application's migrations", False
            )
        for oid, relation, owner, is_surface, is_partition in relations:
            yield from _trigger(
                plan, trigger, connection, int(str(oid)), str(relation), bool(is_partition)
            )
            if is_surface:
                yield from owned(plan, str(relation), str(owner), "table")
    yield from strays(plan, connection)


def strays(plan: Plan, connection: Connection) -> Iterator[Drift]:
    """Guardrails on tables that aren't planned: the function would refuse every row there."""
    rows = connection.execute(
        """
        select t.tgname, format('%%s.%%s', cn.nspname, c.relname)
        from pg_trigger t
        join pg_class c on c.oid = t.tgrelid
        join pg_namespace cn on cn.oid = c.relnamespace
        join pg_proc p on p.oid = t.tgfoid
        join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = %s and p.proname = %s and not t.tgisinternal and t.tgparentid = 0
          and not (cn.nspname = %s and t.tgname = any(%s))
          and t.tgargs <> all(%s)
        order by 1, 2
        """,
        (
            plan.schema,
            names.ENFORCE,
            plan.schema,
            [trigger.name for trigger in plan.triggers],
            [trigger.table.encode() + b"\0" for trigger in plan.triggers],
        ),
    )
    for name, relation in rows:
        yield Drift(
            "trigger-excess",
            f"{name} on {relation}",
            "guards a table that isn't planned",
            "list it as a surface, or drop the trigger",
            False,
        )


def _trigger(
    plan: Plan, trigger: Trigger, connection: Connection, oid: int, relation: str, partition: bool
) -> Iterator[Drift]:
    where = f"{trigger.name} on {relation}"
    row = connection.execute(
        """
        select t.tgenabled::text, t.tgtype::int, t.tgqual is null, t.tgattr::text = '',
          t.tgargs, n.nspname = %s and p.proname = %s, obj_description(t.oid, 'pg_trigger'),
          t.tgconstraint = 0 and not t.tgdeferrable
        from pg_trigger t
        join pg_proc p on p.oid = t.tgfoid
        join pg_namespace n on n.oid = p.pronamespace
        where t.tgrelid = %s and t.tgname = %s and not t.tgisinternal
        """,
        (plan.schema, names.ENFORCE, oid, trigger.name),
    ).fetchone()
    own = f"{plan.schema}.{trigger.table}" == relation
    mend = APPLY if own or partition else "give the child table its own trigger, or detach it"
    if row is None:
        yield Drift("trigger-missing", where, "isn't there", mend, own)
        return
    enabled, kind, unconditional, every_column, arguments, enforces, comment, plain = row
    if enabled not in ("O", "A"):
        state = "fires for replication alone" if enabled == "R" else "is disabled"
        if partition and not own:
            mend = "enable it with `alter table ... enable trigger` on the partition"
        yield Drift("trigger-disabled", where, state, mend, own)
    given = bytes(arguments) if isinstance(arguments, bytes | memoryview) else b""
    facts = (
        (kind == _BEFORE_ROW_INSERT_UPDATE, "doesn't fire before each inserted and updated row"),
        (unconditional, "has a condition"),
        (every_column, "fires on some columns alone"),
        (enforces, "calls another function"),
        (given == trigger.table.encode() + b"\0", "has other arguments"),
        (plain, "is a constraint trigger"),
        (not own or comment == trigger.comment, "has another comment or none"),
    )
    for holds, what in facts:
        if not holds:
            yield Drift("trigger-changed", where, what, mend, own)
