"""The salt of a real PostgreSQL is rotated: a table is of the old salt or the new, never both."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.evidence.cut_off import cut_off
from tests.keyed_shop import FILES, HASHES, MORE, RAW, pii_lint, project
from tests.postgres.server import Database, Server, fresh
from tests.warehouse import Warehouse

pytestmark = pytest.mark.slow

OWNER = "rotation_owner"
ROTATE = ("rotate-salt", "--allow-fewer-rows")


@pytest.fixture(scope="module")
def keyed(
    postgres: Server, require: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Warehouse, Database]]:
    """Built once; the database is a template, and the profile asks for the name of its copy."""
    require("dbt")
    folder = tmp_path_factory.mktemp("keyed")
    where = f"host: {postgres.sockets}, port: {postgres.port}, user: {OWNER}, password: x"
    name = "dbname: \"{{ env_var('SHOP_DATABASE') }}\""
    profile = f"{{type: postgres, {where}, {name}, schema: analytics, threads: 1}}"
    with fresh(postgres) as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_DATABASE", made.name)
        made.run(f"create role {OWNER} login; grant create on database {made.name} to {OWNER}")
        made.run(RAW, user=OWNER)
        shop = project(folder, profile)
        shop = Warehouse(shop.project_dir, {"SHOP_DATABASE": made.name})
        assert pii_lint(shop, "salt", "init") == 0
        assert shop.run(["build", "--quiet"]).success
        yield shop, made
        made.run(f"reassign owned by {OWNER} to postgres")
        made.run(f"drop owned by {OWNER}; drop role {OWNER}")


@pytest.fixture
def shop(
    keyed: tuple[Warehouse, Database],
    postgres: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Warehouse, Database]]:
    project_dir, template = keyed[0].project_dir, keyed[1]
    with fresh(postgres, template.name) as made:
        shutil.copytree(project_dir, tmp_path / "shop")
        monkeypatch.setenv("SHOP_DATABASE", made.name)
        yield Warehouse(tmp_path / "shop", {"SHOP_DATABASE": made.name}), made


def hashes(database: Database, query: str = HASHES) -> set[str]:
    return {str(each) for (each,) in database.run(query)} - {"nobody", "None"}


def of(database: Database, table: str) -> set[str]:
    return hashes(database, f"select email_hash from {table}")


def left_behind(database: Database) -> list[tuple[object, ...]]:
    """What a rotation leaves in the salt's schema, and on tables."""
    return database.run(
        "select relname::text from pg_class where relnamespace = 'pii_secrets'::regnamespace "
        "and relname <> 'pii_salt' and relkind = 'r' union all "
        "select tgname::text from pg_trigger where not tgisinternal union all "
        "select proname::text from pg_proc where pronamespace = 'pii_secrets'::regnamespace"
    )


