"""Rows for the application's tables."""

from __future__ import annotations

import json
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql

from tests.postgres.server import Database

TENANT = "00000000-0000-4000-8000-00000000000a"
OTHER_TENANT = "00000000-0000-4000-8000-00000000000b"
CANARY = "canary.person@example.invalid"
"""Must stand in no message."""


@dataclass(frozen=True, slots=True)
class Surface:
    table: str
    column: str
    others: tuple[tuple[str, object], ...]


SURFACES = (
    Surface("attribution_events", "raw_payload", ()),
    Surface("dead_events", "raw_payload", (("error_code", "PII_DETECTED"),)),
    Surface(
        "revenue_ledger",
        "metadata",
        (
            ("transaction_id", "t-1"),
            ("amount_cents", 1999),
            ("currency", "EUR"),
            ("state", "captured"),
        ),
    ),
)
EVENTS, DEAD, LEDGER = SURFACES


def insert(
    database: Database,
    payload: object,
    surface: Surface = EVENTS,
    *,
    user: str = "app_rw",
    tenant: str = TENANT,
    record: str | None = None,
) -> None:
    """Insert a row as the application does, with bound parameters."""
    values = {
        "tenant_id": tenant,
        surface.column: None if payload is None else json.dumps(payload),
        **dict(surface.others),
    }
    if record is not None:
        values["id"] = record
    statement = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(surface.table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    with database.connect(user) as connection:
        connection.execute("select set_config('app.tenant_id', %s, false)", (tenant,))
        connection.execute(statement, list(values.values()))


def refused(database: Database, payload: object, surface: Surface = EVENTS) -> str:
    """The message of the refusal, which must be one."""
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        insert(database, payload, surface)
    said = caught.value.diag
    assert CANARY not in str(caught.value)
    assert said.message_detail is None
    assert said.message_primary is not None
    return said.message_primary


def count(database: Database, table: str) -> int:
    return int(str(database.run(f"select count(*) from {table}")[0][0]))


def plant(
    database: Database, payload: object, surface: Surface = EVENTS, record: str | None = None
) -> None:
    """A row that gets past the triggers, as a superuser's replication does."""
    values: dict[str, object] = {
        "tenant_id": TENANT,
        surface.column: json.dumps(payload),
        **dict(surface.others),
    }
    if record is not None:
        values["id"] = record
    with database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                sql.Identifier(surface.table),
                sql.SQL(", ").join(map(sql.Identifier, values)),
                sql.SQL(", ").join(sql.Placeholder() * len(values)),
            ),
            list(values.values()),
        )
