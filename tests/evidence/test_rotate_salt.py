"""The salt of a DuckDB file is rotated: all of it or nothing, and old and new never join."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence.cut_off import cut_off
from tests.keyed_shop import HASHES, MORE, RAW, pii_lint, project
from tests.warehouse import Warehouse

pytestmark = pytest.mark.slow

SNAPSHOT = """\
{% snapshot snap_people %}
{{ config(schema='marts', unique_key='id', strategy='check', check_cols=['joined']) }}
select * from {{ ref('stg_people') }}
{% endsnapshot %}
"""
PICKY = "select case when count(*) > 100 then error('no') end as checked from {{ ref('people') }}"


@pytest.fixture(scope="module")
def built(require: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    require("dbt")
    require("duckdb")
    profile = "{type: duckdb, path: acme.duckdb, threads: 1}"
    shop = project(
        tmp_path_factory.mktemp("keyed"), profile, **{"models/marts/safe/picky.sql": PICKY}
    )
    for statement in RAW.split(";"):
        shop.query(statement) if statement.strip() else None
    assert pii_lint(shop, "salt", "init") == 0
    assert shop.run(["build", "--quiet"]).success
    return shop


@pytest.fixture
def shop(built: Warehouse, tmp_path: Path) -> Warehouse:
    shutil.copytree(built.project_dir, tmp_path / "shop")
    return Warehouse(tmp_path / "shop")


def hashes(shop: Warehouse) -> set[str]:
    return {str(each) for (each,) in shop.query(HASHES)} - {"nobody", "None"}


def salt(shop: Warehouse) -> str:
    ((text,),) = shop.query("select salt from pii_secrets.pii_salt")
    return str(text)


def test_old_and_new_never_join_and_the_file_keeps_nothing_of_the_old(
    shop: Warehouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, was = hashes(shop), salt(shop)
    days = shop.query("from marts.days order by all")
    # what no build may lose: a row that raw tables no longer hold, where nothing is keyed
    shop.query("insert into marts.days values (-1)")
    shop.database.chmod(0o640)
    assert pii_lint(shop, "rotate-salt", "--evidence", str(tmp_path / "told.json")) == 0
    after = hashes(shop)
    assert len(after) == len(before)
    assert not after & before
    assert salt(shop) != was
    assert shop.query("from marts.days order by all") == [(-1,), *days]
    assert shop.query("from raw.people order by all")[0] == (0, "p0@mail.example", 0)
    # no page of the file, used or not, tells of the old ones
    stored = shop.database.read_bytes()
    assert salt(shop).encode() in stored
    assert not any(each.encode() in stored for each in (was, *before))
    assert shop.database.stat().st_mode & 0o777 == 0o640
    assert not list(shop.project_dir.glob(".acme*"))
    # the evidence counts, and names no value
    text = (tmp_path / "told.json").read_text("utf-8")
    page = (tmp_path / "told.md").read_text("utf-8")
    told = {f"{one['relation']}.{one['column']}": one for one in json.loads(text)["columns"]}
    assert {name: (one["verdict"], one["equal"]) for name, one in told.items()} == {
        "people.code": ("short", 0),
        "people.email_hash": ("apart", 0),
        "stg_people.email_hash": ("apart", 0),
        "visits.email_hash": ("apart", 0),
    }
    assert hashlib.sha256(text.encode()).hexdigest() in page
    shown = capsys.readouterr().out + text + page
    assert not any(each in shown for each in (*before, *after, was, salt(shop), "mail.example"))
    # and the next run goes on under the new salt
    shop.query(MORE)
    assert shop.run(["run", "--quiet"]).success
    assert hashes(shop) > after
    assert pii_lint(shop, "salt", "check") == 0


def test_killed_in_the_middle_it_has_changed_nothing(shop: Warehouse) -> None:
    before, was = hashes(shop), salt(shop)
    where = ["--project-dir", str(shop.project_dir), "--profiles-dir", str(shop.project_dir)]
    assert cut_off(3, "rotate-salt", *where) == -signal.SIGKILL
    # it had begun
    assert list(shop.project_dir.glob(".acme.duckdb.rotation/acme.duckdb"))
    assert (hashes(shop), salt(shop)) == (before, was)
    assert shop.run(["run", "--quiet"]).success
    assert hashes(shop) == before
    assert pii_lint(shop, "rotate-salt") == 0
    assert not hashes(shop) & before
    assert not list(shop.project_dir.glob(".acme*"))


def test_a_model_that_fails_leaves_all_as_it_was(
    shop: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.query("insert into raw.people select 100 + i, null, 0 from range(100) t(i)")
    before, was = hashes(shop), salt(shop)
    assert pii_lint(shop, "rotate-salt") == 2
    assert "dbt could not build picky under a new salt, so nothing was" in capsys.readouterr().err
    assert (hashes(shop), salt(shop)) == (before, was)
    assert not list(shop.project_dir.glob(".acme*"))


def test_rows_that_only_an_incremental_model_still_holds_are_not_lost_in_silence(
    shop: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    before = hashes(shop)
    shop.query("delete from raw.people where joined = 2")
    assert pii_lint(shop, "rotate-salt") == 2
    assert "visits would lose rows" in capsys.readouterr().err
    assert hashes(shop) == before
    assert pii_lint(shop, "rotate-salt", "--allow-fewer-rows") == 0
    assert not hashes(shop) & before


def test_what_would_keep_old_pseudonyms_stands_against_it(
    shop: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    before = hashes(shop)
    (shop.project_dir / "snapshots").mkdir()
    (shop.project_dir / "snapshots/snap_people.sql").write_text(SNAPSHOT, "utf-8")
    shop.query("create table marts.renamed as select 'of ' || email_hash as told from marts.people")
    assert shop.run(["snapshot", "--quiet"]).success
    assert shop.run(["compile", "--quiet"]).success
    assert pii_lint(shop, "rotate-salt") == 2
    told = capsys.readouterr().err
    assert "snap_people keeps pseudonyms made with the old salt (email_hash)" in told
    assert "marts.renamed holds pseudonyms made with the old salt" in told
    assert hashes(shop) == before
    shop.query("drop table marts.renamed")
    shop.query("drop table marts.snap_people")
    assert pii_lint(shop, "rotate-salt") == 0


def test_each_refusal_is_one_sentence(shop: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    import duckdb

    where = ["--project-dir", str(shop.project_dir), "--profiles-dir", str(shop.project_dir)]
    assert pii_lint(shop, "rotate-salt", "--resume") == 2
    assert "nothing waits to be resumed" in capsys.readouterr().err
    assert pii_lint(shop, "rotate-salt", "--accept", "nobody.email_hash") == 2
    assert "--accept nobody.email_hash names no column" in capsys.readouterr().err
    nowhere = str(shop.project_dir / "nowhere" / "told.json")
    assert pii_lint(shop, "rotate-salt", "--evidence", nowhere) == 2
    assert "Can't write to --evidence" in capsys.readouterr().err
    assert pii_lint(shop, "rotate-salt", "--evidence", "told.md") == 2
    assert "names the Markdown" in capsys.readouterr().err
    with duckdb.connect(str(shop.database)):
        # a reader elsewhere holds the file
        assert cut_off(0, "rotate-salt", *where) == 2
    shop.query("delete from pii_secrets.pii_salt")
    assert pii_lint(shop, "rotate-salt") == 2
    assert "is missing, for the table is empty" in capsys.readouterr().err
    shop.database.unlink()
    assert pii_lint(shop, "salt", "init") == 0
    assert pii_lint(shop, "rotate-salt") == 2
    assert "no relation with pseudonyms stands in this database" in capsys.readouterr().err
    shop.database.unlink()
    assert pii_lint(shop, "rotate-salt") == 2
    assert "There is no DuckDB file" in capsys.readouterr().err
