"""The server that other tests stand on."""

from __future__ import annotations

import psycopg
import pytest

from tests.postgres.server import Database, Server


def test_each_database_is_fresh(database: Database) -> None:
    database.run("create table here (id int)")
    assert database.run("select count(*) from pg_tables where schemaname = 'public'") == [(1,)]


def test_the_next_one_knows_nothing_of_it(database: Database) -> None:
    assert database.run("select count(*) from pg_tables where schemaname = 'public'") == [(0,)]


def test_tcp_asks_for_the_password(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    psycopg.connect(postgres.tcp_dsn()).close()
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.tcp_dsn())


def test_it_never_runs_as_root(postgres: Server) -> None:
    assert (postgres.sockets / "data").stat().st_uid != 0
