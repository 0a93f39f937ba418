"""Put the plan into a database, in one transaction, and only where something is missing."""

from __future__ import annotations

from dataclasses import dataclass

from pii_lint.errors import ConfigError
from pii_lint.guard.database.check import Drift, drifts
from pii_lint.guard.database.check.triggers import strays
from pii_lint.guard.database.ddl import up_statements
from pii_lint.guard.database.plan import Plan
from pii_lint.guard.database.session import Connection, session

_LOCK_PATIENCE = "10s"
"""How long writers may be held up by the wait for a table's lock."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What stood against the plan before, and what still does."""

    before: tuple[Drift, ...]
    after: tuple[Drift, ...]


def apply(plan: Plan, dsn: str, *, dry_run: bool = False) -> Applied:
    """Bring the database to the plan; with `dry_run` everything is tried and then rolled back."""
    with session(dsn) as connection:
        _demand_ground(plan, connection)
        for stray in strays(plan, connection):
            raise ConfigError(stray.sentence)
        before = drifts(plan, connection)
        if not any(each.mended_by_apply for each in before):
            return Applied(before, before)
        connection.execute(f"set local lock_timeout = '{_LOCK_PATIENCE}'".encode())
        for statement in up_statements(plan):
            connection.execute(statement.encode())
        connection.execute("reset role")
        connection.execute("set local search_path = pg_catalog, pg_temp")
        after = drifts(plan, connection)
        if dry_run:
            connection.rollback()
    return Applied(before, after)


def _demand_ground(plan: Plan, connection: Connection) -> None:
    """Raise where what the plan stands on isn't there: it would fail halfway with less to say."""
    for role in (plan.roles.owner, plan.roles.ingest, plan.roles.read):
        if not connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone():
            raise ConfigError(
                f"There is no role `{role}`: create it, or name yours with --owner-role, "
                "--ingest-role and --read-role."
            )
    for surface in plan.surfaces:
        where = f"{plan.schema}.{surface.table}"
        row = connection.execute(
            """
            select c.relkind::text, pg_get_userbyid(c.relowner),
              (select format_type(atttypid, null) from pg_attribute
                where attrelid = c.oid and attname = %s and not attisdropped),
              (select format_type(atttypid, null) from pg_attribute
                where attrelid = c.oid and attname = %s and not attisdropped)
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = %s and c.relname = %s
            """,
            (surface.column, surface.record_key, plan.schema, surface.table),
        ).fetchone()
        if row is None or row[0] not in ("r", "p"):
            raise ConfigError(
                f"There is no table `{where}`: run the application's migrations first, or name "
                "your own surfaces with --surfaces."
            )
        if row[2] not in ("jsonb", "json"):
            raise ConfigError(
                f"`{where}.{surface.column}` isn't jsonb: the guardrail looks at keys of JSON, so "
                "name the column that holds it."
            )
        if row[3] != "uuid":
            raise ConfigError(
                f"`{where}.{surface.record_key}` isn't a uuid: a finding names its row by one, so "
                "name such a column as the surface's record_key."
            )
        if row[1] != plan.roles.owner:
            raise ConfigError(
                f"`{where}` belongs to `{row[1]}`, not to `{plan.roles.owner}`: name its owner "
                "with --owner-role, or give it the owner it is meant to have."
            )
