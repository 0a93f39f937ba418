"""Somebody asks to be forgotten, or for their data, in a warehouse on PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pii_lint.cli import main
from tests.evidence.people import EMAIL, NAME, PHONE, RAW, SALT, make
from tests.postgres.server import Database, Server, fresh

pytestmark = pytest.mark.slow

HASH = hashlib.sha256((EMAIL + SALT).encode()).hexdigest()
TRACES = (EMAIL, EMAIL.upper(), PHONE, HASH)
ROLES = ("builder", "rights_office", "onlooker")


@pytest.fixture(scope="module")
def built(
    postgres: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Database]]:
    """The project, built by a role that owns its schemas and no more."""
    from dbt.cli.main import dbtRunner

    folder = tmp_path_factory.mktemp("people")
    with fresh(postgres) as database:
        for role in ROLES:
            database.run(f"create role {role} login")
        database.run(f"alter database {database.name} owner to builder")
        profile = {
            "type": "postgres",
            "host": str(postgres.sockets),
            "port": postgres.port,
            "user": "{{ env_var('PEOPLE_USER', 'builder') }}",
            "password": "",
            "dbname": database.name,
            "schema": "analytics",
            "threads": 1,
        }
        make(folder, json.dumps({"people": {"target": "pg", "outputs": {"pg": profile}}}))
        # PostgreSQL knows its `json` has no equality
        database.run(RAW.replace("payload json", "payload jsonb"), "builder")
        words = ["--quiet", "build", "--project-dir", str(folder), "--profiles-dir", str(folder)]
        assert dbtRunner().invoke(words).success
        database.run("analyze", "builder")
        yield folder, database
        for role in ROLES:
            database.run(f"drop owned by {role} cascade")
    postgres_database = Database(postgres, "postgres")
    for role in ROLES:
        postgres_database.run(f"drop role {role}")


def command(built: tuple[Path, Database], *words: str) -> int:
    folder, _ = built
    who = folder.parent / "who"
    who.write_text(EMAIL, "utf-8")
    asked = [] if "--returned" in words else ["--subject-file", str(who)]
    places = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    return main([*words, *asked, *places])


def broken(*_: object) -> None:
    raise KeyboardInterrupt


def traces(database: Database) -> dict[str, list[str]]:
    """The files of the database in which something of theirs stands; the log isn't one of them."""
    ((oid,),) = database.run(f"select oid from pg_database where datname = '{database.name}'")
    files = (database.server.log.parent / "data" / "base" / str(oid)).iterdir()
    found = {
        file.name: [one for one in TRACES if one.encode() in content]
        for file in files
        if file.is_file()
        if (content := file.read_bytes())
    }
    return {name: those for name, those in found.items() if those}


def test_a_person_is_handed_over_forgotten_and_kept_out(
    built: tuple[Path, Database],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from pii_lint.evidence.rights import postgres_server

    _, database = built
    database.run("checkpoint")
    before = traces(database)
    assert before
    known = "select count(*) from pg_stats where histogram_bounds::text ~ 'septima'"
    assert database.run(known) > [(0,)]

    # whoever isn't cleared, or may not read all of it, gets nothing
    for user, says in (("onlooker", "clears rights_office"), ("rights_office", "may not read")):
        monkeypatch.setenv("PEOPLE_USER", user)
        assert command(built, "export-subject", str(tmp_path / user)) == 2
        assert says in capsys.readouterr().err
        assert not (tmp_path / user).exists()
    for schema in ("raw", "analytics"):
        database.run(f"grant usage on schema {schema} to rights_office")
        database.run(f"grant select on all tables in schema {schema} to rights_office")
    assert command(built, "export-subject", str(tmp_path / "handed")) == 0
    handed = json.loads((tmp_path / "handed" / "subject.json").read_text("utf-8"))
    assert {part["table"]: len(part["rows"]) for part in handed["tables"]} == {
        "raw.people": 1,
        "raw.orders": 1,
        "raw.visits": 2,
        "raw.hooks": 2,
        "raw.odd": 1,
        "contacts": 1,
    }
    monkeypatch.delenv("PEOPLE_USER")

    # who may delete but owns nothing can't have the tables written anew
    database.run(
        "alter table raw.visits owner to onlooker; grant select, delete on raw.visits to builder"
    )
    assert command(built, "forget-subject", "--yes") == 2
    assert "belongs to another role" in capsys.readouterr().err
    database.run("alter table raw.visits owner to builder")

    # in a table that nobody declared something would be left, so all stays as it was
    database.run(f"create table raw.copied as select 'cc {EMAIL}' as note", "builder")
    assert command(built, "forget-subject", "--yes") == 1
    assert "raw.copied.note" in capsys.readouterr().out
    assert database.run("select count(*) from raw.people") == [(40,)]
    database.run("drop table raw.copied", "builder")

    # broken off after the commit, the rows are gone and their bytes aren't; once more ends it
    with monkeypatch.context() as patch:
        patch.setattr(postgres_server, "_write_anew", broken)
        assert command(built, "forget-subject", "--yes") == 130
    assert database.run("select count(*) from raw.people") == [(39,)]
    database.run("checkpoint")
    assert traces(database)

    evidence = tmp_path / "evidence.json"
    assert command(built, "forget-subject", "--yes", "--evidence", str(evidence)) == 0
    said = capsys.readouterr()
    assert database.run(
        "select (select count(*) from raw.people), (select count(person_id) from raw.orders), "
        "(select count(*) from analytics.visits_kept), (select count(*) from analytics.plans), "
        "(select count(*) from analytics.contacts), (select count(*) from analytics.reach)"
    ) == [(39, 39, 78, 39, 39, 39)]
    hook = "select payload ->> 'text', payload ->> 'kind' from raw.hooks where id = 2"
    assert database.run(hook) == [(None, "asked")]
    assert database.run(known) == [(0,)]
    odd = 'select * from raw."odd ""% ?" order by 1 nulls first'
    assert database.run(odd) == [(None, ""), (8, "p8 %")]
    database.run("checkpoint")
    left = traces(database)
    assert not left, f"{left} of {before}"
    told = evidence.read_text("utf-8") + said.out + said.err
    assert not [one for one in (*TRACES, NAME, "Septima") if one.lower() in told.lower()]
    assert json.loads(told[: told.index("\n}\n") + 2])["clean"]
    for role in ("rights_office", "onlooker"):
        ((may,),) = database.run(f"select has_schema_privilege('{role}', 'pii_secrets', 'usage')")
        assert not may

    # some other load brings them back, with another salt
    database.run(f"insert into raw.people values (7, '{EMAIL}', '{NAME}', 'Musterstadt', 'basic')")
    database.run(f"update pii_secrets.pii_salt set salt = '{'c3' * 32}'")
    assert command(built, "forget-subject", "--returned", "--yes") == 0
    assert database.run("select count(*) from raw.people") == [(39,)]
    shutil.rmtree(tmp_path / "handed")
