"""Somebody asks to be forgotten: nothing of them is left in the file, and they don't come back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pii_lint.cli import main
from tests.evidence.people import EMAIL, NAME, PHONE, RAW, SALT, make
from tests.evidence.shop import dbt

pytestmark = pytest.mark.slow

HASH = hashlib.sha256((EMAIL + SALT).encode()).hexdigest()
TRACES = (EMAIL, EMAIL.upper(), PHONE, HASH)
"""What would give them away; the name stays in the invoice."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project on DuckDB, built once."""
    pytest.importorskip("duckdb")
    import duckdb

    folder = tmp_path_factory.mktemp("people")
    make(
        folder,
        "people: {target: dev, outputs: {dev: {type: duckdb, path: people.duckdb, threads: 1}}}\n",
    )
    with duckdb.connect(str(folder / "people.duckdb")) as connection:
        connection.execute(RAW)
    dbt(folder, "build")
    return folder


@pytest.fixture
def people(built: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(built, tmp_path / "people"))


def forget(folder: Path, *words: str, who: str = EMAIL) -> int:
    file = folder.parent / "who"
    file.write_text(who + "\n", "utf-8")
    asked = [] if "--returned" in words else ["--subject-file", str(file)]
    places = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    return main(["forget-subject", *asked, *places, *words])


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    import duckdb

    with duckdb.connect(str(folder / "people.duckdb")) as connection:
        return connection.execute(sql).fetchall()


