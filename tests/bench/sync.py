"""`python -m tests.bench.sync`: a million rows from PostgreSQL, beside `COPY` and the extension.

Every way runs in each round, so that a machine that grows slower meanwhile tilts no ratio. What a
way costs is the CPU time of its own process; the server works for each of them alike.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench.measure import Cost, cost_of
from tests.postgres.server import Server, folder, fresh, running
from tests.postgres.syncing import Rig

FOLDER = Path("target/bench/sync")
EXTENSION = "duckdb-extension-postgres-scanner"
HEADER = "| way | wall s | rows/s | CPU s | rows/s a core | CPU beside COPY |\n|---|---|---|---|---|---|\n"

PLAIN = """
create table plain as select i::bigint as id, (i % 1000)::int as shop, 'word ' || i as note,
    'town ' || i % 997 as town, timestamp '2024-01-01' + i * interval '1 second' as made_at,
    timestamptz '2024-01-01+00' + i * interval '7 seconds' as seen_at, (i * 1.25)::numeric(12, 2) as amount,
    i % 2 = 0 as flag, case when i % 3 = 0 then null else 'left, "' || i end as remark, i::float8 / 7 as share
from generate_series(1, {rows}) i;
alter table plain add primary key (id);
create table hooks as select i::bigint as id, jsonb_build_object('sender', 'stripe', 'order_number', 'A-' || i,
    'amount_cents', i % 10000, 'lines', jsonb_build_array(jsonb_build_object('sku', 'S-' || i % 77)),
    'note', repeat('lorem ipsum ', 20)) as payload
from generate_series(1, {rows} / 10) i;
vacuum analyze
"""
COLUMNS = ("id", "shop", "note", "town", "made_at", "seen_at", "amount", "flag", "remark", "share")

BY_HAND = """
import duckdb, os, psycopg, sys
dsn, file, csv = sys.argv[1:]
with psycopg.connect(dsn) as connection, open(csv, "wb") as out:
    with connection.cursor().copy("copy plain to stdout (format csv)") as copy:
        for row in copy:
            out.write(row)
with duckdb.connect(file) as connection:
    connection.execute(
        "create or replace table plain as select * from read_csv(?, header = false, columns = {"
        "'id': 'bigint', 'shop': 'int', 'note': 'text', 'town': 'text', 'made_at': 'timestamp', "
        "'seen_at': 'timestamptz', 'amount': 'decimal(12,2)', 'flag': 'boolean', 'remark': 'text', "
        "'share': 'double'})", [csv])
os.remove(csv)
"""
BY_EXTENSION = """
import duckdb, sys
dsn, file, extension = sys.argv[1:]
with duckdb.connect(file) as connection:
    connection.execute(f"load '{extension}'")
    connection.execute(f"attach '{dsn}' as pg (type postgres, read_only)")
    connection.execute("create or replace table plain as select * from pg.public.plain")
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sync", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-extension", action="store_true", help="leave the extension out")
    given = parser.parse_args()
    home = FOLDER.absolute()
    home.mkdir(parents=True, exist_ok=True)
    with running() as server:
        sys.stdout.write(_table(server, home, given.rows, given.rounds, not given.no_extension))


def _table(server: Server, home: Path, rows: int, rounds: int, with_extension: bool) -> str:
    with fresh(server) as database:
        for statement in PLAIN.format(rows=rows).split(";"):
            database.run(statement)
        plain, hooks = _rig(home / "plain", database), _rig(home / "hooks", database)
        plain.declare("plain", COLUMNS)
        hooks.declare("hooks", ["id", "payload"])
        programs = folder()
        assert programs is not None
        psql = str(programs / "psql")
        own = [sys.executable, "-c"]
        ways: dict[str, Callable[[], Cost]] = {
            "COPY alone, to nowhere": lambda: cost_of(
                [psql, database.dsn, "-qc", "\\copy plain to '/dev/null' csv"], home
            ),
            "COPY to a file, then read_csv": lambda: cost_of(
                [*own, BY_HAND, database.dsn, home / "hand.duckdb", home / "hand.csv"], home
            ),
            "pii-lint sync": lambda: _sync(plain),
            "pii-lint sync, JSON looked into": lambda: _sync(hooks),
        }
        if with_extension and (extension := _extension(home)) is not None:
            ways["postgres extension"] = lambda: cost_of(
                [*own, BY_EXTENSION, database.dsn, home / "extension.duckdb", extension], home
            )
        costs: dict[str, list[Cost]] = {name: [] for name in ways}
        for number in range(rounds):
            for name, run in ways.items():
                sys.stderr.write(f"round {number + 1}: {name}\n")
                costs[name].append(run())
    beside = costs["COPY to a file, then read_csv"]
    lines = [
        _line(name, found, beside, rows // 10 if "JSON" in name else rows)
        for name, found in costs.items()
    ]
    return HEADER + "".join(lines)


def _rig(home: Path, database: object) -> Rig:
    home.mkdir(exist_ok=True)
    (home / "dbt_project.yml").write_text("name: shop\n", "utf-8")
    (home / "raw.duckdb").unlink(missing_ok=True)
    return Rig(home, database, None, {"PII_LINT_SOURCE_DSN": database.dsn})  # type: ignore[arg-type,attr-defined]


def _sync(rig: Rig) -> Cost:
    here = {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    command = [sys.executable, "-m", "pii_lint", *rig.arguments()]
    return cost_of(command, rig.folder, environment=rig.environment | here)


def _extension(home: Path) -> Path | None:
    """The extension's file, from the package index; None where it can't be had."""
    into = home / "extension"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(into), EXTENSION]
    if not into.is_dir() and subprocess.run(pip, check=False).returncode:
        return None
    return next(into.glob("**/*.duckdb_extension"), None)


def _line(name: str, costs: list[Cost], beside: list[Cost], rows: int) -> str:
    wall = statistics.median(cost.wall for cost in costs)
    cpu = statistics.median(cost.cpu for cost in costs)
    ratio = statistics.median(a.cpu / b.cpu for a, b in zip(costs, beside, strict=True))
    beside_copy = "" if "JSON" in name else f"{ratio:.2f}"
    return (
        f"| {name} | {wall:.1f} | {rows / wall:,.0f} | {cpu:.1f} | {rows / cpu:,.0f} "
        f"| {beside_copy} |\n"
    )


if __name__ == "__main__":
    main()
