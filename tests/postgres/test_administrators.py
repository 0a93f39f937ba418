"""Whoever signs in as an administrator is refused where a tier is stated, and warned elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pii_lint.cli import main
from pii_lint.warehouse.sync import address
from tests.postgres.server import Database, Server
from tests.postgres.syncing import Rig

REFUSED = "is an administrator's, whom no grant or mask binds"
FROM_VAULT = "{{ env_var('SHOP_PASSWORD') }}"
ROLES = ("plain_role", "member_role", "rds_superuser", "clouded_role")


@pytest.fixture(scope="module")
def server(postgres: Server) -> Iterator[Server]:
    """One role that may do little, and others that may become an administrator."""
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for role in ROLES:
            connection.execute(f"create role {role} login password '{postgres.password}'".encode())
        connection.execute(b"grant postgres to member_role")
        connection.execute(b"grant rds_superuser to clouded_role")
        yield postgres
        for role in ROLES:
            connection.execute(f"drop role {role}".encode())


@pytest.fixture
def run(
    server: Server,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> object:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PII_LINT_TIER", raising=False)
    Path("dbt_project.yml").write_text("name: shop\nprofile: shop\n", "utf-8")
    database.run("grant create on database " + database.name + " to plain_role")

    monkeypatch.setenv("SHOP_PASSWORD", server.password)

    def salt(user: str, tier: int | None, written: str = FROM_VAULT) -> tuple[int, str]:
        output = {"type": "postgres", "host": str(server.sockets), "user": user}
        output |= {"port": server.port, "dbname": database.name, "password": written}
        profile = {"shop": {"target": "dev", "outputs": {"dev": output}}}
        Path("profiles.yml").write_text(json.dumps(profile), "utf-8")
        policy = Path("pii_lint.yml")
        policy.write_text("version: 1\n" + (f"tier: {tier}\n" if tier else ""), "utf-8")
        code = main(["salt", "check" if tier == 2 else "init"])
        return code, capsys.readouterr().err

    return salt


@pytest.mark.parametrize("user", ["postgres", "member_role", "clouded_role", "rds_superuser"])
@pytest.mark.parametrize("tier", [1, 2])
def test_an_administrator_is_refused_where_a_tier_is_stated(
    run, database: Database, user: str, tier: int
) -> None:
    code, told = run(user, tier)
    assert code == 2
    assert REFUSED in told
    assert f"tier {tier}" in told
    assert "of pii_lint.yml refuses:" in told
    assert told.count("\n") == 1
    assert not database.run("select 1 from pg_namespace where nspname = 'pii_secrets'")


def test_a_role_that_may_do_little_is_let_in(run) -> None:
    code, told = run("plain_role", 1)
    assert (code, told) == (0, "")


@pytest.mark.parametrize("tier", [1, 2, None])
def test_a_password_that_is_written_out_is_refused_where_a_tier_is_stated(
    run, server: Server, tier: int | None
) -> None:
    code, told = run("plain_role", tier, server.password)
    if tier is None:
        assert (code, told) == (0, "")
        return
    assert code == 2
    assert "has its password written out, which tier" in told
    assert server.password not in told


def test_without_a_tier_a_developer_s_own_server_is_left_alone(run) -> None:
    assert run("postgres", None) == (0, "")


def test_without_a_tier_an_administrator_of_another_server_is_warned(
    guarded: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PGPASSWORD", guarded.server.password)
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    dsn = guarded.server.tcp_dsn(guarded.name)
    assert main(["guard", "check", "--dsn", dsn.replace("127.0.0.1", "db.shop.internal")]) == 0
    told = capsys.readouterr().err
    assert told.startswith("warning: The role that signs in to ")
    assert REFUSED in told
    assert told.count("\n") == 1
    assert main(["guard", "check", "--dsn", dsn]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("word", ["check", "metrics"])
def test_the_guard_refuses_one_too(
    guarded: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    word: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["guard", word, "--dsn", guarded.dsn]) == 0
    assert "warning" not in capsys.readouterr().err
    monkeypatch.setenv("PII_LINT_TIER", "2")
    assert main(["guard", word, "--dsn", guarded.dsn]) == 2
    assert REFUSED in capsys.readouterr().err
    assert main(["guard", word, "--dsn", guarded.dsn_as("app_ro")]) == 0


def test_a_sync_s_dry_run_refuses_one_too(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    database.run("create table people (id integer)")
    rig.declare("people", ["id"])
    assert address.DSN in rig.environment
    monkeypatch.setenv("PII_LINT_TIER", "2")
    assert REFUSED in rig.sync("--dry-run", code=2)
    monkeypatch.setenv("PII_LINT_TIER", "1")
    assert REFUSED in rig.sync(code=2)
    monkeypatch.delenv("PII_LINT_TIER")
    rig.sync()
