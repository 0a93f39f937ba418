"""Access as code on a real PostgreSQL: who reads what, and each drift by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pii_lint.cli import main
from pii_lint.governance import postgres
from pii_lint.governance.names import text
from pii_lint.governed import Access
from pii_lint.options import Options
from pii_lint.pipeline.access import access
from tests.governed_shop import POLICY, shop
from tests.postgres.server import Database, Server, fresh

pytestmark = pytest.mark.slow

ROLES = ("analyst", "support", "officer", "owner", "stranger")
PROFILE = """\
shop:
  outputs:
    default:
      type: postgres
      host: "{{ env_var('POSTGRES_HOST') }}"
      port: "{{ env_var('POSTGRES_PORT') }}"
      user: stranger
      password: "{{ env_var('POSTGRES_PASSWORD') }}"
      dbname: "{{ env_var('POSTGRES_DATABASE') }}"
"""
PASSWORD = "not-a-secret"  # noqa: S105


def built(database: Database, found: Access) -> None:
    """Make tables of the names that the inventory holds, as a role that is no administrator."""
    names = postgres.NAMES
    schemas = sorted({relation.schema for relation in found.relations})
    made = [f"create schema {names.quoted(schema)}" for schema in schemas]
    for relation in sorted(found.relations, key=lambda one: one.view):
        name = names.relation(relation)
        columns = [names.column(column) for column in relation.columns]
        if relation.view:
            listed = ", ".join(f"''::text as {column}" for column in columns)
            made.append(f"create view {name} as select {listed}")
        else:
            listed = ", ".join(f"{column} text" for column in columns)
            made.append(f"create table {name} ({listed})")
    database.run("; ".join(made), "owner")


@pytest.fixture(scope="module")
def server(postgres: Server) -> Iterator[Server]:
    """With the roles of this module, which others make anew."""
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for role in ROLES:
            connection.execute(f"drop role if exists {role}".encode())
            connection.execute(f"create role {role} login password '{PASSWORD}'".encode())
        yield postgres
        for role in ROLES:
            connection.execute(f"drop role {role}".encode())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = shop(tmp_path_factory.mktemp("govern") / "shop")
    (made / "profiles.yml").write_text(PROFILE, "utf-8")
    return made


@pytest.fixture(scope="module")
def template(server: Server, folder: Path) -> Iterator[Database]:
    """A database that is as planned, to be copied and broken."""
    found = access(Options(project_dir=folder))
    with fresh(server) as made:
        made.run(f"alter database {made.name} owner to owner")
        built(made, found)
        made.run(postgres.ddl(found), "owner")
        yield made


@pytest.fixture
def governed(server: Server, template: Database) -> Iterator[Database]:
    with fresh(server, template.name) as made:
        yield made


def checked(database: Database, folder: Path, *words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSTGRES_HOST", "127.0.0.1")
        patch.setenv("POSTGRES_PORT", str(database.server.port))
        patch.setenv("POSTGRES_DATABASE", database.name)
        patch.setenv("POSTGRES_PASSWORD", PASSWORD)
        where = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
        return main(["govern", "check", *where, *words])


def may_read(database: Database, role: str, what: str, relation: str) -> bool:
    try:
        database.run(f"select {what} from {relation} limit 1", role)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


STATE = """
select nspname, nspacl::text from pg_namespace where nspname !~ '^(pg_|information_)' union all
select relname, relacl::text from pg_class where relkind in ('r', 'v') and oid > 16383 union all
select attrelid::text || attname, attacl::text from pg_attribute where attrelid > 16383 union all
select objoid::text || objsubid, description from pg_description where objoid > 16383
order by 1, 2
"""


def test_a_second_run_changes_nothing(governed: Database, folder: Path) -> None:
    before = governed.run(STATE)
    governed.run(postgres.ddl(access(Options(project_dir=folder))), "owner")
    assert governed.run(STATE) == before
    assert any("pii:restricted" in str(told) for _, told in before)


def test_each_role_reads_what_it_is_cleared_for_and_is_refused_the_rest(
    governed: Database,
) -> None:
    columns = ("id", "email", "born_on", "ssn", "country")
    seen = {
        (role, relation): [c for c in columns if may_read(governed, role, c, relation)]
        for role in ("analyst", "support", "officer", "stranger")
        for relation in ("raw.customers", "restricted.mart_contact")
    }
    assert seen == {
        ("analyst", "raw.customers"): [],
        ("analyst", "restricted.mart_contact"): ["id", "country"],
        ("support", "raw.customers"): [],
        ("support", "restricted.mart_contact"): ["id", "email", "born_on", "country"],
        ("officer", "raw.customers"): [],
        ("officer", "restricted.mart_contact"): list(columns),
        ("stranger", "raw.customers"): [],
        ("stranger", "restricted.mart_contact"): [],
    }
    assert may_read(governed, "analyst", "*", "marts.fct_reach")
    assert not may_read(governed, "officer", "*", "marts.fct_reach")
    assert not may_read(governed, "analyst", "*", "restricted.mart_contact")


def test_what_a_role_gained_by_hand_is_taken_again(governed: Database, folder: Path) -> None:
    governed.run(
        "grant select on restricted.mart_contact to analyst, public; "
        "grant select (ssn) on raw.customers to support; grant usage on schema raw to support",
        "owner",
    )
    governed.run(postgres.ddl(access(Options(project_dir=folder))), "owner")
    assert not may_read(governed, "analyst", "ssn", "restricted.mart_contact")
    assert not may_read(governed, "support", "ssn", "raw.customers")
    assert checked(governed, folder) == 0


def test_a_database_as_planned_is_told_in_one_line(
    governed: Database, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(governed, folder) == 0
    assert capsys.readouterr().out == "The database is as planned: 4 relations.\n"


MART = "restricted.mart_contact"


@pytest.mark.parametrize(
    ("drift", "sentences"),
    [
        (
            f"grant select on {MART} to analyst",
            [f"{MART}: analyst may read it and must not"],
        ),
        (
            f"grant select on {MART} to public",
            [f"{MART}: public may read it and must not"],
        ),
        (
            "grant select (ssn) on raw.customers to stranger",
            [
                "raw.customers.ssn: stranger may read it and must not, and neither policy nor "
                "grants name it"
            ],
        ),
        (
            f"revoke select (email) on {MART} from support",
            [f"{MART}.email: support should read it and may not"],
        ),
        (
            "revoke select on marts.fct_reach from analyst",
            ["marts.fct_reach: analyst should read it and may not"],
        ),
        (
            "grant usage on schema raw to analyst; revoke usage on schema marts from support",
            [
                "schema marts: support should use it and may not",
                "schema raw: analyst may use it and must not",
            ],
        ),
        (
            f"comment on column {MART}.ssn is 'harmless'; comment on column {MART}.email is null; "
            "comment on column raw.customers.born_on is 'pii:internal'",
            [
                "raw.customers.born_on: its comment should say `pii:confidential "
                "person.birth_date (clear)` and says another",
                f"{MART}.email: its comment should say `pii:confidential contact.email (clear)`",
                f"{MART}.ssn: its comment should say `pii:restricted government.ssn (clear)`",
            ],
        ),
        (
            f"comment on column {MART}.country is 'pii:restricted x'",
            [f"{MART}.country: its comment says it is personal, and it isn't"],
        ),
        (
            f"drop table {MART}; create table {MART} (id text, email text)",
            [
                f"{MART}: officer should read it and may not",
                f"{MART}.born_on: isn't there",
                f"{MART}.email: its comment should say `pii:confidential contact.email (clear)`",
                f"{MART}.email: support should read it and may not",
                f"{MART}.id: analyst should read it and may not",
                f"{MART}.id: support should read it and may not",
                f"{MART}.ssn: isn't there",
            ],
        ),
        (
            "create table marts.moved_away (email text); grant select on marts.moved_away "
            "to analyst, stranger; create table raw.new_source (email text)",
            ["marts.moved_away: analyst may read it, and the project doesn't know it"],
        ),
        (
            "alter default privileges in schema raw grant select on tables to support; "
            "alter default privileges in schema marts grant select on tables to analyst; "
            "alter default privileges grant select on tables to officer",
            [
                "later tables in any schema: officer may read them and must not",
                "later tables in schema raw: support may read them and must not",
            ],
        ),
        ("drop view staging.stg_customers", ["staging.stg_customers: isn't there"]),
    ],
)
def test_every_drift_is_named_and_nothing_else(
    governed: Database,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    drift: str,
    sentences: list[str],
) -> None:
    governed.run(drift, "owner")
    assert checked(governed, folder) == 1
    assert capsys.readouterr().out.splitlines() == sentences


def test_a_way_around_by_membership_is_named(
    governed: Database, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    governed.run("grant officer to analyst")
    try:
        assert may_read(governed, "analyst", "ssn", MART)
        assert checked(governed, folder) == 1
    finally:
        governed.run("revoke officer from analyst")
    assert capsys.readouterr().out.splitlines() == [
        f"{MART}.{column}: analyst may read it through another role or as administrator, and "
        "must not"
        for column in ("born_on", "email", "ssn")
    ]


def test_who_builds_may_read_everything(
    governed: Database, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    governed.run("grant select on raw.customers to stranger", "owner")
    assert checked(governed, folder) == 1
    assert checked(governed, folder, "--builder", "stranger") == 0


def test_a_column_that_is_no_longer_personal_loses_its_tag_and_others_keep_their_comment(
    governed: Database, folder: Path
) -> None:
    governed.run(
        f"comment on column {MART}.country is 'pii:restricted x'; "
        f"comment on column {MART}.id is 'the key'",
        "owner",
    )
    governed.run(postgres.ddl(access(Options(project_dir=folder))), "owner")
    told = "select attname::text from pg_attribute join pg_description on objoid = attrelid "
    told += f"and objsubid = attnum where attrelid = '{MART}'::regclass order by 1"
    assert governed.run(told) == [("born_on",), ("email",), ("id",), ("ssn",)]


def test_the_query_of_readers_names_roles_by_what_they_reach(
    governed: Database, folder: Path
) -> None:
    rows = governed.run(postgres.access_log(access(Options(project_dir=folder))))
    readers = {row[4] for row in rows if row[:3] == ("restricted", "mart_contact", "ssn")}
    assert {"officer", "owner"} <= readers
    assert not readers & {"analyst", "support", "stranger"}


@pytest.mark.parametrize(
    "name",
    [
        'a"b',
        "'; drop table raw.customers; --",
        "$forget0$ end $forget0$;",
        "größe 電話",
        "two\nlines",
        "%I\\ %s :x",
    ],
)
def test_a_hostile_name_is_a_name(server: Server, tmp_path: Path, name: str) -> None:
    folder = shop(
        tmp_path / "shop",
        mart=f"m{name}",
        column=f"c{name}",
        readers=("officer", f'"r{name}"'),
        policy=POLICY,
    )
    (folder / "profiles.yml").write_text(PROFILE, "utf-8")
    found = access(Options(project_dir=folder))
    role = postgres.NAMES.quoted(f"r{name}")
    with fresh(server) as made:
        made.run(f"alter database {made.name} owner to owner")
        made.run(f"create role {role}")
        try:
            built(made, found)
            for _ in range(2):
                made.run(postgres.ddl(found), "owner")
            ((readers,),) = made.run(
                "select count(*) from pg_class, aclexplode(relacl) where relname = "
                f"{text('m' + name)} and pg_get_userbyid(grantee) = 'officer'"
            )
            ((granted,),) = made.run(
                "select array_agg(attname order by attname) from pg_attribute, aclexplode(attacl) "
                f"where pg_get_userbyid(grantee) = {text('r' + name)}"
            )
            assert readers == 1
            assert granted == ["country", "id"]
            assert checked(made, folder) == 0
            made.run("grant select on raw.customers to stranger", "owner")
            assert checked(made, folder) == 1
        finally:
            made.run(f"drop owned by {role}; drop role {role}")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("type: postgres", "type: duckdb"), "only PostgreSQL is read live"),
        (("user: stranger", "user: nobody_known"), "No connection to"),
        (("dbname:", "unknown:"), "names no `dbname`"),
    ],
)
def test_a_target_that_can_t_be_read_is_one_sentence_without_a_password(
    governed: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: tuple[str, str],
    sentence: str,
) -> None:
    folder = shop(tmp_path / "shop")
    (folder / "profiles.yml").write_text(PROFILE.replace(*change), "utf-8")
    assert checked(governed, folder) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert PASSWORD not in err


def test_an_empty_database_lacks_everything(
    server: Server, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fresh(server) as made:
        assert checked(made, folder) == 1
    told = capsys.readouterr().out.splitlines()
    relations = json.loads((folder / "target/manifest.json").read_text("utf-8"))
    count = len(relations["nodes"]) + len(relations["sources"])
    assert sum(line.endswith(": isn't there") for line in told) == count
