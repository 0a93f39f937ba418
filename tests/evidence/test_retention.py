"""Rows that stay too long are counted, deleted where somebody says so, and found by dbt's test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pii_lint.cli import main
from tests.keyed_shop import project
from tests.warehouse import Warehouse

pytestmark = pytest.mark.slow

SOURCES = """\
sources:
  - name: raw
    schema: raw
    tables:
      - name: people
        config:
          tags: [pii]
          meta:
            retention_days: 365
            retention_from: seen_at
            soft_delete: {column: is_deleted, from: changed_at, days: 30}
        data_tests: [{pii_lint.within_retention: {arguments: {slack: 1}}}]
        columns:
          - {name: email, config: {tags: [pii], meta: {pii: true, pii_type: email}}}
          - {name: seen_at, config: {meta: {pii: false}}}
          - {name: is_deleted, config: {meta: {pii: false}}}
          - {name: changed_at, config: {meta: {pii: false}}}
      - name: leads
        config:
          tags: [pii]
          meta: {retention_days: 30, retention_from: came, soft_delete: deleted_at}
        data_tests: [pii_lint.within_retention]
        columns:
          - {name: email, config: {tags: [pii], meta: {pii: true, pii_type: email}}}
          - {name: came, config: {meta: {pii: false}}}
          - {name: deleted_at, config: {meta: {pii: false}}}
      - name: orders
        columns:
          - name: person
            data_tests:
              - relationships: {arguments: {to: "source('raw', 'people')", field: email}}
            config: {meta: {pii: false, on_delete: blank}}
      - name: notes
        columns:
          - name: person
            data_tests:
              - relationships: {arguments: {to: "source('raw', 'people')", field: email}}
            config: {meta: {pii: false}}
"""
# who has to go is called gone
PEOPLE = """
create schema raw;
create table raw.people as select * from (values
    ('stays@mail.example', timestamp '{yesterday}', false, timestamp '{ages}'),
    ('gone1@mail.example', timestamp '{ages}', false, timestamp '{ages}'),
    ('gone2@mail.example', timestamp '{ages}', true, timestamp '{ages}'),
    ('gone3@mail.example', timestamp '{yesterday}', true, timestamp '{ages}'),
    ('gone4@mail.example', timestamp '{yesterday}', true, null),
    ('grace@mail.example', timestamp '{yesterday}', true, timestamp '{yesterday}'),
    ('never@mail.example', null, null, null)
) as given (email, seen_at, is_deleted, changed_at);
create table raw.leads (email text, came timestamp with time zone, deleted_at date);
insert into raw.leads values
    ('stays@mail.example', '{yesterday}+00', null), ('gone@mail.example', '{ages}+00', null),
    ('gone5@mail.example', '{yesterday}+00', '{ages}');
create table raw.orders as select email as person from raw.people;
create table raw.notes as select email as person from raw.people where email like 'gone1%'
"""
LEFT = ["grace@mail.example", "never@mail.example", "stays@mail.example", "stays@mail.example"]
REST = "select email from raw.people union all select email from raw.leads order by email"


# beside the manifest with the SQL, which this would replace
TEST = ["test", "--quiet", "--target-path", "tested"]


def rows() -> list[str]:
    now = datetime.now(tz=UTC)
    moments = {
        name: (now - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
        for name, days in (("yesterday", 1), ("ages", 800))
    }
    return [one for one in PEOPLE.format(**moments).split(";") if one.strip()]


def retention(shop: Warehouse, *words: str) -> int:
    with chdir(shop.project_dir):
        return main(["retention", *words])


@pytest.fixture(scope="module")
def compiled(require: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    require("dbt")
    require("duckdb")
    told = {"models/sources.yml": SOURCES, "models/staging/stg_people.sql": "select 1 as id"}
    told |= {f"models/marts/safe/{name}.sql": "select 1 as id" for name in ("people", "visits")}
    told |= {f"models/marts/safe/{name}.sql": "select 1 as id" for name in ("wards", "people/days")}
    told["dbt_project.yml"] = (
        "name: shop\nprofile: shop\nflags: {send_anonymous_usage_stats: false}"
    )
    profile = "{type: duckdb, path: acme.duckdb, threads: 1}"
    shop = project(tmp_path_factory.mktemp("kept"), profile, **told)
    for statement in rows():
        shop.query(statement)
    assert shop.run(["compile", "--quiet"]).success
    return shop


@pytest.fixture
def shop(compiled: Warehouse, tmp_path: Path) -> Warehouse:
    shutil.copytree(compiled.project_dir, tmp_path / "shop")
    return Warehouse(tmp_path / "shop")


def test_what_is_due_is_counted_then_deleted_and_nothing_else(
    shop: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    before = shop.query(REST)
    assert retention(shop) == 1
    told = capsys.readouterr().out
    assert told == (
        "raw.leads: 2 of 3 rows are due (1 past their days, 1 marked as deleted)\n"
        "raw.people: 4 of 7 rows are due (2 past their days, 2 marked as deleted); "
        "1 without a date\n"
        "  1 rows of raw.notes.person go on referring to them\n"
    )
    assert shop.query(REST) == before
    # dbt's own test counts the same rows
    found = shop.run(TEST)
    assert sorted(one.failures for one in found.result.results) == [0, 0, 2, 4]
    assert retention(shop, "--yes") == 0
    told = capsys.readouterr().out
    assert "raw.people: 4 of 7 rows deleted" in told
    assert "Run `dbt build`" in told
    assert "@" not in told
    assert [each for (each,) in shop.query(REST)] == LEFT
    # whose order it was nobody can say any more, and the order stays
    orders = "select count(*), count(person), count(*) filter (person like 'gone%') from raw.orders"
    assert shop.query(orders) == [(7, 3, 0)]
    assert retention(shop) == 0
    capsys.readouterr()
    shop.query("drop table raw.notes")
    shop.query("create table raw.notes as select person from raw.orders")
    assert shop.run(TEST).success


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("drop table raw.leads", "raw.leads: nobody can tell, for there is no such table"),
        ("alter table raw.leads drop came", "for there is no column came"),
        ("alter table raw.leads alter came type varchar", "raw.leads: 2 of 3 rows are due"),
        (
            "alter table raw.leads alter came type bigint using 1",
            "came is of type bigint, which is no date",
        ),
        ("update raw.people set is_deleted = null", "(2 past their days, 0 marked as deleted)"),
    ],
)
def test_what_nobody_can_tell_is_told(
    shop: Warehouse, capsys: pytest.CaptureFixture[str], change: str, told: str
) -> None:
    shop.query(change)
    assert retention(shop) == 1
    assert told in capsys.readouterr().out


def test_nothing_is_deleted_where_one_table_cannot_be(
    shop: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.query("alter table raw.leads rename to stored")
    shop.query("create view raw.leads as from raw.stored")
    before = shop.query(REST)
    assert retention(shop, "--yes") == 2
    assert "nothing was deleted" in capsys.readouterr().err
    assert shop.query(REST) == before


def test_a_project_without_terms_is_told_how_to_say_one(
    shop: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    file = shop.project_dir / "models/sources.yml"
    text = file.read_text("utf-8")
    for right, wrong, told in (
        ("365", "0", "`retention_days` is no whole number of days"),
        ("blank", "cascade", "`on_delete` of raw.orders.person is neither `blank` nor left out"),
    ):
        file.write_text(text.replace(right, wrong), "utf-8")
        assert shop.run(["compile", "--quiet"]).success
        assert retention(shop) == 2
        assert told in capsys.readouterr().err
