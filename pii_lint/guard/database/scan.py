"""Run the audit: batch by batch, each in a transaction of its own, so that no lock lasts."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from pii_lint.errors import ConfigError
from pii_lint.guard.database import names
from pii_lint.guard.database.plan import Plan
from pii_lint.guard.database.session import Connection, autocommitting


@dataclass(frozen=True, slots=True)
class Scanned:
    """What stands in the database now, and what of it nobody had filed."""

    findings: int
    new: int
    rows: int


def scan(plan: Plan, dsn: str, *, batch_size: int) -> Scanned:
    """Look at every row of every surface; a scan that broke off goes on where it stood.

    Raises where a batch fails. The run then says so in the database, and keeps its place.
    """
    with autocommitting(dsn) as connection:
        run = _one(connection, sql.SQL("select {}()").format(_in(plan, names.OPEN)))
        step = sql.SQL("select {}({}, {})").format(
            _in(plan, names.STEP), sql.Literal(run), sql.Literal(batch_size)
        )
        while more := _one(connection, step):
            pass
        row = connection.execute(
            sql.SQL(
                "select outcome, error_code, findings, new_findings, rows_scanned "
                "from {} where id = {}"
            ).format(_in(plan, names.RUNS), sql.Literal(run))
        ).fetchone()
    if more is None or row is None or row[0] != "ok":
        code = "unknown" if row is None else row[1]
        raise ConfigError(
            f"The audit scan broke off with SQLSTATE {code}: mend that and run `pii-lint guard "
            "scan` again, it goes on where it stood."
        )
    return Scanned(*(int(str(each)) for each in row[2:]))


def _one(connection: Connection, query: sql.Composed) -> object:
    row = connection.execute(query).fetchone()
    return None if row is None else row[0]


def _in(plan: Plan, name: str) -> sql.Identifier:
    return sql.Identifier(plan.schema, name)
