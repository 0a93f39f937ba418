"""The warehouse on PostgreSQL: who may read what. `tests/engines` compares its cells."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from pii_lint.cli import main
from tests.postgres.server import Database, Server, fresh
from tests.warehouse import Warehouse

pytestmark = pytest.mark.slow

PASSWORD = "not-a-secret"  # noqa: S105
ROLES = ("transformer", "analyst", "pii_reader")
TARGET = ["--target", "postgres"]
MARTS = {
    "marts": (
        "fct_customer_orders",
        "fct_marketing_reach",
        "mart_appointment_funnel",
        "mart_event_type_volume",
        "mart_organization_daily",
        "mart_revenue_attribution",
    ),
    "marts_restricted": ("mart_customer_contact", "mart_user_engagement"),
}


@pytest.fixture(scope="module")
def server(postgres: Server) -> Server:
    """With the roles of a warehouse: one builds, two read."""
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for role in ROLES:
            connection.execute(f"create role {role} login password '{PASSWORD}'".encode())
    return postgres


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    with fresh(server) as made:
        made.run(f"alter database {made.name} owner to transformer")
        yield made


@pytest.fixture(scope="module")
def acme(
    built_warehouse: Warehouse, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """Built by a role that is no superuser, with the salt of the DuckDB warehouse."""
    folder = tmp_path_factory.mktemp("postgres") / "acme"
    shutil.copytree(built_warehouse.project_dir, folder)
    warehouse = Warehouse(
        folder,
        {
            "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": str(database.server.port),
            "POSTGRES_USER": "transformer",
            "POSTGRES_PASSWORD": PASSWORD,
            "POSTGRES_DATABASE": database.name,
        },
    )
    assert warehouse.run(["seed", *TARGET, "--vars", "load_raw: true"]).success
    ((salt,),) = built_warehouse.query("select salt from pii_secrets.pii_salt")
    assert salt_command(warehouse, "import", "--from-env", "SALT", SALT=str(salt)) == 0
    assert warehouse.run(["build", *TARGET]).success
    return warehouse


def salt_command(warehouse: Warehouse, *words: str, **environ: str) -> int:
    folders = ["--project-dir", str(warehouse.project_dir)]
    folders += ["--profiles-dir", str(warehouse.project_dir)]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**warehouse.environ, **environ}.items():
            patch.setenv(name, value)
        return main(["salt", *words, *folders, *TARGET])


def may_read(database: Database, role: str, relation: str) -> bool:
    try:
        database.run(f"select * from {relation} limit 1", role)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def relations(database: Database) -> dict[str, list[str]]:
    """Every table and view, by schema."""
    found: dict[str, list[str]] = {}
    for schema, name in database.run(
        "select table_schema, table_name from information_schema.tables "
        "where table_schema not in ('pg_catalog', 'information_schema')"
    ):
        found.setdefault(str(schema), []).append(str(name))
    return found


@pytest.mark.parametrize(
    ("role", "cleared"),
    [("analyst", {"marts"}), ("pii_reader", {"marts", "marts_restricted"})],
)
def test_each_role_reads_its_tier_and_is_refused_the_rest(
    acme: Warehouse, database: Database, role: str, cleared: set[str]
) -> None:
    there = relations(database)
    assert {schema: sorted(there[schema]) for schema in MARTS} == {
        schema: sorted(names) for schema, names in MARTS.items()
    }
    assert {"raw", "staging", "intermediate", "snapshots", "pii_secrets"} <= there.keys()
    for schema, names in there.items():
        for name in names:
            assert may_read(database, role, f"{schema}.{name}") is (schema in cleared), name


def test_nobody_but_the_one_that_builds_may_write(acme: Warehouse, database: Database) -> None:
    for role in ("analyst", "pii_reader"):
        for attempt in (
            "delete from marts.mart_event_type_volume",
            "create table marts.mine (a int)",
            "create view marts.mine as select 1",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                database.run(attempt, role)


def test_a_table_that_comes_later_is_read_by_its_tier(acme: Warehouse, database: Database) -> None:
    database.run(
        "create table marts.later as select 1 as a; "
        "create table marts_restricted.later as select 1 as a; "
        "create table staging.later as select 1 as a",
        "transformer",
    )
    try:
        readers = {
            schema: [role for role in ROLES[1:] if may_read(database, role, f"{schema}.later")]
            for schema in ("marts", "marts_restricted", "staging")
        }
    finally:
        for schema in ("marts", "marts_restricted", "staging"):
            database.run(f"drop table {schema}.later", "transformer")
    assert readers == {
        "marts": ["analyst", "pii_reader"],
        "marts_restricted": ["pii_reader"],
        "staging": [],
    }


def test_a_second_run_changes_no_right(acme: Warehouse, database: Database) -> None:
    rights = (
        "select nspname, nspacl::text from pg_namespace union all "
        "select relname, relacl::text from pg_class where relnamespace::regnamespace::text "
        "in ('marts', 'marts_restricted', 'staging') union all "
        "select defaclnamespace::text, defaclacl::text from pg_default_acl order by 1, 2"
    )
    before = database.run(rights)
    assert acme.run(["run", *TARGET, "--select", "stg_organizations"]).success
    assert database.run(rights) == before


def test_a_model_that_moves_to_another_tier_leaves_nothing_readable_behind(
    acme: Warehouse, database: Database, copy_into: Callable[[Warehouse], Warehouse]
) -> None:
    moved = copy_into(acme)
    for suffix in ("sql", "yml"):
        name = f"mart_event_type_volume.{suffix}"
        shutil.move(
            moved.project_dir / "models/marts/safe" / name,
            moved.project_dir / "models/marts/restricted" / name,
        )
    try:
        assert moved.run(["run", *TARGET, "--select", "mart_event_type_volume"]).success
        for relation, readers in {
            # dbt forgot the old table, which still stands there
            "marts.mart_event_type_volume": [],
            "marts_restricted.mart_event_type_volume": ["pii_reader"],
            "marts.mart_organization_daily": ["analyst", "pii_reader"],
        }.items():
            assert [r for r in ROLES[1:] if may_read(database, r, relation)] == readers
    finally:
        assert acme.run(["run", *TARGET, "--select", "mart_event_type_volume"]).success
        database.run("drop table marts_restricted.mart_event_type_volume", "transformer")
    assert may_read(database, "analyst", "marts.mart_event_type_volume")


def test_a_role_that_loses_its_last_model_loses_the_schema(
    acme: Warehouse, database: Database, copy_into: Callable[[Warehouse], Warehouse]
) -> None:
    closed = copy_into(acme)
    closed.edit("dbt_project.yml", "{select: [analyst, pii_reader]}", "{select: [pii_reader]}")
    try:
        assert closed.run(["run", *TARGET, "--select", "stg_organizations"]).success
        assert not may_read(database, "analyst", "marts.mart_event_type_volume")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="schema marts"):
            database.run("select * from marts.mart_event_type_volume", "analyst")
        assert may_read(database, "pii_reader", "marts.mart_event_type_volume")
    finally:
        assert acme.run(["run", *TARGET, "--select", "stg_organizations"]).success
    assert may_read(database, "analyst", "marts.mart_event_type_volume")


def test_grants_to_a_role_that_is_not_there_stop_the_run_with_its_name(
    acme: Warehouse, copy_into: Callable[[Warehouse], Warehouse]
) -> None:
    strange = copy_into(acme)
    strange.edit("dbt_project.yml", "{select: [pii_reader]}", "{select: [Vendor]}")
    result = strange.run(["run", *TARGET, "--select", "stg_organizations"])
    assert not result.success
    assert "grants name the role vendor, and the database has none" in str(result.result)


@pytest.fixture
def copy_into(tmp_path: Path) -> Callable[[Warehouse], Warehouse]:
    def copy(warehouse: Warehouse) -> Warehouse:
        shutil.copytree(warehouse.project_dir, tmp_path / "acme")
        return Warehouse(tmp_path / "acme", warehouse.environ)

    return copy


def test_a_salt_that_stands_is_sound_and_never_overwritten(
    acme: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    assert salt_command(acme, "check") == 0
    assert salt_command(acme, "init") == 0
    assert salt_command(acme, "import", "--from-env", "SALT", SALT="0123456789abcdef" * 4) == 2
    out, err = capsys.readouterr()
    assert "is sound" in out
    assert "already stands" in out
    assert "never overwritten" in err
    assert PASSWORD not in out + err


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"POSTGRES_PASSWORD": "another"}, "No connection to"),
        ({"POSTGRES_PORT": "1"}, "No connection to"),
        ({"POSTGRES_USER": "analyst"}, "may not keep the salt"),
    ],
)
def test_each_failure_is_one_sentence_without_a_password(
    acme: Warehouse, capsys: pytest.CaptureFixture[str], wrong: dict[str, str], sentence: str
) -> None:
    assert salt_command(acme, "check", **wrong) == 2
    out, err = capsys.readouterr()
    assert sentence in err
    assert "another" not in out + err
    assert len(err.strip().splitlines()) == 1
