"""Personal data changes, dbt builds anew, and whatever moves has to be foretold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pii_lint.cli import main
from tests.evidence.shop import PROJECT, dbt

pytestmark = pytest.mark.slow

SOON = datetime.now(tz=UTC).date() + timedelta(days=90)

MART = "models/marts/safe/leak.sql"
FROM = "from {{ ref('stg_people') }}"


def verify(folder: Path, *words: str) -> int:
    places = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    return main(["verify", *places, "--evidence", str(folder / "evidence.json"), *words])


def verdicts(folder: Path) -> dict[str, dict[str, Any]]:
    evidence = json.loads((folder / "evidence.json").read_text(encoding="utf-8"))
    return {f"{one['mart']}.{one['column']}": one for one in evidence["columns"]}


def test_the_promise_holds_where_labels_are_true(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop()
    before = (folder / "shop.duckdb").read_bytes()
    assert verify(folder) == 0
    assert {name: one["verdict"] for name, one in verdicts(folder).items()} == {
        "cities.city": "clean",
        "cities.people": "clean",
        "cities.addresses": "still",
        "cities.born": "foretold",
        "hashes.id": "clean",
        "hashes.email_hash": "foretold",
        "hashes.loaded_at": "unstable",
    }
    out = capsys.readouterr().out
    assert "The promise holds: 3 of 3 kinds altered, 2 safe marts" in out
    text = (folder / "evidence.json").read_text(encoding="utf-8")
    page = (folder / "evidence.md").read_text(encoding="utf-8")
    # neither holds a value, and the page names the very file that it belongs to
    assert hashlib.sha256(text.encode()).hexdigest() in page
    for value in ("@mail", "+4930", "1960-", "5a5a5a5a", "Bern"):
        assert value not in text + page + out
    # the warehouse itself is not touched
    assert (folder / "shop.duckdb").read_bytes() == before
    assert not list(folder.glob("*.tmp"))


@pytest.mark.parametrize(
    ("sql", "policy", "verdict"),
    [
        (
            f"select id, reverse(email) as code {FROM}",
            "functions: {reverse: constant}",
            "hole",
        ),
        (
            f"-- pii-lint: ignore[PII001] until={SOON} told to look away\n"
            f"select id, email as code {FROM}",
            "",
            "readable",
        ),
        (
            # a declaration midway takes nothing away that lineage knows
            f"select id, email as code {FROM}",
            "labels: {model.shop.stg_people: {email: false}}",
            "readable",
        ),
    ],
)
def test_a_leak_that_the_linter_was_told_to_ignore_breaks_it(
    shop: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    sql: str,
    policy: str,
    verdict: str,
) -> None:
    folder = shop(**{MART: sql, "pii_lint.yml": f"{PROJECT['pii_lint.yml']}{policy}\n"})
    assert verify(folder, "--no-canaries") == 1
    leak = verdicts(folder)["leak.code"]
    assert leak["verdict"] == verdict
    if verdict == "hole":
        assert leak["first_seen_in"] is not None
    assert "leak.code" in capsys.readouterr().out
    assert {one["verdict"] for name, one in verdicts(folder).items() if "leak" not in name} <= {
        "clean",
        "foretold",
        "still",
        "unstable",
    }


def test_values_that_only_change_places_are_seen(shop: Callable[..., Path]) -> None:
    """Each column holds what it held, and yet the rows tell whose is what."""
    folder = shop(
        **{
            MART: f"select id, row_number() over (order by reverse(email)) as place {FROM}",
            "pii_lint.yml": f"{PROJECT['pii_lint.yml']}"
            "functions: {reverse: constant}\n"
            "labels: {model.shop.stg_people: {email: false}}\n",
        }
    )
    assert verify(folder, "--no-canaries") == 1
    assert verdicts(folder)["leak.place"]["verdict"] == "hole"


def test_a_declared_reason_excuses_and_is_named(shop: Callable[..., Path]) -> None:
    folder = shop(
        **{
            MART: f"select id, email as contact {FROM}",
            "pii_lint.yml": f"{PROJECT['pii_lint.yml']}"
            "declassified:\n"
            f"  - {{node: model.shop.leak, columns: [contact], kinds: [email], until: {SOON},\n"
            "     reason: The people asked to be listed, by: dpo}\n",
        }
    )
    assert verify(folder) == 0
    leak = verdicts(folder)["leak.contact"]
    assert (leak["verdict"], leak["note"]) == ("excused", "The people asked to be listed")


def test_what_cannot_be_tried_is_said(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop()
    import duckdb

    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute("update people set email = null")
    assert verify(folder, "--no-canaries") == 0
    assert "people.email (contact.email): not tried, it holds no value" in capsys.readouterr().out


def test_a_kind_that_cannot_be_tried_proves_nothing(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """A view that bears only the values there are, and nobody downstream to notice."""
    view = f"select case when email like 'p%@mail%' then id else error('no') end as checked {FROM}"
    folder = shop(**{"models/staging/picky.sql": view})
    assert verify(folder, "--no-canaries") == 1
    assert "contact.email: picky can't be built with other values" in capsys.readouterr().out
    kinds = json.loads((folder / "evidence.json").read_text(encoding="utf-8"))["kinds"]
    assert {one["kind"]: one["failed_at"] for one in kinds} == {
        "contact.email": "picky",
        "contact.phone": None,
        "person.birth_date": None,
    }


def test_variables_are_given_on(shop: Callable[..., Path]) -> None:
    folder = shop()
    file = folder / "models/marts/safe/cities.sql"
    file.write_text(file.read_text() + "having count(*) > {{ var('least') }}", encoding="utf-8")
    dbt(folder, "compile", "--vars", "least: 1")
    assert verify(folder, "--no-canaries") == 2
    assert verify(folder, "--no-canaries", "--vars", "least: 1") == 0


def test_each_thing_that_is_missing_is_one_sentence(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop()
    (folder / "shop.duckdb").rename(folder / "elsewhere.duckdb")
    assert verify(folder) == 2
    assert "There is no DuckDB file at" in capsys.readouterr().err
    (folder / "elsewhere.duckdb").rename(folder / "shop.duckdb")
    (folder / "models/staging/stg_people.sql").write_text("select 1 / nothing", encoding="utf-8")
    assert verify(folder) in (2, 3)
    (folder / "models/staging/stg_people.sql").write_text(
        PROJECT["models/staging/stg_people.sql"], encoding="utf-8"
    )
    (folder / "models/staging/broken.sql").write_text(
        "{{ config(materialized='table') }} "
        "select cast(email as integer) as broken from {{ source('raw', 'people') }}",
        encoding="utf-8",
    )
    dbt(folder, "compile")
    capsys.readouterr()
    assert verify(folder) == 2
    told = capsys.readouterr()
    assert "dbt could not build broken" in told.err
    assert len(told.err.strip().splitlines()) == 1
    # the value that DuckDB named
    assert "@mail" not in told.out + told.err
