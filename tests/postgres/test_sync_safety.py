"""`pii-lint sync` when something goes wrong, or somebody wants it to."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pii_lint.warehouse.quoting import quoted
from tests.postgres.server import Server
from tests.postgres.syncing import Rig

REPOSITORY = Path(__file__).resolve().parents[2]
ROWS = 5_000
PATIENCE = 120
"""Seconds after which a sync that does nothing has hung."""


def _start(rig: Rig, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pii_lint", *rig.arguments(*more)],
        cwd=REPOSITORY,
        env={**os.environ, **rig.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.fixture
def two_tables(rig: Rig) -> Rig:
    """Two tables that belong together, loaded in a first state; the source has a second one."""
    rig.source.run(
        "create table a (id bigint primary key, state int, note text); create table b as table a; "
        f"insert into a select i, 1, repeat('x', 50) from generate_series(1, {ROWS}) i; "
        "insert into b table a; alter table b add primary key (id)"
    )
    for name in ("a", "b"):
        rig.declare(name, ["id", "state", "note"], incremental={"column": "id", "overlap": ROWS})
    rig.sync()
    rig.source.run(
        "update a set state = 2; update b set state = 2; "
        f"insert into a values ({ROWS + 1}, 2, null)"
    )
    return rig


def _states(rig: Rig) -> list[tuple[object, ...]]:
    return rig.rows(
        "select 'a', min(state), max(state), count(*) from a union all "
        "select 'b', min(state), max(state), count(*) from b order by 1"
    )


FIRST = [("a", 1, 1, ROWS), ("b", 1, 1, ROWS)]
SECOND = [("a", 2, 2, ROWS + 1), ("b", 2, 2, ROWS)]


def test_killed_at_ten_points_it_leaves_the_last_good_tables(two_tables: Rig) -> None:
    chance = random.Random(6)
    points = [
        *(f"statements:{many}" for many in (1, 4, 6, 9, 12)),
        *(f"rows:{many}" for many in (1, ROWS // 2, ROWS - 1)),
        *(f"seconds:{chance.uniform(0.05, 0.5)}" for _ in range(4)),
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.postgres.killed"],
        cwd=REPOSITORY,
        env={**os.environ, **two_tables.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        for number, point in enumerate(points):
            full = ("--full",) if number % 2 else ()
            print(json.dumps([point, two_tables.arguments(*full)]), file=nursery.stdin, flush=True)
            ended = int(nursery.stdout.readline())
            states = _states(two_tables)
            if "seconds" in point:
                # it may have been faster, and then all of it is there
                assert states == (FIRST if ended else SECOND) or states == SECOND, point
            else:
                assert (ended, states) == (-signal.SIGKILL, FIRST), point
        nursery.stdin.close()
    two_tables.sync()
    assert _states(two_tables) == SECOND


def test_a_failure_in_the_second_table_undoes_the_first(two_tables: Rig) -> None:
    two_tables.source.run(
        "alter table b alter state type numeric(5,0); update b set state = 'NaN' where id = 7"
    )
    assert "`state` in public.b can't be held exactly" in two_tables.sync("--full", code=2)
    assert _states(two_tables) == FIRST


def test_ctrl_c_leaves_the_last_good_tables(two_tables: Rig) -> None:
    # a table that somebody alters keeps the sync waiting until it is interrupted
    with two_tables.source.connect(autocommit=False) as altering:
        altering.execute("lock table b in access exclusive mode")
        process = _start(two_tables, "--full")
        _until(lambda: _waiting(two_tables), process)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
        altering.rollback()
    assert process.returncode == 130, out
    assert _states(two_tables) == FIRST


def _waiting(rig: Rig) -> bool:
    found = rig.source.run(
        "select count(*) from pg_stat_activity where application_name = 'pii-lint sync' "
        "and wait_event_type = 'Lock'"
    )
    return found == [(1,)]


def _until(holds: object, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():  # type: ignore[operator]
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_connection_that_breaks_leaves_the_last_good_tables(two_tables: Rig) -> None:
    with two_tables.source.connect(autocommit=False) as altering:
        altering.execute("lock table b in access exclusive mode")
        process = _start(two_tables, "--full")
        _until(lambda: _waiting(two_tables), process)
        two_tables.source.run(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name = 'pii-lint sync'"
        )
        out, _ = process.communicate(timeout=PATIENCE)
        altering.rollback()
    assert process.returncode == 2, out
    assert b"shut down" in out
    assert _states(two_tables) == FIRST


def test_all_tables_are_of_one_moment(two_tables: Rig) -> None:
    stop = threading.Event()
    state = 2

    def change() -> None:
        nonlocal state
        with two_tables.source.connect(autocommit=False) as connection:
            while not stop.is_set():
                state += 1
                connection.execute(f"update a set state = {state} where id < 100".encode())
                connection.execute(f"update b set state = {state} where id < 100".encode())
                connection.commit()

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(3):
            two_tables.sync("--full")
            ((a,),) = two_tables.rows("select max(state) from a where id < 100")
            assert two_tables.rows("select max(state) from b where id < 100") == [(a,)]
    finally:
        stop.set()
        changing.join()


def test_whoever_holds_the_file_is_told_of(
    two_tables: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pii_lint.warehouse.sync.store.PATIENCE", 0.2)
    dashboard = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); "
            "print('open', flush=True); sys.stdin.read()",
            str(two_tables.file),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert dashboard.stdout is not None
    dashboard.stdout.readline()
    try:
        told = two_tables.sync(code=2)
        assert "raw.duckdb is in use by another process (a sync, a build or a dashboard)" in told
        two_tables.sync("--dry-run")
    finally:
        dashboard.communicate()
    two_tables.sync()


def test_a_full_disk_is_one_sentence(two_tables: Rig) -> None:
    size = two_tables.file.stat().st_size // 4
    limited = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import resource, runpy, sys; "
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); "
            "sys.argv = sys.argv[1:]; runpy.run_module('pii_lint', run_name='__main__')",
            *("pii_lint", *two_tables.arguments("--full")),
        ],
        cwd=REPOSITORY,
        env={**os.environ, **two_tables.environment},
        capture_output=True,
        check=False,
    )
    assert limited.returncode == 2, limited.stderr
    assert b"The disk of" in limited.stderr
    assert _states(two_tables) == FIRST


@pytest.fixture
def reader(rig: Rig) -> Rig:
    """Signed in by a role that may only read one table, with a password."""
    role = f"reader_{rig.source.name}"
    rig.source.run(
        f"create role {role} login password 'correct horse'; create table t (id int, note text); "
        "insert into t values (1, 'x'); create table secret (id int); "
        f"grant select on t to {role}"
    )
    server = rig.source.server
    rig.environment = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": role,
        "PGPASSWORD": "correct horse",
        "PGDATABASE": rig.source.name,
    }
    rig.declare("t", ["id", "note"])
    return rig


def test_a_role_that_only_reads_suffices(reader: Rig) -> None:
    assert "1 row read" in reader.sync()
    reader.declare("secret", ["id"])
    told = reader.sync(code=1)
    assert "may not read public.secret: grant select on it" in told
    reader.tables.pop("secret")
    reader.source.run("create schema closed; create table closed.t (id int)")
    reader.declare("t2", ["id"], from_="closed.t")
    assert "may not look into the schema of closed.t" in reader.sync(code=2)


def test_rows_that_a_policy_hides_are_no_silent_loss(reader: Rig) -> None:
    reader.source.run("alter table t enable row level security")
    assert "would hide rows from this role by row-level security" in reader.sync(code=2)


def test_a_statement_may_not_take_for_ever(reader: Rig) -> None:
    reader.source.run(
        "create view slow as select 1 as id, pg_sleep(5)::text as note; "
        f"grant select on slow to {reader.environment['PGUSER']}"
    )
    reader.declare("t", ["id", "note"], from_="public.slow")
    told = reader.sync("--statement-timeout", "1", code=2)
    assert "a statement took longer than --statement-timeout" in told


SIGN_INS = [
    ({"PGPASSWORD": "hunter2"}, "refused the user name or password"),
    ({"PGPASSWORD": ""}, "asks for a password"),
    ({"PGDATABASE": "nowhere"}, "knows no such database or user"),
    ({"PGPORT": "1"}, "isn't there: check PGHOST and PGPORT"),
    ({"PGHOST": "nobody.invalid"}, "has a host name that nobody knows"),
    ({"PGHOST": "/nowhere"}, "isn't there: check PGHOST and PGPORT"),
    ({"PII_LINT_SOURCE_DSN": "postgresql://u:hunter2@[h/x"}, "no connection string"),
    ({"PII_LINT_SOURCE_DSN": "hunter2"}, "no connection string"),
    ({"PII_LINT_SOURCE_DSN": "service=prod"}, "put it in PGSERVICE"),
    ({"PGSERVICE": "prod"}, "is named by a PGSERVICE that no service file holds"),
]


def test_whatever_is_wrong_with_the_sign_in_is_one_sentence(reader: Rig) -> None:
    right = reader.environment
    for change, told in SIGN_INS:
        reader.environment = right | change
        said = reader.sync(code=2)
        assert told in said, change
        assert said.count("\n") == 1, change
        assert "hunter2" not in said, change
        assert "correct horse" not in said, change


def test_names_may_be_as_wild_as_they_like(rig: Rig) -> None:
    table, column = 'x"; drop table a; --', "c\"'; {0} \\N ☃"
    quoted_table, quoted_column = quoted(table), quoted(column)
    rig.source.run(
        f'create schema "S.1"; create table "S.1".{quoted_table} '
        f'(id int primary key, {quoted_column} timestamptz, "select" text, "Mixed" text); '
        f"insert into \"S.1\".{quoted_table} values (1, now(), 'a', 'b')"
    )
    rig.declare(
        table,
        ["id", column, "select", "mixed"],
        from_=f'"S.1".{quoted_table}',
        incremental={"column": column},
    )
    rig.sync()
    assert "1 row read, 1 there (incremental)" in rig.sync()
    assert rig.rows(f'select "select", mixed from {quoted_table}') == [("a", "b")]


def test_two_columns_that_duckdb_can_t_tell_apart(rig: Rig) -> None:
    rig.source.run("create table t (\"Note\" text, note text); insert into t values ('A', 'a')")
    rig.declare("t", ["Note", "note"])
    assert "lists a column twice" in rig.sync(code=2)
    rig.declare("t", ["note"], ignore=["Note"])
    rig.sync()
    assert rig.rows("select note from t") == [("a",)]


def test_wide_tables_and_wide_rows(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"n{i}" for i in range(1000)]
    rig.source.run(
        f"create table wide ({', '.join(f'{name} int' for name in names)}); "
        f"insert into wide (n0, n999) values (1, 2)"
    )
    rig.source.run(
        "create table long (id int, body text); insert into long values "
        "(1, repeat('\"x,', 3000000)), (2, 'short')"
    )
    rig.declare("wide", names)
    rig.declare("long", ["id", "body"])
    rig.sync()
    assert rig.rows("select n0, n1, n999 from wide") == [(1, None, 2)]
    assert rig.rows("select id, length(body) from long order by 1") == [(1, 9_000_000), (2, 5)]
    monkeypatch.setattr("pii_lint.warehouse.sync.stream.WIDEST", 8 * 1024 * 1024)
    assert "A row of public.long is wider than 8 MB" in rig.sync(code=2)
    assert rig.rows("select count(*) from long") == [(2,)]


def test_tables_of_every_sort(rig: Rig) -> None:
    rig.source.run(
        "create table empty (id int, note text); create table only_null (note text); "
        "insert into only_null values (null), (''), (null); "
        "create table parted (id int, day date) partition by range (day); "
        "create table parted_1 partition of parted "
        "for values from ('2026-01-01') to ('2027-01-01'); "
        "insert into parted values (1, '2026-05-05'); "
        "create view seen as select id, day from parted; "
        "create materialized view kept as select * from parted; "
        "create table made (id int, twice int generated always as (id * 2) stored); "
        "insert into made values (4); create sequence counter"
    )
    rig.declare("empty", ["id", "note"])
    rig.declare("only_null", ["note"])
    for name in ("parted", "seen", "kept"):
        rig.declare(name, ["day", "id"])
    rig.declare("made", ["id", "twice"])
    rig.sync()
    assert rig.rows("select count(*) from empty") == [(0,)]
    assert rig.rows("select note from only_null") == [(None,), ("",), (None,)]
    for name in ("parted", "seen", "kept"):
        assert rig.rows(f"select id, day::varchar from {name}") == [(1, "2026-05-05")]
    assert rig.rows("select twice from made") == [(8,)]
    # the order of columns is that of the YAML, whatever becomes of the source
    rig.source.run("alter table made rename to old; create view made as select twice, id from old")
    rig.sync("--select", "made")
    assert rig.rows("select * from made") == [(4, 8)]
    rig.source.run('drop view made; create table "Made" (id int)')
    told = rig.sync(code=2)
    assert (
        "has no table public.made, from which raw.made is to be loaded (there is public.Made)"
        in told
    )
    rig.declare("made", ["id"], from_="counter")
    assert "has no table public.counter" in rig.sync(code=2)
    assert rig.rows("select * from made") == [(4, 8)]


def test_a_view_in_the_warehouse_is_somebody_s_own(rig: Rig) -> None:
    import duckdb

    rig.source.run("create table t (id int)")
    rig.declare("t", ["id"])
    with duckdb.connect(str(rig.file)) as connection:
        connection.execute("create view t as select 1 as id")
    assert "raw.t is a view" in rig.sync(code=2)


def test_text_that_isn_t_utf_8(postgres: Server, rig: Rig) -> None:
    name = f"ascii_{rig.source.name}"
    rig.source.run(f"create database {name} encoding 'SQL_ASCII' template template0")
    try:
        rig.environment = {"PII_LINT_SOURCE_DSN": postgres.dsn(name)}
        import psycopg

        with psycopg.connect(postgres.dsn(name), autocommit=True) as connection:
            connection.execute("create table t (id int, note text)")
            connection.execute(r"insert into t values (1, E'secret\xff')")
        rig.declare("t", ["id", "note"])
        told = rig.sync(code=2)
        assert "valid" in told
        assert "secret" not in told
    finally:
        rig.source.run(f"drop database {name} with (force)")


def test_a_project_that_asks_for_nothing(rig: Rig) -> None:
    assert "No source of the project says that it is loaded" in rig.sync(code=2)
    rig.declare("t", ["id"])
    assert "No table that is loaded is called x: choose of raw.t" in rig.sync(
        "--select", "x", code=2
    )
