"""Two days of one warehouse, and how they get onto each engine."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.postgres.server import Database
from tests.warehouse import REPOSITORY, Warehouse

# what dbt tests is tested elsewhere; on Spark each test is a job
BUILD = ["build", "--exclude-resource-type", "test", "unit_test"]
SALT = secrets.token_hex(32)

# What a day brings: an event of today, one that arrives late, one that was corrected; a consent
# that is withdrawn, a person who is gone, one who is new. Written for DuckDB, copied to the others.
SECOND_DAY = (
    "insert into main.raw_event select 9001, max(occurred_at) + interval 1 day, 'login', 3, 3, "
    """'{"page": "/reports", "email": "late@example.com"}' from main.raw_event""",
    "insert into main.raw_event select 9002, max(occurred_at) - interval 2 day, 'login', 4, 4, "
    '\'{"page": "/reports"}\' from main.raw_event',
    "update main.raw_event set event_type = 'settings_saved' where occurred_at = "
    "(select max(occurred_at) from main.raw_event where id < 9000)",
    "update main.raw_customers set consent_type = 'transactional' where id = 4",
    "delete from main.raw_orders where customer_id = 8",
    "delete from main.raw_customers where id = 8",
    "insert into main.raw_customers select 9001 as id, * exclude (id) replace "
    "('new@example.com' as email) from main.raw_customers where id = 4",
)


@dataclass(frozen=True, slots=True)
class Spark:
    """The warehouse on a cluster, with what was kept of its first day."""

    warehouse: Warehouse
    home: Path
    first_manifest: Path
    workers: dict[str, str]
    pids: tuple[int, ...]
    events: Path = field(repr=False)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """By the session that dbt left open in this process."""
        from pyspark.sql import SparkSession

        session = SparkSession.getActiveSession()
        assert session is not None
        return [tuple(row) for row in session.sql(sql).collect()]


def import_salt(warehouse: Warehouse, target: str) -> None:
    """As a user does, in a process that ends."""
    done = salt_command(warehouse, target, "import", "--from-env", "SALT")
    assert done.returncode == 0, done.stderr


def salt_command(
    warehouse: Warehouse, target: str, *words: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "pii_lint", "salt", *words, "--target", target],
        cwd=warehouse.project_dir,
        env=kept | dict(warehouse.environ) | {"SALT": SALT, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )


def replace_raw(database: Database, folder: Path) -> None:
    """The second day's rows in the tables that stand."""
    import duckdb

    with database.connect() as connection, connection.cursor() as cursor:
        for file in sorted(folder.glob("*.parquet")):
            rows = duckdb.sql(f"select * from read_parquet('{file}')").fetchall()
            cursor.execute(f"delete from raw.{file.stem}".encode())
            with cursor.copy(f"copy raw.{file.stem} from stdin".encode()) as copy:
                for row in rows:
                    copy.write_row(row)


def load(warehouse: Warehouse, folder: Path) -> None:
    words = ["--target", "spark", "--args", f"{{folder: {folder}}}"]
    assert warehouse.run(["run-operation", "load_raw_parquet", *words]).success


def stop_session() -> None:
    """The driver lives in this process, and its Java beside it."""
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    if context is not None:
        context.stop()
    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(120)
        SparkContext._gateway = SparkContext._jvm = None
