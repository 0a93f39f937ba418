"""`pii-lint scan` on PostgreSQL, as a role that may only read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg.conninfo
import pytest
import yaml

from pii_lint.cli import main
from tests.postgres.server import Database
from tests.unit.test_cli import SOURCE, manifest

ROWS = """
create schema raw;
create table raw.customers (
  email text, note varchar(80), payload jsonb, tags text[], login inet, mobile bigint, born date
);
insert into raw.customers
select 'ann' || i || '@x.com', case when i % 1000 = 1 then 'call 555-1234' else 'gift' end,
  case when i = 1 then '{"items": [{"firstName": "Ann"}]}' else '{"plan": "team"}' end::jsonb,
  array['a', case when i = 1 then 'bob@y.org' end], '203.0.113.9', 5551234567, '2000-01-01'
from generate_series(1, 5000) r(i);
create view main.fct_reach as select note from raw.customers;
create table main.stg_customers (secret text);
analyze;
do $$ begin
  -- a role outlives the database of one test
  if to_regrole('scanner') is null then create role scanner login; end if;
end $$;
grant usage on schema raw, main to scanner;
grant select on raw.customers, main.fct_reach to scanner;
"""


@pytest.fixture
def scan(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    database.run("create schema if not exists main")
    database.run(ROWS)
    given = psycopg.conninfo.conninfo_to_dict(database.dsn_as("scanner"))
    target = {"type": "postgres", "host": given["host"], "user": "scanner", "schema": "main"}
    target |= {"port": int(str(given.get("port", 5432))), "dbname": given["dbname"]}
    profile = {"shop": {"target": "dev", "outputs": {"dev": target}}}
    Path("profiles.yml").write_text(yaml.safe_dump(profile), "utf-8")
    Path("dbt_project.yml").write_text("name: shop\nprofile: shop\n", "utf-8")
    content: Any = manifest()
    content["sources"][SOURCE]["columns"]["note"] = {"name": "note"}
    Path("manifest.json").write_text(json.dumps(content), "utf-8")
    for node in content["nodes"].values():
        file = Path(node["original_file_path"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("select 1", "utf-8")

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        code = main(
            [
                "scan",
                "--manifest",
                "manifest.json",
                "--project-dir",
                ".",
                "--findings",
                "s.json",
                *words,
            ]
        )
        return code, json.loads(Path("s.json").read_text("utf-8"))

    return run


def found(told: dict[str, Any]) -> set[tuple[str, str, str, int]]:
    return {
        (one["node"].rpartition(".")[2], one["column"], one["pattern"], one["rows"])
        for one in told["sightings"]
    }


def test_a_role_that_only_reads_finds_values_and_keys(
    scan: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = scan("--full")
    assert code == 1
    assert found(told) == {
        ("customers", "email", "email", 5000),
        ("customers", "note", "phone", 5),
        ("customers", "payload", "key:first_name", 1),
        ("customers", "tags", "email", 1),
        ("customers", "login", "ip", 5000),
        ("customers", "mobile", "phone", 5000),
        ("fct_reach", "note", "phone", 5),
    }
    text = capsys.readouterr().out
    assert "stg_customers: not read" in text
    assert "555" not in text
    assert "@" not in text


def test_a_sample_of_a_large_table_is_the_same_twice(scan: Any) -> None:
    _, first = scan("customers", "--sample", "500")
    _, second = scan("customers", "--sample", "500")
    assert first == second
    assert 400 < first["relations"][0]["rows"] <= 500


def test_a_server_that_is_away_is_told_in_a_sentence(
    scan: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = yaml.safe_load(Path("profiles.yml").read_text("utf-8"))
    profile["shop"]["outputs"]["dev"] |= {"host": "127.0.0.1", "port": 1, "password": "swordfish"}
    Path("profiles.yml").write_text(yaml.safe_dump(profile), "utf-8")
    with pytest.raises(FileNotFoundError):
        scan()
    said = capsys.readouterr().err
    assert "No connection by target dev" in said
    assert "swordfish" not in said
