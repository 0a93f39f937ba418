"""`pii-lint scan`: stored values are looked through, and only counts come out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pii_lint.cli import main
from pii_lint.guard.scanning import patterns_in
from tests.unit.test_cli import SOURCE, manifest

ROWS = """\
create schema raw;
create table raw.customers (
  email varchar, country varchar, note varchar, payload json, extra struct(phone varchar),
  tags varchar[], mobile bigint, plan varchar, born date
);
insert into raw.customers
select 'ann' || i || '@x.com', 'IT', case when i < 3 then 'call 555-1234' else 'gift' end,
  case when i = 1 then '{"items": [{"firstName": "Ann"}]}' else '{"plan": "team"}' end::json,
  {'phone': null}, ['a', case when i = 1 then 'bob@y.org' else 'b' end], 5551234567,
  '2024-01-0' || i, date '2000-01-01'
from range(1, 10) r(i);
create table main.stg_customers as select note, sha256(email) as email_hash from raw.customers;
create view main.fct_reach as select note, 4111111111111111 as code from raw.customers;
"""

Scan = Callable[..., int]


@pytest.fixture
def scan(require: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scan:
    """Scan a shop whose source declares `email` as personal and `plan` as clean."""
    require("duckdb")
    import duckdb

    monkeypatch.chdir(tmp_path)
    content: Any = manifest()
    columns = content["sources"][SOURCE]["columns"]
    columns["plan"] = {"name": "plan", "meta": {"pii": False}}
    columns["note"] = {"name": "note"}
    (tmp_path / "manifest.json").write_text(json.dumps(content), "utf-8")
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute(ROWS)

    def run(*words: str) -> int:
        where = ["--manifest", "manifest.json", "--database", "shop.duckdb"]
        return main(["scan", *where, "--findings", "scan.json", *words])

    return run


def stored() -> set[tuple[str, str, str, int, str]]:
    told = json.loads(Path("scan.json").read_text("utf-8"))
    return {
        (
            one["node"].rpartition(".")[2],
            one["column"],
            one["pattern"],
            one["rows"],
            one["standing"],
        )
        for one in told["sightings"]
    }


def test_values_and_keys_are_found_in_every_sort_of_column(
    scan: Scan, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan("--full", "customers") == 1
    assert stored() == {
        ("customers", "email", "email", 9, "expected"),
        ("customers", "note", "phone", 2, "unexpected"),
        ("customers", "payload", "key:first_name", 1, "unexpected"),
        ("customers", "extra", "key:phone", 9, "unexpected"),
        ("customers", "tags", "email", 1, "unexpected"),
        ("customers", "mobile", "phone", 9, "unexpected"),
    }
    told = capsys.readouterr().out
    assert "note     phone  contact.phone  2 of 9 rows  unexpected" in told
    assert "5 unexpected places, 0 declared clean, 1 expected, in 1 relations" in told
    for text in (told, Path("scan.json").read_text("utf-8")):
        assert "555" not in text
        assert "@" not in text


def test_every_relation_is_looked_at_views_too_and_masks_pass(scan: Scan) -> None:
    assert scan("--full") == 1
    found = {each[:3] for each in stored()}
    assert ("fct_reach", "code", "card") in found
    assert ("stg_customers", "note", "phone") in found
    assert not any(column == "email_hash" for _, column, _ in found)


def test_what_was_declared_clean_is_told_and_does_not_count(
    scan: Scan, capsys: pytest.CaptureFixture[str]
) -> None:
    import duckdb

    with duckdb.connect("shop.duckdb") as connection:
        connection.execute("create or replace table raw.customers as select '1.2.3.4' as plan")
    assert scan("customers") == 0
    assert "1 declared clean" in capsys.readouterr().out
    assert stored() == {("customers", "plan", "ip", 1, "declared clean")}


def test_a_sample_is_always_the_same_and_no_larger(scan: Scan) -> None:
    scan("--sample", "4")
    first = Path("scan.json").read_bytes()
    scan("--sample", "4")
    assert Path("scan.json").read_bytes() == first
    assert {one["rows"] for one in json.loads(first)["relations"]} == {4}


def test_check_takes_a_scan_for_evidence(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    scan("--full")
    capsys.readouterr()
    words = ["check", "--manifest", "manifest.json", "--select", "TAG001", "--no-cache"]
    main(words)
    assert "rows looked at" not in capsys.readouterr().out
    main([*words, "--scan", "scan.json"])
    told = capsys.readouterr().out
    assert (
        "`note` of the raw source `raw.customers` holds what looks like contact.phone in 2" in told
    )
    assert "`plan`" not in told
    assert "`email`" not in told


def test_a_scan_beside_the_manifest_is_found_and_a_newer_one_is_read(
    scan: Scan, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("dbt_project.yml").write_text("name: shop\nprofile: shop\n", "utf-8")
    Path("target").mkdir()
    for name in ("marts/safe/fct_reach", "staging/stg_customers"):
        file = Path(f"models/{name}.sql")
        file.parent.mkdir(parents=True)
        file.write_text("select 1", "utf-8")
    scan("--full", "--findings", "target/pii-scan.json")
    words = ["check", "--manifest", "manifest.json", "--project-dir", ".", "--select", "TAG001"]
    capsys.readouterr()
    main(words)
    assert "2 of 9 rows looked at" in capsys.readouterr().out
    Path("target/pii-scan.json").write_text('{"scan_version": 1, "sightings": []}', "utf-8")
    main(words)
    assert "rows looked at" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["", "[]", '{"scan_version": 2, "sightings": []}', "[" * 9999, "\x00"]
)
def test_a_file_that_is_no_scan_is_refused(
    scan: Scan, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("scan.json").write_text(text, "utf-8")
    assert main(["check", "--manifest", "manifest.json", "--scan", "scan.json"]) == 3
    assert "isn't what `pii-lint scan` of this version writes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("custmers",), "did you mean `customers`?"),
        (("--zone", "moon"), "No relation fits"),
        (("--database", "none.duckdb"), "There is no DuckDB file"),
        (("--database", "manifest.json"), "could not open"),
        (("--findings", "no/where.json"), "Can't write to --findings"),
    ],
)
def test_what_cannot_be_scanned_says_why(
    scan: Scan, words: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan(*words) == 2
    assert sentence in capsys.readouterr().err


def test_a_relation_that_is_not_built_is_named(
    scan: Scan, capsys: pytest.CaptureFixture[str]
) -> None:
    import duckdb

    with duckdb.connect("shop.duckdb") as connection:
        connection.execute("drop view main.fct_reach; drop table main.stg_customers")
    scan()
    assert "not read, it isn't built in this database" in capsys.readouterr().out
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute("drop table raw.customers")
    assert scan() == 2
    assert "None of the relations could be read" in capsys.readouterr().err


def test_text_that_only_begins_like_json_is_read_as_text() -> None:
    assert patterns_in("{call 555-1234", "note") == {"phone"}
    assert patterns_in('{"a": [1, "ann@x.com"]}', "note") == {"email"}
    assert patterns_in("[5551234567]", "mobile") == {"phone"}
    assert patterns_in("[1700000000]", "times") == frozenset()
