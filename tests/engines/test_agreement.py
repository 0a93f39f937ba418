"""DuckDB, PostgreSQL and Spark agree on every cell of every mart, Spark by work on a cluster.

Each engine got the same raw tables, the same imported salt, and a second day after the first: late
and corrected events for the incremental model, a withdrawn consent and an erased person for the
snapshot.
"""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pii_lint.cli import main
from tests.engines.days import SALT, Spark, salt_command
from tests.engines.documents import FOUND, values_found
from tests.engines.processes import family, listening
from tests.postgres.server import Database
from tests.warehouse import REPOSITORY, Warehouse

pytestmark = pytest.mark.slow

Query = Callable[[str], list[tuple[object, ...]]]
RELATIONS = (
    "marts.fct_customer_orders",
    "marts.fct_marketing_reach",
    "marts.mart_appointment_funnel",
    "marts.mart_event_type_volume",
    "marts.mart_organization_daily",
    "marts.mart_revenue_attribution",
    "marts_restricted.mart_customer_contact",
    "marts_restricted.mart_user_engagement",
    # not marts, but where engines differ most in how they write
    "intermediate.int_events_enriched",
    "snapshots.snap_customer_consents",
)
OF_THE_RUN = {
    "consent_recorded_at",
    "dbt_valid_from",
    "dbt_valid_to",
    "dbt_updated_at",
    "dbt_scd_id",
}
"""What hangs on the clock of a run, which no two share: only whether it is there is compared."""


def columns_of(warehouse: Warehouse, relation: str) -> list[str]:
    named = warehouse.query(
        "select column_name from information_schema.columns where "
        f"table_schema || '.' || table_name = '{relation}' order by column_name"
    )
    return [str(name) for (name,) in named]


def cells(query: Query, relation: str, columns: list[str]) -> list[tuple[str, ...]]:
    asked = [f"{name} is null" if name in OF_THE_RUN else name for name in columns]
    return sorted(map(plain, query(f"select {', '.join(asked)} from {relation}")))


def plain(row: tuple[object, ...]) -> tuple[str, ...]:
    """Numbers compared as numbers: 1, 1.0 and Decimal('1.000') are one."""
    return tuple(map(_plain, row))


