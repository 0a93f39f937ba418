"""One warehouse on three engines: the same raw data, the same salt, the same second day."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.engines.processes import alive
from tests.postgres.conftest import postgres as postgres
from tests.postgres.server import Database, Server, fresh
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


@pytest.fixture(scope="module")
def duckdb_days(bare_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Raw tables of the first day, and the salt; nothing is built yet."""
    folder = tmp_path_factory.mktemp("engines") / "acme"
    shutil.copytree(bare_warehouse.project_dir, folder)
    warehouse = Warehouse(folder)
    assert warehouse.run(["seed", "--vars", "load_raw: true"]).success
    import_salt(warehouse, "dev")
    return warehouse


@pytest.fixture(scope="module")
def parquet(duckdb_days: Warehouse) -> tuple[Path, Path]:
    """The raw tables of both days as files."""
    import duckdb

    from ops.raw_to_parquet import export

    first, second = (duckdb_days.project_dir / f"raw-{day}" for day in (1, 2))
    export(duckdb_days.database, first)
    altered = duckdb_days.project_dir / "altered.duckdb"
    shutil.copy(duckdb_days.database, altered)
    with duckdb.connect(str(altered)) as connection:
        for statement in SECOND_DAY:
            connection.execute(statement)
    export(altered, second)
    altered.unlink()
    return first, second


@pytest.fixture(scope="module")
def on_duckdb(duckdb_days: Warehouse, parquet: tuple[Path, Path]) -> Warehouse:
    assert duckdb_days.run(BUILD).success
    for statement in SECOND_DAY:
        duckdb_days.query(statement)
    assert duckdb_days.run(BUILD).success
    return duckdb_days


@pytest.fixture(scope="module")
def on_postgres(
    bare_warehouse: Warehouse,
    parquet: tuple[Path, Path],
    postgres: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("engines-postgres") / "acme"
    shutil.copytree(bare_warehouse.project_dir, folder)
    target = ["--target", "postgres"]
    with fresh(postgres) as database:
        for role in ("analyst", "pii_reader"):
            database.run(f"drop role if exists {role}; create role {role}")
        warehouse = Warehouse(
            folder,
            {
                "POSTGRES_HOST": str(postgres.sockets),
                "POSTGRES_PORT": str(postgres.port),
                "POSTGRES_USER": "postgres",
                "POSTGRES_PASSWORD": "none-by-socket",
                "POSTGRES_DATABASE": database.name,
            },
        )
        assert warehouse.run(["seed", *target, "--vars", "load_raw: true"]).success
        import_salt(warehouse, "postgres")
        assert warehouse.run([*BUILD, *target]).success
        replace_raw(database, parquet[1])
        assert warehouse.run([*BUILD, *target]).success
        yield database


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


@pytest.fixture(scope="module")
def on_spark(
    bare_warehouse: Warehouse,
    parquet: tuple[Path, Path],
    require: Callable[[str], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Spark]:
    """On a standalone cluster of two workers; the salt came by a process of its own."""
    require("spark")
    require("java")
    from ops.with_spark import cluster

    folder = tmp_path_factory.mktemp("engines-spark") / "acme"
    shutil.copytree(bare_warehouse.project_dir, folder)
    target = ["--target", "spark"]
    with cluster() as running:
        warehouse = Warehouse(folder, running.environment)
        import_salt(warehouse, "spark")
        try:
            load(warehouse, parquet[0])
            assert warehouse.run([*BUILD, *target]).success
            first = shutil.copy(warehouse.target_dir / "manifest.json", folder / "first.json")
            load(warehouse, parquet[1])
            assert warehouse.run([*BUILD, *target]).success
            yield Spark(
                warehouse,
                running.home,
                Path(first),
                running.workers(),
                running.pids,
                running.home / "events",
            )
        finally:
            stop_session()
    assert alive(str(running.home)) == []


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
        gateway.proc.wait(30)
        SparkContext._gateway = SparkContext._jvm = None
