"""The audit's tables: columns, types and indexes."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.guard.database.check._drift import APPLY, Drift, owned
from pii_lint.guard.database.plan import Plan, Table
from pii_lint.guard.database.session import Connection


def tables(plan: Plan, connection: Connection) -> Iterator[Drift]:
    for table in plan.tables:
        where = f"{plan.schema}.{table.name}"
        row = connection.execute(
            """
            select c.oid::bigint, pg_get_userbyid(c.relowner), c.relrowsecurity,
              c.relpersistence::text
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = %s and c.relname = %s and c.relkind in ('r', 'p')
            """,
            (plan.schema, table.name),
        ).fetchone()
        if row is None:
            yield Drift("table-missing", where, "isn't there", APPLY)
            continue
        oid, owner, secured, persistence = row
        yield from owned(plan, where, str(owner), "table")
        if secured:
            yield Drift(
                "table-changed",
                where,
                "has row security, which hides findings from readers",
                "switch it off with `alter table ... disable row level security`",
                False,
            )
        if persistence != "p":
            yield Drift(
                "table-changed",
                where,
                "is unlogged, so a crash empties it",
                "run `alter table ... set logged`",
                False,
            )
        yield from _columns(table, where, int(str(oid)), connection)
        yield from _indexes(table, where, int(str(oid)), connection)


def _columns(table: Table, where: str, oid: int, connection: Connection) -> Iterator[Drift]:
    found = {
        str(name): (str(kind), bool(required))
        for name, kind, required in connection.execute(
            """
            select attname, format_type(atttypid, atttypmod), attnotnull from pg_attribute
            where attrelid = %s and attnum > 0 and not attisdropped
            """,
            (oid,),
        )
    }
    mend = "alter the table to what `pii-lint guard ddl` writes"
    for column in table.columns:
        there = found.pop(column.name, None)
        place = f"{where}.{column.name}"
        if there is None:
            yield Drift("column-missing", place, "isn't there", mend, False)
        elif there[0] != column.type:
            yield Drift("column-changed", place, f"isn't of type {column.type}", mend, False)
        elif there[1] != column.required:
            state = "may be null" if column.required else "may not be null"
            yield Drift("column-changed", place, state, mend, False)
    for name in found:
        yield Drift(
            "column-excess",
            f"{where}.{name}",
            "isn't planned and may hold values",
            "drop the column",
            False,
        )


def _indexes(table: Table, where: str, oid: int, connection: Connection) -> Iterator[Drift]:
    found = {
        str(name): (str(definition), bool(unique), bool(valid))
        for name, definition, unique, valid in connection.execute(
            """
            select c.relname, substring(pg_get_indexdef(c.oid) from '\\((.*)\\)$'), i.indisunique,
              i.indisvalid and i.indisready
            from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = %s
            """,
            (oid,),
        )
    }
    for index in table.indexes:
        there = found.get(index.name)
        mend = f"drop index {index.name}, then {APPLY}"
        if there is None:
            yield Drift("index-missing", index.name, f"isn't there on {where}", APPLY)
        elif there[:2] != (index.columns, index.unique):
            yield Drift("index-changed", index.name, f"on {where} is another one", mend, False)
        elif not there[2]:
            yield Drift("index-changed", index.name, f"on {where} is invalid", mend, False)
