"""The warehouse as a newcomer gets it: built by a real dbt, then broken on purpose."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

    from tests.warehouse import Warehouse

    Copier = Callable[[Warehouse], Warehouse]

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
CANARIES = json.loads((REPOSITORY / "seeds" / "canaries.json").read_text(encoding="utf-8"))
ENGINES = (
    "bigquery",
    "databricks",
    "duckdb",
    "postgres",
    "redshift",
    "snowflake",
    "spark",
    "trino",
)
NODES = ("--resource-types", "model", "source", "seed", "snapshot")
FOUNDING_TEST = "assert_safe_marts_name_no_pii_columns"
VALUE_TEST = "assert_no_pii_in_marts"
SALT = '"acme"."pii_secrets"."pii_salt"'


def manifest(warehouse: Warehouse) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((warehouse.target_dir / "manifest.json").read_text("utf-8"))
    return read


def models(warehouse: Warehouse, folder: str) -> dict[str, dict[str, Any]]:
    return {
        node["name"]: node
        for node in manifest(warehouse)["nodes"].values()
        if node["resource_type"] == "model" and node["original_file_path"].startswith(folder)
    }


def salt(warehouse: Warehouse) -> str:
    ((value,),) = warehouse.query(f"select salt from {SALT}")
    assert isinstance(value, str)
    return value


def files_with(text: str, warehouse: Warehouse) -> list[str]:
    folders = (warehouse.target_dir, warehouse.logs_dir)
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert {"manifest.json", "partial_parse.msgpack", "static_index.html", "dbt.log"} <= {
        file.name for file in files
    }
    return sorted(file.name for file in files if text.encode() in file.read_bytes())


def rows_of(test: str, warehouse: Warehouse) -> set[tuple[object, ...]]:
    """What the compiled test finds, in the file dbt compiled last."""
    compiled = warehouse.target_dir / "compiled" / "acme" / "tests" / "dbt" / f"{test}.sql"
    return set(warehouse.query(compiled.read_text(encoding="utf-8")))


def verdicts(result: dbtRunnerResult) -> dict[str, str]:
    items = [item for item in result.result if item.node.resource_type == "test"]
    return {item.node.name: str(item.status) for item in items}


def texts(warehouse: Warehouse, schema: str) -> Iterable[str]:
    """All values of all columns of a schema, as text."""
    tables = warehouse.query(
        f"select table_name from information_schema.tables where table_schema = '{schema}'"
    )
    assert tables
    for (table,) in tables:
        for row in warehouse.query(f"select * from {schema}.{table}"):
            yield from map(str, row)


# the build


def test_the_raw_tables_belong_to_their_source_alone(built_warehouse: Warehouse) -> None:
    nodes = manifest(built_warehouse)
    assert not [name for name in nodes["nodes"] if name.startswith("seed.")]
    assert "source.acme.raw.raw_user" in nodes["sources"]


def test_folders_lead_into_their_schemas(built_warehouse: Warehouse) -> None:
    rows = built_warehouse.query(
        "select table_schema, count(*) from information_schema.tables group by 1 order by 1"
    )
    assert dict(rows) == {
        "intermediate": 5,
        "main": 9,
        "marts": 6,
        "marts_restricted": 2,
        "pii_secrets": 1,
        "snapshots": 1,
        "staging": 9,
    }


def test_every_mart_has_an_enforced_contract(built_warehouse: Warehouse) -> None:
    marts = models(built_warehouse, "models/marts/")
    assert len(marts) == 8
    assert all(node["config"]["contract"]["enforced"] for node in marts.values())
    assert {node["config"]["materialized"] for node in marts.values()} == {"table"}


def test_only_restricted_marts_reach_back_to_raw(built_warehouse: Warehouse) -> None:
    def parents(folder: str) -> set[str]:
        found = models(built_warehouse, folder).values()
        return {parent for node in found for parent in node["depends_on"]["nodes"]}

    lower = models(built_warehouse, "models/staging/") | models(
        built_warehouse, "models/intermediate/"
    )
    assert parents("models/marts/safe/") <= {node["unique_id"] for node in lower.values()}
    assert {"source.acme.raw.raw_user", "source.acme.raw.raw_customers"} <= parents(
        "models/marts/restricted/"
    )


def test_a_second_build_adds_late_events_and_leaves_old_ones(
    built_warehouse: Warehouse, copy_of: Copier
) -> None:
    warehouse = copy_of(built_warehouse)
    warehouse.query(
        "insert into main.raw_event select 9000 + n, (select max(occurred_at) from main.raw_event)"
        " - interval 1 day * n, 'login', 1, 1, null from (values (2), (4)) as days (n)"
    )
    assert warehouse.run(["run", "--select", "int_events_enriched"]).success
    added = "select event_id from intermediate.int_events_enriched where event_id > 9000"
    assert warehouse.query(added) == [(9002,)]


def test_docs_work_from_one_file(built_warehouse: Warehouse) -> None:
    page = (built_warehouse.target_dir / "static_index.html").read_text(encoding="utf-8")
    assert "mart_event_type_volume" in page
    assert not re.findall(r"<(?:script|link)[^>]+(?:src|href)=[\"']?https?:", page)


# tags


PERSONAL_SOURCES = {
    "raw_attribution_events",
    "raw_customers",
    "raw_dead_events",
    "raw_event",
    "raw_revenue_ledger",
    "raw_user",
}
PERSONAL_MARTS = {
    "acme.marts.restricted.mart_customer_contact",
    "acme.marts.restricted.mart_user_engagement",
}


def test_tag_pii_lists_exactly_the_nodes_that_hold_readable_data(
    built_warehouse: Warehouse, copy_of: Copier
) -> None:
    # in a copy, since dbt ls writes a manifest without compiled SQL
    warehouse = copy_of(built_warehouse)
    listed = warehouse.run(["ls", "--select", "tag:pii", *NODES]).result
    assert set(listed) == PERSONAL_MARTS | {f"source:acme.raw.{name}" for name in PERSONAL_SOURCES}


def test_tag_pii_lists_the_seeds_too_when_they_are_on(
    built_warehouse: Warehouse, copy_of: Copier
) -> None:
    warehouse = copy_of(built_warehouse)
    listed = warehouse.run(
        ["ls", "--select", "tag:pii", "--vars", "load_raw: true", "--resource-type", "seed"]
    ).result
    assert set(listed) == {f"acme.{name}" for name in PERSONAL_SOURCES}


def test_a_node_is_tagged_exactly_where_one_of_its_columns_is(built_warehouse: Warehouse) -> None:
    read = manifest(built_warehouse)
    nodes = [*read["sources"].values(), *read["nodes"].values()]
    for node in nodes:
        if node["resource_type"] not in ("test", "unit_test", "operation"):
            tagged = any("pii" in column["tags"] for column in node["columns"].values())
            assert ("pii" in node["tags"]) == tagged, node["unique_id"]


# the salt


def test_no_file_that_dbt_writes_holds_the_salt(built_warehouse: Warehouse) -> None:
    assert files_with(salt(built_warehouse), built_warehouse) == []


def test_a_salt_given_as_a_variable_stands_in_compiled_sql(
    built_warehouse: Warehouse, copy_of: Copier, capfd: pytest.CaptureFixture[str]
) -> None:
    warehouse = copy_of(built_warehouse)
    given = "throwaway-salt"
    assert warehouse.run(["build", "--select", "stg_users", "--vars", f"pii_salt: {given}"]).success
    assert "keep this build for throwaway data only" in capfd.readouterr().out
    assert {"manifest.json", "stg_users.sql"} <= set(files_with(given, warehouse))
    ((email, hashed),) = warehouse.query(
        "select email, email_hash from main.raw_user join staging.stg_users on id = user_id limit 1"
    )
    assert hashed == hashlib.sha256(f"{email}{given}".encode()).hexdigest()


def test_hashes_agree_with_hashlib_and_null_stays_null(built_warehouse: Warehouse) -> None:
    key = salt(built_warehouse)
    rows = built_warehouse.query(
        "select readable.email, hashed.email_hash, readable.phone, hashed.phone_hash"
        " from main.raw_customers as readable"
        " join staging.stg_customers as hashed on hashed.customer_id = readable.id"
    )
    pairs = [pair for row in rows for pair in (row[:2], row[2:])]
    assert (None, None) in pairs
    for value, hashed in pairs:
        expected = value and hashlib.sha256(f"{value}{key}".encode()).hexdigest()
        assert hashed == expected


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("drop table {salt}", "there is no table"),
        ("drop schema pii_secrets cascade", "there is no table"),
        ("delete from {salt}", "is empty"),
        ("insert into {salt} select salt from {salt}", "holds 2 rows"),
        ("create or replace table {salt} as select cast(null as varchar) as salt", "is null"),
        ("update {salt} set salt = left(salt, 63)", "not 64 or more hexadecimal digits"),
        ("update {salt} set salt = repeat('secret-', 10)", "not 64 or more hexadecimal digits"),
    ],
)
def test_a_run_stops_at_an_unsound_salt_before_it_builds_anything(
    built_warehouse: Warehouse, copy_of: Copier, state: str, says: str
) -> None:
    warehouse = copy_of(built_warehouse)
    key = salt(warehouse)
    warehouse.query(state.format(salt=SALT))
    warehouse.query("drop table marts.fct_marketing_reach")
    result = warehouse.run(["run", "--select", "fct_marketing_reach"])
    told = str(result.exception)
    assert not result.success
    assert says in told
    assert "`pii-lint salt init`" in told
    assert key not in told
    assert "secret-" not in told
    assert ("fct_marketing_reach",) not in warehouse.query("select table_name from duckdb_tables()")


def test_what_hashes_nothing_needs_no_salt(bare_warehouse: Warehouse, copy_of: Copier) -> None:
    warehouse = copy_of(bare_warehouse)
    for command in (["parse"], ["compile"], ["ls"], ["test", "--select", FOUNDING_TEST]):
        assert warehouse.run(command).success, command


@pytest.mark.parametrize(
    ("target", "given", "says"),
    [("prod", "throwaway", "target prod refuses it"), ("dev", "''", "is empty")],
)
def test_a_salt_as_a_variable_is_refused(
    bare_warehouse: Warehouse, copy_of: Copier, target: str, given: str, says: str
) -> None:
    warehouse = copy_of(bare_warehouse)
    add_target(warehouse, "prod")
    result = warehouse.run(["run", "--target", target, "--vars", f"pii_salt: {given}"])
    assert not result.success
    assert says in str(result.exception)


# macros


def body(macro: str, engine: str) -> str:
    text = (REPOSITORY / "dbt_package/macros" / f"{macro}.sql").read_text(encoding="utf-8")
    found = re.search(rf"macro {engine}__{macro}\(.*?-%}}(.*?){{%-? endmacro", text, re.DOTALL)
    assert found, f"{macro} has no body for {engine}"
    return found[1].strip()


@pytest.mark.parametrize("engine", ENGINES)
def test_hash_pii_mixes_the_whole_salt_into_sha_256_on_every_engine(engine: str) -> None:
    sql = body("hash_pii", engine)
    assert re.search(r"cast\(\{\{ column }} as [\w()]+\) \|\| \{\{ pii_lint\.pii_salt\(\) }}", sql)
    assert re.search(r"sha256\(|sha2\(.*, 256\)", sql)


def test_hash_pii_refuses_an_engine_that_nobody_compared() -> None:
    assert "raise_compiler_error" in body("hash_pii", "default")


def test_the_salt_is_read_by_a_plain_scalar_subquery(built_warehouse: Warehouse) -> None:
    compiled = models(built_warehouse, "models/staging/")["stg_users"]["compiled_code"]
    assert f"sha256(cast(email as varchar) || (select salt from {SALT}))" in compiled


@pytest.mark.parametrize(("chosen", "count"), [("true", 1), ("false", 0)])
def test_a_variable_chooses_the_branch_of_incremental_models(
    bare_warehouse: Warehouse, copy_of: Copier, chosen: str, count: int
) -> None:
    warehouse = copy_of(bare_warehouse)
    command = ["compile", "--select", "int_events_enriched"]
    assert warehouse.run([*command, "--vars", f"pii_lint_incremental: {chosen}"]).success
    model = models(warehouse, "models/intermediate/")["int_events_enriched"]
    assert model["compiled_code"].count("three days back") == count


def test_nothing_may_be_built_beside_the_salt(bare_warehouse: Warehouse, copy_of: Copier) -> None:
    warehouse = copy_of(bare_warehouse)
    warehouse.edit("dbt_project.yml", "+schema: staging", "+schema: pii_secrets")
    result = warehouse.run(["parse"])
    assert not result.success
    assert "holds the salt alone" in str(result.exception)


def test_a_ci_target_writes_to_schemas_of_its_own(
    bare_warehouse: Warehouse, copy_of: Copier
) -> None:
    warehouse = copy_of(bare_warehouse)
    add_target(warehouse, "ci", schema="pr_7")
    assert warehouse.run(["parse", "--target", "ci"]).success
    read = manifest(warehouse)
    assert read["nodes"]["model.acme.fct_customer_orders"]["schema"] == "pr_7_marts"
    assert read["sources"]["source.acme.raw.raw_user"]["schema"] == "main"


def add_target(warehouse: Warehouse, name: str, **settings: str) -> None:
    file = warehouse.project_dir / "profiles.yml"
    profiles = yaml.safe_load(file.read_text(encoding="utf-8"))
    outputs = profiles["acme"]["outputs"]
    outputs[name] = outputs["dev"] | settings
    file.write_text(yaml.safe_dump(profiles), encoding="utf-8")


# what stands in the marts


def test_the_singular_tests_find_nothing_in_the_clean_warehouse(built_warehouse: Warehouse) -> None:
    assert rows_of(FOUNDING_TEST, built_warehouse) == set()
    assert rows_of(VALUE_TEST, built_warehouse) == set()


def test_the_value_test_says_what_it_skips_and_why(built_warehouse: Warehouse) -> None:
    compiled = built_warehouse.target_dir / "compiled/acme/tests/dbt" / f"{VALUE_TEST}.sql"
    skipped = re.findall(r"-- skipped: (\S+) \((\S+)\): (.+)", compiled.read_text("utf-8"))
    reasons = {place: reason for place, _, reason in skipped}
    assert "raw_customers.birth_date" in reasons
    assert "raw_customers.email" not in reasons
    assert all(reasons.values())


def test_no_canary_stands_in_a_safe_mart(built_warehouse: Warehouse) -> None:
    safe = "\n".join(texts(built_warehouse, "marts"))
    for table, canaries in CANARIES.items():
        for column, value in canaries.items():
            # the last four digits are no proof: an amount ends in them too
            assert column == "ssn_last4" or value not in safe, f"{table}.{column}"


def test_canaries_stand_in_the_restricted_marts(built_warehouse: Warehouse) -> None:
    restricted = set(texts(built_warehouse, "marts_restricted"))
    assert CANARIES["raw_user"]["first_name"] in restricted
    assert CANARIES["raw_customers"]["email"] in restricted


def test_planted_leaks_fail_the_singular_tests(built_warehouse: Warehouse, copy_of: Copier) -> None:
    warehouse = copy_of(built_warehouse)
    # straight from raw, under the name of a harmless column
    warehouse.edit(
        "models/marts/safe/fct_customer_orders.sql",
        "    country,\n    ordered_at",
        "    (\n        select upper(email) from {{ source('raw', 'raw_customers') }} as people\n"
        "        where people.id = orders.customer_id\n    ) as country,\n    ordered_at",
    )
    # two models earlier, out of a JSON document, in the middle of other text
    warehouse.edit(
        "models/staging/stg_events.sql",
        "    event_type,\n    user_id",
        "    coalesce('by ' || {{ pii_lint.json_text('metadata', 'ip') }} || '.', event_type)"
        " as event_type,\n    user_id",
    )
    # a short name, as one word of many
    warehouse.edit(
        "models/staging/stg_organizations.sql",
        "    name as organization_name",
        "    'shop of (Hestiva)' as organization_name",
    )
    # not a leak: a word that merely contains a short name
    warehouse.query("update main.raw_user set first_name = 'Clini' where id = 1")
    warehouse.query("update main.raw_user set first_name = 'Hestiva' where id = 2")
    marts = ("+fct_customer_orders", "+mart_event_type_volume")
    result = warehouse.run(
        [
            *("build", "--full-refresh", "--exclude-resource-type", "unit_test"),
            *("--select", *marts, FOUNDING_TEST, VALUE_TEST),
        ]
    )
    assert verdicts(result)[FOUNDING_TEST] == "fail"
    assert rows_of(FOUNDING_TEST, warehouse) == {("fct_customer_orders", "raw_customers", "email")}
    assert verdicts(result)[VALUE_TEST] == "fail"
    problem = "a value of the raw column stands in the mart"
    found = rows_of(VALUE_TEST, warehouse)
    assert ("fct_customer_orders", "country", "raw_customers.email", problem) in found
    assert ("mart_event_type_volume", "event_type", "raw_event.metadata.ip", problem) in found
    assert ("fct_customer_orders", "organization_name", "raw_user.first_name", problem) in found
    assert {mart for mart, *_ in found} == {"fct_customer_orders", "mart_event_type_volume"}


def test_the_founding_test_guards_a_warehouse_without_data(
    bare_warehouse: Warehouse, copy_of: Copier
) -> None:
    warehouse = copy_of(bare_warehouse)
    warehouse.edit(
        "models/marts/safe/mart_event_type_volume.sql",
        "from {{ ref('int_events_enriched') }}",
        "from {{ ref('int_events_enriched') }}\n"
        "    -- {{ ref('mart_customer_contact') }}: full_name",
    )
    result = warehouse.run(["test", "--select", FOUNDING_TEST])
    assert verdicts(result) == {FOUNDING_TEST: "fail"}
    assert rows_of(FOUNDING_TEST, warehouse) == {
        ("mart_event_type_volume", "mart_customer_contact", "full_name")
    }


def test_the_value_test_fails_where_it_would_prove_nothing(
    built_warehouse: Warehouse, copy_of: Copier
) -> None:
    warehouse = copy_of(built_warehouse)
    warehouse.query("delete from main.raw_dead_events")
    warehouse.query("drop table marts.mart_organization_daily")
    shutil.copy(
        warehouse.project_dir / "models/marts/safe/fct_marketing_reach.sql",
        warehouse.project_dir / "models/marts/safe/fct_unlisted.sql",
    )
    warehouse.edit(
        "models/marts/safe/fct_unlisted.sql",
        "with consents",
        "{{ config(contract={'enforced': false}) }}\nwith consents",
    )
    result = warehouse.run(["test", "--select", VALUE_TEST])
    assert verdicts(result) == {VALUE_TEST: "fail"}
    empty = "the tagged raw table is empty, so this test would prove nothing"
    unlisted = "this test does not wait for the mart: name it in the test"
    assert rows_of(VALUE_TEST, warehouse) == {
        ("all", "all", "raw_dead_events", empty),
        ("mart_organization_daily", "all", "all", "the mart is not built"),
        ("fct_unlisted", "all", "all", "the mart is not built"),
        ("fct_unlisted", "all", "all", unlisted),
    }