def test_old_and_new_never_join(
    shop: tuple[Warehouse, Database], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project, database = shop
    before, ((was,),) = hashes(database), database.run("select salt from pii_secrets.pii_salt")
    database.run("insert into marts.days values (-1)")
    evidence = tmp_path / "told.json"
    assert pii_lint(project, *ROTATE, "--evidence", str(evidence)) == 0
    after = hashes(database)
    assert len(after) == len(before)
    assert not after & before
    ((salt,),) = database.run("select salt from pii_secrets.pii_salt")
    assert salt != was
    assert left_behind(database) == []
    assert (-1,) in database.run("select * from marts.days")
    told = json.loads(evidence.read_text("utf-8"))
    assert (told["holds"], told["engine"], told["resumed"]) == (True, "postgres", False)
    assert {(one["relation"], one["equal"]) for one in told["columns"]} == {
        ("people", 0),
        ("stg_people", 0),
        ("visits", 0),
    }
    shown = capsys.readouterr().out + evidence.read_text("utf-8")
    assert not any(str(each) in shown for each in (*before, *after, was, salt))
    # and the next run goes on under the new salt
    database.run(MORE)
    assert project.run(["run", "--quiet"]).success
    assert hashes(database) > after
    assert pii_lint(project, "salt", "check") == 0


def test_killed_in_the_middle_no_table_is_mixed_and_nothing_else_may_build(
    shop: tuple[Warehouse, Database], capsys: pytest.CaptureFixture[str]
) -> None:
    project, database = shop
    before, people, visits = (
        hashes(database),
        of(database, "marts.people"),
        of(database, "marts.visits"),
    )
    where = ["--project-dir", str(project.project_dir), "--profiles-dir", str(project.project_dir)]
    assert cut_off(2, *ROTATE, *where) == -signal.SIGKILL
    assert of(database, "marts.people") == people
    assert of(database, "marts.visits") == visits
    # whoever adds a row to a table of old pseudonyms is refused by the database itself
    with pytest.raises(psycopg.errors.RaiseException, match="a rotation of the salt is pending"):
        database.run("insert into marts.visits values (99, 99, 'x')", OWNER)
    database.run(MORE)
    assert not project.run(["run", "--quiet"]).success
    assert not project.run(["run", "--quiet", "--full-refresh"]).success
    assert of(database, "marts.visits") == visits
    # what was refused left a manifest without SQL
    assert project.run(["compile", "--quiet"]).success
    assert pii_lint(project, "salt", "check") == 2
    assert "A rotation of the salt" in capsys.readouterr().err
    assert pii_lint(project, *ROTATE) == 2
    assert "was cut off before it ended: run this with --resume" in capsys.readouterr().err
    # cut off once more, when the first of the two had been replaced
    assert cut_off(3, "rotate-salt", "--resume", *where) == -signal.SIGKILL
    # one is new as a whole, and the other one old
    both = (("marts.people", people), ("marts.visits", visits))
    assert sorted(len(of(database, now) & then) for now, then in both) == [0, len(people)]
    assert pii_lint(project, "rotate-salt", "--resume") == 0
    assert not hashes(database) & before
    assert left_behind(database) == []
    assert project.run(["run", "--quiet"]).success


def test_a_model_that_fails_leaves_it_pending_until_it_is_mended(
    shop: tuple[Warehouse, Database], capsys: pytest.CaptureFixture[str]
) -> None:
    project, database = shop
    before = hashes(database)
    file = project.project_dir / "models/marts/safe/visits.sql"
    good = file.read_text("utf-8")
    broken = FILES["models/marts/safe/visits.sql"].replace("joined,", "1 / (joined - 1) as joined,")
    file.write_text(broken, "utf-8")
    assert project.run(["compile", "--quiet"]).success
    assert pii_lint(project, *ROTATE) == 2
    told = capsys.readouterr().err
    assert "dbt could not build visits under the new salt, and the rotation stays pending" in told
    assert of(database, "marts.visits") < before
    file.write_text(good, "utf-8")
    assert project.run(["compile", "--quiet"]).success
    assert pii_lint(project, "rotate-salt", "--resume") == 0
    assert not hashes(database) & before
    assert left_behind(database) == []


def test_what_stands_against_it_is_one_sentence_and_changes_nothing(
    shop: tuple[Warehouse, Database], capsys: pytest.CaptureFixture[str]
) -> None:
    project, database = shop
    before, salt = hashes(database), database.run("select salt from pii_secrets.pii_salt")

    def refused(*words: str) -> str:
        assert pii_lint(project, *words) == 2
        told = capsys.readouterr().err
        assert len(told.strip().splitlines()) == 1
        assert left_behind(database) == []
        return told

    assert "No rotation is pending" in refused("rotate-salt", "--resume")
    assert "visits would be made anew from what the raw tables hold today" in refused("rotate-salt")
    with psycopg.connect(database.dsn, application_name="dbt"):
        assert "A run of dbt is at work" in refused(*ROTATE)
    with database.connect() as other:
        other.execute("select pg_advisory_lock(hashtext('pii_lint.pii_secrets.pii_salt_rotation'))")
        assert "Another rotation is at work" in refused(*ROTATE)
    database.run("create table marts.renamed as select email_hash from marts.people", OWNER)
    assert "marts.renamed holds pseudonyms made with the old salt" in refused(*ROTATE)
    database.run("drop table marts.renamed", OWNER)
    project.edit("dbt_project.yml", 'on-run-start: "{{ pii_lint.check_pii_salt() }}"\n', "")
    assert project.run(["compile", "--quiet"]).success
    assert "Nothing keeps another run of dbt" in refused(*ROTATE)
    assert (hashes(database), database.run("select salt from pii_secrets.pii_salt")) == (
        before,
        salt,
    )