def _plain(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        return str(Decimal(str(cell)).normalize() + 0)
    return repr(cell)


def test_three_engines_agree_on_every_cell(
    on_duckdb: Warehouse, on_postgres: Database, on_spark: Spark
) -> None:
    for relation in RELATIONS:
        columns = columns_of(on_duckdb, relation)
        ours = cells(on_duckdb.query, relation, columns)
        assert ours, relation
        assert cells(on_postgres.run, relation, columns) == ours, f"PostgreSQL: {relation}"
        assert cells(on_spark.query, relation, columns) == ours, f"Spark: {relation}"


def test_every_value_under_a_personal_key_is_found_on_spark(on_spark: Spark) -> None:
    assert values_found(on_spark.query, "spark") == FOUND


def test_the_second_day_is_in_what_they_agree_on(on_spark: Spark) -> None:
    (counts,) = on_spark.query(
        "select count(*), count(distinct event_id), count(case when event_id > 9000 then 1 end) "
        "from intermediate.int_events_enriched"
    )
    assert counts == (98, 98, 2)
    versions = on_spark.query(
        "select customer_id, count(*), count(dbt_valid_to) from snapshots.snap_customer_consents "
        "where customer_id in (4, 8, 9001) group by customer_id order by customer_id"
    )
    # withdrawn: closed and anew; gone: closed; new
    assert versions == [(4, 2, 1), (8, 1, 1), (9001, 1, 0)]


def test_the_clusters_own_record_shows_two_workers_at_work(on_spark: Spark) -> None:
    from ops.with_spark import record

    done = record(on_spark.events, on_spark.workers)
    assert len(on_spark.workers) == 2
    assert done.tasks.keys() == set(on_spark.workers.values())
    assert min(done.tasks.values()) >= 5
    assert all(done.rows.values())


def test_a_record_without_workers_names_none(tmp_path: Path) -> None:
    from ops.with_spark import record

    task = {
        "Event": "SparkListenerTaskEnd",
        "Task End Reason": {"Reason": "Success"},
        "Task Info": {"Executor ID": "driver"},
    }
    (tmp_path / "local-1").write_text(json.dumps(task, separators=(",", ":")) + "\n", "utf-8")
    assert record(tmp_path, {"127.0.0.1:1": "worker-1"}).tasks == {"no worker": 1}


def test_nothing_of_the_cluster_listens_beyond_this_machine(on_spark: Spark) -> None:
    from pyspark import SparkContext

    processes = family([*on_spark.pids, SparkContext._gateway.proc.pid])
    # a master, two workers, an executor of each, the driver
    assert len(processes) >= 6
    addresses = listening(processes)
    assert len(addresses) >= 6
    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
    assert set(addresses) <= loopback


def test_the_gate_passes_on_what_spark_compiled(
    on_spark: Spark, capsys: pytest.CaptureFixture[str]
) -> None:
    manifests = [on_spark.first_manifest, on_spark.warehouse.target_dir / "manifest.json"]
    (first, second) = (json.loads(one.read_text("utf-8")) for one in manifests)
    name = "model.acme.int_events_enriched"
    assert first["metadata"]["adapter_type"] == "spark"
    # both branches of the incremental model were compiled
    assert "max(event_at)" not in first["nodes"][name]["compiled_code"]
    assert "max(event_at)" in second["nodes"][name]["compiled_code"]
    words = [word for one in manifests for word in ("--manifest", str(one))]
    code = main(["check", *words, "--project-dir", str(on_spark.warehouse.project_dir)])
    assert code == 0, capsys.readouterr().out


def test_the_salt_stands_in_one_file_that_is_its_owners(on_spark: Spark) -> None:
    project = on_spark.warehouse.project_dir
    files = [
        file
        for folder in (project, on_spark.home)
        for file in folder.rglob("*")
        if file.is_file() and SALT.encode() in file.read_bytes()
    ]
    folder = project / "spark/warehouse/pii_secrets.db"
    assert files == [folder / "pii_salt/salt"]
    for each in (folder, folder / "pii_salt"):
        assert stat.S_IMODE(each.stat().st_mode) == 0o700
    assert any(on_spark.events.iterdir())


def test_a_salt_that_stands_is_sound_and_never_overwritten(
    on_spark: Spark, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(on_spark.warehouse.project_dir)
    monkeypatch.setenv("OTHER", "0123456789abcdef" * 4)
    monkeypatch.setenv("SAME", SALT)
    asked = [["check"], ["init"], ["import", "--from-env", "SAME"]]
    assert [main(["salt", *words, "--target", "spark"]) for words in asked] == [0, 0, 0]
    assert main(["salt", "import", "--from-env", "OTHER", "--target", "spark"]) == 2
    out, err = capsys.readouterr()
    assert "is sound" in out
    assert "already stands" in out
    assert "This very salt" in out
    assert "never overwritten" in err
    assert SALT not in out + err


def test_a_target_without_a_session_is_refused_in_one_sentence(
    tmp_path: Path,
    require: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    require("spark")
    shutil.copy(REPOSITORY / "profiles.example.yml", tmp_path / "profiles.yml")
    shutil.copy(REPOSITORY / "dbt_project.yml", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["salt", "init", "--target", "spark_thrift"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "by the method thrift" in line


def test_a_second_process_on_the_same_catalog_is_told_so_in_one_sentence(on_spark: Spark) -> None:
    done = salt_command(on_spark.warehouse, "spark", "check")
    assert done.returncode == 2
    assert "only one at a time" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert SALT not in done.stdout + done.stderr
