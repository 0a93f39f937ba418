"""What PostgreSQL says of an error may quote a row (DETAIL, a cast, a trigger's own words); no
command hands that on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pii_lint.cli import main
from pii_lint.errors import ConfigError
from pii_lint.guard.database.session import session
from tests.postgres.server import Database
from tests.postgres.syncing import Rig
from tests.unit.test_cli import manifest

VALUE = "alice@example.com"
FAILING = """\
create schema raw;
create table raw.kept (email text primary key);
insert into raw.kept values ('alice@example.com');
create function raw.refused(text) returns text language plpgsql as $$
begin
  raise exception 'permission denied for %', $1
    using errcode = 'insufficient_privilege', detail = $1, hint = $1;
end $$;
create schema if not exists main;
create schema pii_secrets;
create view pii_secrets.pii_salt as select raw.refused(email) as salt from raw.kept;
"""
HOW = {
    "a cast": "select email::integer as email, 'IT'::text as country from raw.kept",
    "words": "select raw.refused(email) as email, 'IT'::text as country from raw.kept",
}


@pytest.fixture
def failing(database: Database) -> Database:
    database.run(FAILING)
    return database


@pytest.fixture
def shop(failing: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A project on it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PII_LINT_TIER", raising=False)
    target = {"type": "postgres", "host": str(failing.server.sockets), "user": "postgres"}
    target |= {"port": failing.server.port, "dbname": failing.name, "schema": "main"}
    profile = {"shop": {"target": "dev", "outputs": {"dev": target}}}
    Path("profiles.yml").write_text(json.dumps(profile), "utf-8")
    Path("dbt_project.yml").write_text("name: shop\nprofile: shop\n", "utf-8")
    content: Any = manifest("select country from shop.raw.customers")
    for node in content["nodes"].values():
        file = Path(node["original_file_path"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("select 1", "utf-8")
    Path("manifest.json").write_text(json.dumps(content), "utf-8")
    return failing


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("words", [["scan", "customers", "--full"], ["profile", "customers"]])
def test_a_relation_that_fails_on_a_value_doesn_t_show_it(
    shop: Database, capsys: pytest.CaptureFixture[str], how: str, words: list[str]
) -> None:
    shop.run(f"create view raw.customers as {HOW[how]}")
    with pytest.raises(psycopg.Error, match=VALUE):
        shop.run("select * from raw.customers")
    assert main(["--debug", *words, "--manifest", "manifest.json"]) == 2
    told = capsys.readouterr()
    assert "alice" not in told.out + told.err


def test_the_salt_s_commands_don_t_show_it(
    shop: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["check"], ["init"]):
        assert main(["--debug", "salt", *words]) == 2
        told = capsys.readouterr()
        assert "alice" not in told.out + told.err


@pytest.mark.parametrize("how", HOW)
def test_a_sync_doesn_t_show_it(failing: Database, rig: Rig, how: str) -> None:
    failing.run(f"create view raw.customers as {HOW[how]}")
    email = {"name": "email", "meta": {"pii": True, "pii_type": "email"}}
    rig.declare("customers", [email, "country"], from_="raw.customers")
    assert "alice" not in rig.sync(code=2)


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("insert into raw.kept values ('alice@example.com')", psycopg.errors.UniqueViolation),
        ("select email::integer from raw.kept", psycopg.errors.InvalidTextRepresentation),
        ("select raw.refused(email) from raw.kept", psycopg.errors.InsufficientPrivilege),
    ],
    ids=["a key that is there", "a cast", "a function's own words"],
)
def test_the_guard_says_no_more_than_the_code(
    failing: Database, sql: str, error: type[psycopg.Error]
) -> None:
    with pytest.raises(error) as quoting:
        failing.run(sql)
    assert VALUE in f"{quoting.value} {quoting.value.diag.message_detail}"
    with pytest.raises(ConfigError) as told, session(failing.dsn) as connection:
        connection.execute(sql.encode())
    assert "alice" not in str(told.value)
    assert told.value.__cause__ is None


def test_the_guard_names_what_a_role_may_not_touch(guarded: Database) -> None:
    told = r"PostgreSQL refuses: permission denied for table pii_audit_findings; sign in"
    with (
        pytest.raises(ConfigError, match=told),
        session(guarded.dsn_as("app_ro")) as connection,
    ):
        connection.execute(b"delete from public.pii_audit_findings")


def test_the_guard_s_metrics_don_t_show_a_value_of_a_table_s_own_function(
    guarded: Database, capsys: pytest.CaptureFixture[str], require: Callable[[str], None]
) -> None:
    guarded.run(FAILING)
    guarded.run(
        "drop table public.pii_audit_findings cascade; create view public.pii_audit_findings as "
        "select raw.refused(email) as table_name, ''::text as detected_key, now() as detected_at, "
        "gen_random_uuid() as record_id from raw.kept"
    )
    assert main(["--debug", "guard", "metrics", "--dsn", guarded.dsn]) == 2
    told = capsys.readouterr()
    assert "alice" not in told.out + told.err
    assert "the role lacks a right" in told.err
