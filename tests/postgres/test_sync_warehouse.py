"""The warehouse of this repository, filled from a product's database as in `make demo-postgres`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pii_lint.cli import main
from tests.postgres.server import Server, folder, fresh
from tests.warehouse import REPOSITORY, Warehouse

pytestmark = pytest.mark.slow
PAYLOADS = {
    "raw_event": "metadata",
    "raw_attribution_events": "raw_payload",
    "raw_dead_events": "raw_payload",
    "raw_revenue_ledger": "metadata",
}


@pytest.fixture(scope="module")
def synced(
    postgres: Server, bare_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The DuckDB file that a role which may only read has filled."""
    file = tmp_path_factory.mktemp("synced") / "acme.duckdb"
    programs = folder()
    assert programs is not None
    # roles are the server's, and its own ends with these tests
    with fresh(postgres) as product, pytest.MonkeyPatch.context() as patch:
        subprocess.run(
            [programs / "psql", product.dsn, "-qv", "ON_ERROR_STOP=1", "-f", "ops/source.sql"],
            cwd=REPOSITORY,
            check=True,
        )
        patch.setenv("PII_LINT_SOURCE_DSN", product.dsn_as("sync_warehouse"))
        asked = ["--project-dir", str(bare_warehouse.project_dir), "--database", str(file)]
        assert main(["sync", *asked]) == 0
        yield file
        product.run("drop owned by sync_warehouse; drop role sync_warehouse")


def _rows(file: Path, sql: str) -> list[tuple[object, ...]]:
    import duckdb

    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_each_raw_table_has_the_columns_that_its_source_lists(
    synced: Path, bare_warehouse: Warehouse
) -> None:
    manifest = json.loads((bare_warehouse.target_dir / "manifest.json").read_text("utf-8"))
    for source in manifest["sources"].values():
        if source["package_name"] != "acme" or source["source_name"] != "raw":
            continue
        there = _rows(
            synced,
            "select column_name from information_schema.columns "
            f"where table_name = '{source['identifier']}' order by ordinal_position",
        )
        assert [name for (name,) in there] == list(source["columns"]), source["identifier"]


def test_no_payload_brings_a_listed_key_with_it(synced: Path) -> None:
    canaries = json.loads((REPOSITORY / "seeds" / "canaries.json").read_text("utf-8"))
    for table, column in PAYLOADS.items():
        found = _rows(synced, f"select {column}::varchar from {table} where {column} is not null")
        assert found
        text = "\n".join(str(value) for (value,) in found)
        for key, value in canaries[table].items():
            assert value not in text, (table, key)
    letters = _rows(synced, "select count(*) from pii_lint_sync.dead_letters")
    assert letters > [(0,)]


def test_what_the_warehouse_does_not_want_stays_in_the_product(synced: Path) -> None:
    assert b"password_hash" not in synced.read_bytes()


def test_whoever_was_forgotten_stays_out(
    synced: Path, bare_warehouse: Warehouse, tmp_path: Path
) -> None:
    acme = Warehouse(tmp_path / "acme")
    shutil.copytree(bare_warehouse.project_dir, acme.project_dir)
    file, who = acme.database, tmp_path / "who"
    shutil.copyfile(synced, file)
    assert acme.run(["compile", "--quiet"]).success
    ((email,),) = _rows(file, "select email from raw_customers where id = 14")
    who.write_text(str(email), "utf-8")
    project = ["--project-dir", str(acme.project_dir), "--database", str(file)]
    assert main(["forget-subject", "--subject-file", str(who), "--yes", *project]) == 0
    gone = (
        "select (select count(*) from raw_customers where id = 14), "
        "(select count(*) from raw_orders where customer_id = 14), (select count(*) from "
        f"raw_dead_events where raw_payload like '%{email}%'), (select count(*) from raw_orders)"
    )
    before = _rows(file, gone)
    assert before == [(0, 0, 0, 40)]
    for _ in range(2):
        assert main(["sync", *project]) == 0
        assert _rows(file, gone) == before
    assert str(email).encode() not in file.read_bytes()
