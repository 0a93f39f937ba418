"""One warehouse on three engines: the same raw data, the same salt, the same second day."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engines.days import (
    BUILD,
    SECOND_DAY,
    Spark,
    import_salt,
    load,
    replace_raw,
    stop_session,
)
from tests.engines.processes import alive
from tests.postgres.conftest import database as database
from tests.postgres.conftest import postgres as postgres
from tests.postgres.server import Database, Server, fresh
from tests.warehouse import Warehouse


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
    # an executor ends by itself when its worker is gone
    end = time.monotonic() + 60
    while alive(str(running.home)) and time.monotonic() < end:
        time.sleep(0.1)
    assert alive(str(running.home)) == []
