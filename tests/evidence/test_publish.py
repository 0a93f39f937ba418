"""What is handed out holds the safe marts and nothing else, and is refused where it may not go."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pii_lint.cli import main
from tests.evidence.shop import PROJECT, dbt

pytestmark = pytest.mark.slow

SOON = datetime.now(tz=UTC).date() + timedelta(days=90)

EXPOSURES = "models/exposures.yml"


def exposure(name: str, until: object = SOON) -> str:
    return f"""\
  - name: {name}
    type: application
    owner: {{name: Growth, email: growth@example.com}}
    depends_on: [ref('hashes')]
    config:
      meta:
        sign_off:
          approved_by: dpo
          approved_on: "2026-07-01"
          until: "{until}"
          kinds: [email]
          forms: [pseudonym]
"""


def signed(*exposures: str) -> dict[str, str]:
    return {EXPOSURES: "exposures:\n" + "".join(exposures)}


def publish(folder: Path, output: Path, *words: str) -> int:
    places = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    return main(["publish", str(output), *places, *words])


def rows(file: Path, sql: str) -> list[tuple[object, ...]]:
    import duckdb

    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_copy_holds_the_safe_marts_and_not_one_byte_more(
    shop: Callable[..., Path], tmp_path: Path
) -> None:
    folder = shop()
    output = tmp_path / "shared"
    assert publish(folder, output) == 0
    assert sorted(file.name for file in output.iterdir()) == ["manifest.json", "marts.duckdb"]
    copy = output / "marts.duckdb"
    assert rows(copy, "select schema_name, table_name from duckdb_tables() order by 2") == [
        ("main", "cities"),
        ("main", "hashes"),
    ]
    assert rows(copy, "select count(*) from duckdb_views() where not internal") == [(0,)]
    for mart in ("cities", "hashes"):
        content = f"select * from main.{mart} order by all"
        assert rows(copy, content) == rows(folder / "shop.duckdb", content)
    told = json.loads((output / "manifest.json").read_text(encoding="utf-8"))
    assert [(one["name"], one["rows"]) for one in told["marts"]] == [("cities", 2), ("hashes", 40)]
    assert told["marts"][1]["columns"][1]["labels"] == ["contact.email pseudonym"]
    assert told["verdict"] == "passed"
    raw = copy.read_bytes() + (output / "manifest.json").read_bytes()
    secrets = rows(folder / "shop.duckdb", "select salt from salts")
    secrets += rows(folder / "shop.duckdb", "select email from people")
    secrets += rows(folder / "shop.duckdb", "select document ->> 'phone' from people")
    for (value,) in secrets:
        assert str(value).encode() not in raw
    # what is searched for would be found where it stands
    assert str(secrets[0][0]).encode() in (folder / "shop.duckdb").read_bytes()


def test_each_recipient_gets_pseudonyms_that_join_with_nobody_else_s(
    shop: Callable[..., Path], tmp_path: Path
) -> None:
    folder = shop(**signed(exposure("north"), exposure("south")))
    for name in ("north", "south"):
        assert publish(folder, tmp_path / name, "--recipient", name) == 0
    assert publish(folder, tmp_path / "again", "--recipient", "north") == 0
    north, south, again = (
        dict(rows(tmp_path / name / "marts.duckdb", "select id, email_hash from hashes"))
        for name in ("north", "south", "again")
    )
    house = dict(rows(folder / "shop.duckdb", "select id, email_hash from hashes"))
    assert north == again
    assert len(set(north.values())) == 40
    assert not set(north.values()) & set(south.values())
    assert not set(house.values()) & {*north.values(), *south.values()}
    tables = rows(tmp_path / "north" / "marts.duckdb", "select table_name from duckdb_tables()")
    assert tables == [("hashes",)]


def test_parquet_holds_the_same(shop: Callable[..., Path], tmp_path: Path) -> None:
    folder = shop()
    assert publish(folder, tmp_path / "shared", "--parquet") == 0
    names = sorted(file.name for file in (tmp_path / "shared").iterdir())
    assert names == ["main.cities.parquet", "main.hashes.parquet", "manifest.json"]
    import duckdb

    file = str(tmp_path / "shared/main.cities.parquet")
    assert sorted(duckdb.read_parquet(file).fetchall()) == sorted(
        rows(folder / "shop.duckdb", "select * from cities")
    )


@pytest.mark.parametrize(
    ("files", "words", "code", "sentence"),
    [
        (
            {"models/marts/safe/leak.sql": "select email from {{ ref('stg_people') }}"},
            (),
            1,
            "Not published: the gate doesn't pass",
        ),
        (
            signed(exposure("north", until="2026-08-01")),
            ("--recipient", "north"),
            1,
            "north has no sign-off for all that it would get, or one that has expired",
        ),
        ({}, ("--recipient", "nobody"), 2, "There is no exposure nobody"),
    ],
)
def test_what_may_not_go_is_refused_with_one_reason_each(
    shop: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, str],
    words: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    folder = shop(**files)
    assert publish(folder, tmp_path / "shared", *words) == code
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "shared").exists()
    assert not list(tmp_path.glob(".pii-lint-*"))


def test_a_stale_manifest_publishes_nothing(
    shop: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop()
    (folder / "models/marts/safe/cities.sql").write_text(
        PROJECT["models/marts/safe/cities.sql"].replace("city,", "city, min(email) as first,"),
        "utf-8",
    )
    assert publish(folder, tmp_path / "shared") == 3
    assert "older" in capsys.readouterr().err
    assert not (tmp_path / "shared").exists()


def test_nothing_is_mixed_into_what_is_there(
    shop: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop()
    (tmp_path / "shared").mkdir()
    assert publish(folder, tmp_path / "shared") == 2
    assert "is there already" in capsys.readouterr().err
    (tmp_path / "shared").rmdir()
    import duckdb

    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute("drop table cities")
    assert publish(folder, tmp_path / "shared") == 2
    assert "cities isn't built in this database" in capsys.readouterr().err
    assert not (tmp_path / "shared").exists()
    dbt(folder, "build")
    assert publish(folder, tmp_path / "shared") == 0
