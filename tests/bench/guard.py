"""`python -m tests.bench.guard`: what the guardrail costs an insert, a scan a row, a count a refusal.

pgbench inserts the same payload with and without the triggers, on a PostgreSQL of its own. Nothing
waits for the disk there, so that the difference is the guard's alone.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

from pii_lint.guard.database.ddl import up
from pii_lint.guard.database.plan import plan
from tests.postgres.server import Database, folder, fresh, running

HERE = Path(__file__).parents[1] / "postgres"
TENANT = "00000000-0000-4000-8000-00000000000a"
ORDER = {
    "order_id": "A-10023",
    "currency": "EUR",
    "total": 129.95,
    "items": [
        {"sku": f"SKU-{n:05}", "title": f"A thing of colour {n}", "quantity": n, "price": 12.99}
        for n in range(1, 9)
    ],
    "shipping": {"city": "Turin", "region": "Piedmont", "method": "standard"},
    "source": {"medium": "cpc", "campaign": "spring", "landing_page": "/shop/things?ref=a"},
    "notes": "Leave it with the porter, please.",
}
PAYLOADS = {
    "an order of 1 kB": ORDER,
    "the same with an umlaut in a value": {**ORDER, "notes": "Bitte beim Pförtner abgeben."},
    "the same with an umlaut in a key": {**ORDER, "größe": "XL"},
    "100 kB of orders": {"orders": [ORDER] * 100},
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.guard", description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="a measurement")
    parser.add_argument("--rows", type=int, default=100_000, help="to scan")
    given = parser.parse_args()
    with running() as server, fresh(server) as database:
        database.run((HERE / "roles.sql").read_text("utf-8"))
        database.run("alter schema public owner to migration_owner")
        database.run((HERE / "application.sql").read_text("utf-8"), user="migration_owner")
        database.run(up(plan()), user="migration_owner")
        _tell("| payload | bytes | without, ms | with, ms | the guard, ms |")
        _tell("|---|---:|---:|---:|---:|")
        for name, payload in PAYLOADS.items():
            text = json.dumps(payload, ensure_ascii=False)
            without, guarded = _both(database, text, given.seconds)
            _tell(
                f"| {name} | {len(text.encode())} | {without:.3f} | {guarded:.3f} "
                f"| {guarded - without:.3f} |"
            )
        _scans(database, given.rows)
        _counting(database)


def _both(database: Database, payload: str, seconds: int) -> tuple[float, float]:
    """Milliseconds an insert, the better of two each, taken in turns."""
    trigger = "alter table attribution_events {} trigger trg_pii_guardrail_attribution_events"
    times: dict[str, list[float]] = {"disable": [], "enable": []}
    for _ in range(2):
        for state, taken in times.items():
            database.run(trigger.format(state))
            taken.append(_pgbench(database, payload, seconds))
    return min(times["disable"]), min(times["enable"])


def _pgbench(database: Database, payload: str, seconds: int) -> float:
    script = database.server.log.with_name("insert.sql")
    literal = payload.replace("'", "''")
    script.write_text(
        "insert into attribution_events (tenant_id, raw_payload) "
        f"values ('{TENANT}', '{literal}');\n",
        "utf-8",
    )
    programs = folder()
    assert programs is not None
    server = database.server
    run = subprocess.run(
        [
            *(str(programs / "pgbench"), "-n", "-f", str(script), "-T", str(seconds)),
            *("-c", "1", "-M", "prepared", "-h", str(server.sockets), "-p", str(server.port)),
            *("-U", "postgres", database.name),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"latency average = ([\d.]+) ms", run.stdout)
    assert found is not None
    return float(found[1])


def _scans(database: Database, rows: int) -> None:
    text = json.dumps(ORDER).replace("'", "''")
    database.run(
        "truncate attribution_events cascade; insert into attribution_events "
        "(tenant_id, raw_payload) "
        f"select '{TENANT}', '{text}' from generate_series(1, {rows})"
    )
    for name, statement in (
        ("in one transaction", "select fn_scan_pii_contamination()"),
        ("in batches of 10,000", "call pr_scan_pii_contamination(10000)"),
    ):
        start = time.perf_counter()
        database.run(statement)
        taken = time.perf_counter() - start
        _tell(f"\n{rows} rows scanned {name}: {taken:.1f} s, {rows / taken:,.0f} rows a second")


def _counting(database: Database) -> None:
    """The ways to count a refusal, each measured alone."""
    server = database.server
    target = f"host={server.sockets} port={server.port} dbname={database.name} user=postgres"
    database.run(
        "create extension dblink; create table counted (n int); insert into counted values (0); "
        "create sequence counting"
    )
    _tell("\n| a refusal counted by | microseconds | after a rollback |\n|---|---:|---|")
    for name, statement, left in (
        ("a sequence", "perform nextval('counting')", "counts"),
        ("a row of a table", "update counted set n = n + 1", "is gone"),
        ("a line of the log", "raise log 'refused'", "counts, where logs are read"),
        (
            "a second connection (dblink)",
            f"perform dblink_exec('{target}', 'update counted set n = n + 1')",
            "counts, and needs a credential",
        ),
    ):
        turns = 100 if "dblink" in statement else 2000
        start = time.perf_counter()
        database.run(f"do $$ begin for i in 1..{turns} loop {statement}; end loop; end $$")
        taken = (time.perf_counter() - start) / turns
        _tell(f"| {name} | {taken * 1e6:,.0f} | {left} |")


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