def test_nothing_of_them_is_left_in_any_table_or_byte(
    people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = people / "people.duckdb"
    before = database.read_bytes()
    assert all(trace.encode() in before for trace in TRACES)
    assert forget(people) == 0
    assert "raw.people: 1 row to delete" in capsys.readouterr().out
    assert database.read_bytes() == before

    evidence, letters = people.parent / "evidence.json", people.parent / "letters.md"
    filed = ["--evidence", str(evidence), "--letters", str(letters)]
    assert forget(people, "--yes", *filed) == 0
    said = capsys.readouterr()
    after = database.read_bytes()
    assert not [trace for trace in TRACES if trace.encode() in after]
    assert [file.name for file in people.glob("*duckdb*")] == ["people.duckdb"]
    assert not list(people.glob(".*forget*"))

    counted = (
        "select (select count(*) from raw.people), (select count(*) from raw.visits), "
        "(select count(*) from main.visits_kept), (select count(*) from main.plans), "
        "(select count(*) from main.contacts), (select count(*) from main.reach)"
    )
    assert rows(people, counted) == [(39, 78, 78, 39, 39, 39)]
    assert rows(people, "select count(*), count(person_id) from raw.orders") == [(40, 39)]
    assert rows(people, "select payload from raw.hooks order by id") == [
        ('{"order": {"number": "A-107"}, "kind": "paid"}',),
        ('{"kind": "asked"}',),
        ('{"kind": "paid", "order": {"number": "A-108"}, "phone": "+49305558888"}',),
    ]
    odd = 'select * from raw."odd ""% ?" order by 1 nulls first'
    assert rows(people, odd) == [(None, ""), (8, "p8 %")]
    assert rows(people, "select holder from raw.invoices") == [(NAME,)]

    told = evidence.read_text("utf-8") + evidence.with_suffix(".md").read_text("utf-8")
    told += letters.read_text("utf-8") + said.out + said.err
    assert not [trace for trace in (*TRACES, NAME, "Septima") if trace.lower() in told.lower()]
    filed_json = json.loads(evidence.read_text("utf-8"))
    assert filed_json["clean"]
    assert filed_json["found"]["bytes"] == 0
    assert filed_json["kept"] == [{"table": "raw.invoices", "reason": "kept for ten years by law"}]
    assert filed_json["searched"]["not_looked_for"]["somebody else has it, too"] == 1
    assert "To `Mailer`" in letters.read_text("utf-8")


def test_they_stay_forgotten_through_a_new_salt_and_another_load(people: Path) -> None:
    assert forget(people, "--yes") == 0
    assert forget(people, "--yes") == 0
    # another salt: the tombstones' key is none of its business
    places = ["--project-dir", str(people), "--profiles-dir", str(people)]
    assert main(["rotate-salt", *places]) == 0
    assert rows(people, "select salt from pii_secrets.pii_salt") != [(SALT,)]
    rows(people, "drop schema raw cascade")
    rows(people, RAW.partition("create schema pii_secrets")[0])
    dbt(people, "build")
    assert EMAIL.encode() in (people / "people.duckdb").read_bytes()
    assert forget(people, "--returned", "--yes") == 0
    assert not [t for t in TRACES if t.encode() in (people / "people.duckdb").read_bytes()]
    assert rows(people, "select count(*) from main.contacts") == [(39,)]


def test_where_something_is_left_nothing_is_changed(
    people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(people, f"create table raw.copied as select 'cc: {EMAIL}' as note, 1 as other")
    before = (people / "people.duckdb").read_bytes()
    assert forget(people, "--yes") == 1
    assert "raw.copied.note: found in 1 row" in capsys.readouterr().out
    assert (people / "people.duckdb").read_bytes() == before
    assert forget(people, "--yes", "--leave", "raw.copied.note") == 0
    assert rows(people, "select count(*) from raw.people") == [(39,)]


def test_a_run_that_breaks_off_leaves_the_file_as_it_was(
    people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pii_lint.evidence.rights import duckdb_file

    before = (people / "people.duckdb").read_bytes()

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(duckdb_file, "blurred", broken)
        assert forget(people, "--yes") == 130
    assert (people / "people.duckdb").read_bytes() == before
    assert not list(people.glob(".*forget*"))
    # what a killed one leaves
    desk = people / ".people.pii-lint-forget" / "work"
    desk.mkdir(parents=True)
    (desk / "people.duckdb").write_bytes(before)
    assert forget(people, "--yes", "--build") == 0
    assert not desk.exists()
    assert rows(people, "select count(*) from main.contacts") == [(39,)]


def test_whoever_may_come_back_comes_back(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert forget(people, "--lift") == 0
    assert "Nobody" in capsys.readouterr().out
    assert forget(people, "--yes") == 0
    assert forget(people, "--lift") == 0
    assert rows(people, "select count(*) from pii_secrets.pii_tombstones") == [(0,)]


def test_a_value_that_many_share_makes_nobody_of_them(
    people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(people, "update raw.people set email = 'none@example.org' where id > 20")
    assert forget(people, "--yes", who="none@example.org") == 2
    assert "More than 10 rows of raw.people" in capsys.readouterr().err
    rows(people, "update raw.people set email = '' where id > 20")
    assert forget(people, "--yes", who="people=21") == 0
    assert rows(people, "select count(*) from raw.people") == [(39,)]


def test_where_people_stand_in_no_table_nobody_is_told_that_all_is_well(
    people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(people, "alter table raw.people rename to those")
    rows(people, "create view raw.people as from raw.those")
    assert forget(people, "--yes") == 2
    assert "raw.people is no table in this database" in capsys.readouterr().err
    rows(people, "drop schema raw cascade")
    assert forget(people, "--yes") == 2
    assert "None of the tables" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("who", "words", "says"),
    [
        ("nobody@example.org", (), "Nobody in the warehouse"),
        ("", (), "Nobody is named"),
        ("p1@example.org", ("--returned", "x"), "name nobody"),
    ],
    ids=["a stranger", "nobody", "everybody and one"],
)
def test_it_says_what_it_wants(
    people: Path, capsys: pytest.CaptureFixture[str], who: str, words: tuple[str, ...], says: str
) -> None:
    assert forget(people, "--yes", *words, who=who) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert not who or who not in said.out + said.err


def test_everything_on_them_is_handed_over_and_nothing_else(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    who = tmp_path / "who"
    who.write_text("people=7", "utf-8")
    places = ["--project-dir", str(people), "--profiles-dir", str(people)]
    asked = ["export-subject", "--subject-file", str(who), *places]
    output = tmp_path / "handed"
    assert main([*asked, str(output)]) == 0
    assert output.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in output.iterdir()} == {0o600}
    told = json.loads((output / "subject.json").read_text("utf-8"))
    assert {part["table"]: len(part["rows"]) for part in told["tables"]} == {
        "raw.people": 1,
        "raw.orders": 1,
        "raw.visits": 2,
        "raw.hooks": 2,
        "raw.odd": 1,
        "contacts": 1,
    }
    everything = "".join(file.read_text("utf-8") for file in output.iterdir())
    assert EMAIL in everything
    assert SALT not in everything
    assert "p8@example.org" not in everything
    assert main([*asked, str(people / "handed")]) == 2
    assert "lies in the project" in capsys.readouterr().err
