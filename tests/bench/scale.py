"""`make scale`: the same warehouse from up to ten million events, on DuckDB and on a Spark cluster.

The raw tables are made up by rule: the same seed gives the same rows, and nobody in them exists.
Both engines read the same Parquet files, build the same models, and have to agree on every cell of
every mart. What is told is the time and the memory of all processes that an engine needs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ops.with_spark import cluster
from tests.engines.processes import family
from tests.warehouse import REPOSITORY

FOLDER = Path("target/bench/scale")
SIZES = (100_000, 1_000_000, 10_000_000)
BUILD = ("build", "--exclude-resource-type", "test", "unit_test")
PARTS = ("models", "macros", "dbt_package", "snapshots", "tests/dbt")
MARTS = ("marts", "marts_restricted")
OF_THE_RUN = "consent_recorded_at"
DBT = "import sys; from dbt.cli.main import cli; cli(sys.argv[1:])"

# `pick(n, name, i)`: a number below n, always the same for this name, row and seed
TABLES = """
create macro pick(n, name, i) as cast(hash(name || ':' || i || ':{seed}') % cast(n as ubigint) as bigint);
create macro moment(name, i) as timestamp '2026-01-05 08:00:00'
    + to_days(cast(pick(56, name || ' day', i) as int)) + to_seconds(pick(36000, name || ' second', i));
create macro uuid_of(kind, i) as printf('00000000-0000-4000-8%03d-%012d', kind, i);
create macro first_name(i) as ['Ailbrin', 'Bevaro', 'Corenza', 'Dorvina', 'Elmiro', 'Fenwila'][1 + i % 6];
create macro last_name(i) as ['Quillmoor', 'Tarnwick', 'Uldersby', 'Vossberry', 'Wrenhallow'][1 + i % 5];
create macro email(i) as lower(first_name(i)) || i || '@example.com';
create macro currency_of(i) as ['EUR', 'USD', 'GBP'][1 + i % 3];

copy (
    select i as id, uuid_of(1, i) as tenant_id, 'Company ' || i as name, ['free', 'team'][1 + i % 2] as plan,
        moment('organization', i) as created_at
    from range(1, {organizations} + 1) as t (i)
) to '{folder}/raw_organization.parquet';
copy (
    select i as id, 1 + i % {organizations} as organization_id, 'user_' || i as username, email(i) as email,
        case when i % 5 > 0 then '+1-202-555-01' || lpad(cast(i % 100 as varchar), 2, '0') end as phone,
        first_name(i) as first_name, last_name(i) as last_name, moment('user', i) as date_joined
    from range(1, {users} + 1) as t (i)
) to '{folder}/raw_user.parquet';
copy (
    select i as id, 1 + provider % {organizations} as organization_id, provider as provider_id,
        moment('appointment', i) as scheduled_at,
        ['completed', 'completed', 'canceled', 'no_show', 'scheduled'][1 + pick(5, 'status', i)] as status,
        moment('appointment', i) - to_days(2) as created_at, moment('appointment', i) + to_hours(1) as updated_at
    from (select i, 1 + pick({users}, 'provider', i) as provider from range(1, {appointments} + 1) as t (i))
) to '{folder}/raw_appointment.parquet';
copy (
    select i as id, moment('event', i) as occurred_at,
        ['login', 'login', 'page_view', 'appointment_created', 'settings_saved'][1 + pick(5, 'type', i)] as event_type,
        person as user_id, 1 + person % {organizations} as organization_id,
        '{{"page": "' || ['/calendar', '/reports', '/settings'][1 + pick(3, 'page', i)] || '", "platform": "web", '
        || '"duration_ms": ' || pick(4000, 'duration', i)
        || case when i % 8 = 0 then ', "email": "' || email(person) || '", "ip": "192.0.2.' || i % 256 || '"' else '' end
        || '}}' as metadata
    from (select i, 1 + pick({users}, 'event user', i) as person from range(1, {events} + 1) as t (i))
) to '{folder}/raw_event.parquet';
copy (
    select i as id, 1 + i % {organizations} as organization_id, case when i % 50 > 0 then email(i) end as email,
        '+1-303-555-01' || lpad(cast(i % 100 as varchar), 2, '0') as phone,
        lpad(cast(pick(10000, 'ssn', i) as varchar), 4, '0') as ssn_last4,
        first_name(i) || ' ' || last_name(i) as full_name, date '1950-01-01' + cast(pick(18000, 'birth', i) as int) as birth_date,
        i || ' Sampleton Row' as street_address, '00' || (100 + i % 400) as postcode,
        ['US', 'CA', 'IT', 'FR', 'GB', 'DE'][1 + pick(6, 'country', i)] as country, '198.51.100.' || i % 256 as ip_address,
        case when i % 4 < 3 then moment('customer', i) end as consent_given_at,
        ['marketing_email', 'marketing_all', 'transactional', null][1 + i % 4] as consent_type,
        i % 6 = 1 as is_deleted, moment('customer', i) - to_days(9) as created_at, moment('customer', i) as updated_at
    from range(1, {customers} + 1) as t (i)
) to '{folder}/raw_customers.parquet';
copy (
    select i as id, 1 + customer % {organizations} as organization_id, customer as customer_id,
        'A-' || (1000 + i) as order_number, moment('order', i) as ordered_at,
        ['paid', 'paid', 'refunded', 'canceled'][1 + pick(4, 'order status', i)] as status,
        990 + 250 * pick(40, 'amount', i) as amount_cents, currency_of(customer) as currency
    from (select i, 1 + pick({customers}, 'order customer', i) as customer from range(1, {orders} + 1) as t (i))
) to '{folder}/raw_orders.parquet';
copy (
    select uuid_of(2, id) as id, uuid_of(1, organization_id) as tenant_id, ordered_at - to_hours(2) as occurred_at,
        '{{"sender": "shopify", "order_number": "' || order_number || '", "utm_source": "'
        || ['newsletter', 'search', 'social'][1 + pick(3, 'channel', id)] || '", "utm_campaign": "open_day"'
        || case when id % 3 = 0 then ', "email": "' || email(customer_id) || '"' else '' end || '}}' as raw_payload
    from read_parquet('{folder}/raw_orders.parquet')
) to '{folder}/raw_attribution_events.parquet';
copy (
    select uuid_of(3, i) as id, uuid_of(1, 1 + i % {organizations}) as tenant_id, moment('dead', i) as occurred_at,
        'PII_DETECTED' as error_code, '{{"field": "email", "pattern": "email"}}' as error_detail,
        '{{"sender": "stripe", "email": "' || email(i) || '"}}' as raw_payload
    from range(1, 101) as t (i)
) to '{folder}/raw_dead_events.parquet';
copy (
    select uuid_of(4, id) as id, uuid_of(1, organization_id) as tenant_id, 'txn_' || id as transaction_id, amount_cents,
        currency, case when status = 'refunded' then 'refunded' else 'captured' end as state,
        'stripe' as verification_source, ordered_at + to_minutes(3) as verification_timestamp,
        '{{"order_number": "' || order_number || '"}}' as metadata
    from read_parquet('{folder}/raw_orders.parquet') where status <> 'canceled'
) to '{folder}/raw_revenue_ledger.parquet'
"""


@dataclass(slots=True)
class Run:
    """What one build took."""

    engine: str
    events: int
    wall: float = 0.0
    cpu: float = 0.0
    # seconds of all its processes together: what holds where others share the machine
    memory: int = 0
    # bytes, of all its processes together, each at its own peak
    workers: dict[str, tuple[int, float]] = field(default_factory=dict)
    # tasks and busy seconds, by Spark's own record


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=SIZES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--megabytes", type=int, default=2048, help="memory of each Spark worker")
    parser.add_argument("--keep", action="store_true", help="leave raw tables and warehouses there")
    given = parser.parse_args()
    home = FOLDER.absolute()
    shutil.rmtree(home, ignore_errors=True)
    runs: list[Run] = []
    for events in sorted(given.events):
        folder = home / str(events)
        try:
            runs += _both(folder, events, given.seed, given.megabytes)
        finally:
            if not given.keep:
                shutil.rmtree(folder, ignore_errors=True)
        home.mkdir(parents=True, exist_ok=True)
        told = [
            {
                "engine": r.engine,
                "events": r.events,
                "wall": r.wall,
                "cpu": r.cpu,
                "memory": r.memory,
            }
            for r in runs
        ]
        (home / "results.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    sys.stdout.write(table(runs))


def _both(folder: Path, events: int, seed: int, megabytes: int) -> Iterator[Run]:
    raw = folder / "raw"
    raw.mkdir(parents=True, mode=0o700)
    began = time.perf_counter()
    generate(raw, events, seed)
    size = sum(file.stat().st_size for file in raw.iterdir())
    _tell(
        f"{events:,} events: {size / 1e6:,.0f} MB of Parquet made in {time.perf_counter() - began:.0f} s"
    )
    project = _project(folder)
    yield _on_duckdb(project, raw, events)
    yield _on_spark(project, raw, events, megabytes)
    compare(project)
    _tell("   both engines agree on every cell of every mart")


def generate(folder: Path, events: int, seed: int) -> None:
    """The raw tables as files, sized by the number of events."""
    sizes = {
        "organizations": 200,
        "users": max(20, events // 100),
        "appointments": max(20, events // 20),
        "customers": max(20, events // 20),
        "orders": max(20, events // 10),
    }
    filled = TABLES.format(folder=str(folder).replace("'", "''"), events=events, seed=seed, **sizes)
    with duckdb.connect() as connection:
        connection.execute(filled)


def _project(folder: Path) -> Path:
    project = folder / "acme"
    for part in PARTS:
        shutil.copytree(REPOSITORY / part, project / part)
    (project / "seeds").mkdir()
    for file in ("dbt_project.yml", "packages.yml", "package-lock.yml"):
        shutil.copy(REPOSITORY / file, project)
    shutil.copy(REPOSITORY / "profiles.example.yml", project / "profiles.yml")
    _dbt(project, {}, "deps")
    return project


def _on_duckdb(project: Path, raw: Path, events: int) -> Run:
    with duckdb.connect(str(project / "acme.duckdb")) as connection:
        for file in raw.iterdir():
            connection.execute(
                f"create view main.{file.stem} as select * from read_parquet('{file}')"
            )
    _salt(project, {}, "dev")
    run = Run("DuckDB", events)
    _timed(run, project, {}, "dev", ())
    return run


def _on_spark(project: Path, raw: Path, events: int, megabytes: int) -> Run:
    with cluster(megabytes=megabytes, small=False) as running:
        environment = running.environment
        _salt(project, environment, "spark")
        _dbt(
            project,
            environment,
            "run-operation",
            "load_raw_parquet",
            "--args",
            f"{{folder: '{raw}'}}",
            "--target",
            "spark",
        )
        before = running.record()
        run = Run("Spark", events)
        _timed(run, project, environment, "spark", running.pids)
        done = running.record()
        run.workers = {
            worker: (
                done.tasks[worker] - before.tasks[worker],
                (done.busy[worker] - before.busy[worker]) / 1000,
            )
            for worker in sorted(done.tasks)
        }
    for worker, (tasks, busy) in run.workers.items():
        _tell(f"   {worker}: {tasks} tasks, busy for {busy:.1f} s")
    return run


def _timed(
    run: Run, project: Path, environment: Mapping[str, str], target: str, others: tuple[int, ...]
) -> None:
    began = time.perf_counter()
    with (
        _process(project, environment, *BUILD, "--target", target) as process,
        _watched(process.pid, *others) as peaks,
    ):
        said, _ = process.communicate()
    run.wall = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"dbt failed on {run.engine}:\n{said[-3000:]}")
    run.memory = sum(memory for memory, _ in peaks.values())
    run.cpu = sum(cpu for _, cpu in peaks.values())
    _tell(f"   {run.engine}: {run.wall:.1f} s, {run.cpu:.1f} s of CPU, {run.memory / 1e6:,.0f} MB")


@contextmanager
def _watched(*pids: int) -> Iterator[dict[int, tuple[int, float]]]:
    """Peak memory and CPU time of these processes and all that they start, as the system counts."""
    seen: dict[int, tuple[int, float]] = {}
    before = {pid: _usage(pid)[1] for pid in family(pids)}
    ended = threading.Event()

    def look() -> None:
        for pid in family(pids):
            memory, cpu = _usage(pid)
            peak, spent = seen.get(pid, (0, 0.0))
            seen[pid] = max(peak, memory), max(spent, cpu - before.get(pid, 0.0))

    def watch() -> None:
        while not ended.wait(0.5):
            look()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()
        look()


def _usage(pid: int) -> tuple[int, float]:
    """Peak memory in bytes and CPU seconds of one process; nothing where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0.0
    peak = next((line.split()[1] for line in lines if line.startswith("VmHWM")), "0")
    return int(peak) * 1024, (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _salt(project: Path, environment: Mapping[str, str], target: str) -> None:
    """The same on both engines, for the marts are compared."""
    salt = {"SCALE_SALT": "0123456789abcdef" * 4}
    _python(
        project,
        {**environment, **salt},
        "-m",
        "pii_lint",
        "salt",
        "import",
        "--from-env",
        "SCALE_SALT",
        "--target",
        target,
    )


def _dbt(project: Path, environment: Mapping[str, str], *words: str) -> None:
    _python(project, environment, "-c", DBT, *words)


def _python(project: Path, environment: Mapping[str, str], *words: str) -> None:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=project,
        env=_around(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(words[:4])} failed:\n{(done.stdout + done.stderr)[-3000:]}")


def _process(project: Path, environment: Mapping[str, str], *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DBT, *words],
        cwd=project,
        env=_around(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _around(environment: Mapping[str, str]) -> dict[str, str]:
    own = {"PYTHONPATH": str(REPOSITORY), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    return {**os.environ, **own, **environment}


def compare(project: Path) -> None:
    """Every mart as DuckDB has it against the files that Spark wrote, row by row in both directions."""
    with duckdb.connect(str(project / "acme.duckdb"), read_only=True) as connection:
        listed = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_schema in ?",
            [MARTS],
        ).fetchall()
        for schema, name in listed:
            columns = ", ".join(
                column if kind != "TIMESTAMP" else f"cast({column} as timestamp)"
                for column, kind in connection.execute(
                    "select column_name, data_type from information_schema.columns "
                    "where table_schema = ? and table_name = ? and column_name <> ? order by 1",
                    [schema, name, OF_THE_RUN],
                ).fetchall()
            )
            ours = f"select {columns} from {schema}.{name}"
            files = project / "spark/warehouse" / f"{schema}.db" / name / "*.parquet"
            theirs = f"select {columns} from read_parquet('{files}')"
            ((apart, rows),) = connection.execute(
                f"select (select count(*) from (({ours} except all {theirs}) union all ({theirs} except all {ours}))), "
                f"(select count(*) from ({ours}))"
            ).fetchall()
            if apart or not rows:
                sys.exit(f"{schema}.{name}: {apart} of {rows} rows differ between DuckDB and Spark")


def table(runs: list[Run]) -> str:
    """The measurements as Markdown, with where the engines meet."""
    lines = [
        "| events | DuckDB CPU s | Spark CPU s | CPU ratio | wall ratio | DuckDB MB | Spark MB |\n",
        "|---|---|---|---|---|---|---|\n",
    ]
    pairs = [(runs[at], runs[at + 1]) for at in range(0, len(runs), 2)]
    lines += [
        f"| {one.events:,} | {one.cpu:.0f} | {two.cpu:.0f} | {two.cpu / one.cpu:.1f} | {two.wall / one.wall:.1f} "
        f"| {one.memory / 1e6:,.0f} | {two.memory / 1e6:,.0f} |\n"
        for one, two in pairs
    ]
    return "".join(lines) + crossover(pairs)


def crossover(pairs: list[tuple[Run, Run]]) -> str:
    """Where a straight line through the two largest sizes of each engine would meet the other."""
    if len(pairs) < 2:
        return "\nOne size says nothing of a trend.\n"
    (few_duck, few_spark), (many_duck, many_spark) = pairs[-2:]
    step = (many_duck.events - few_duck.events) / 1e6
    duck = (many_duck.cpu - few_duck.cpu) / step
    spark = (many_spark.cpu - few_spark.cpu) / step
    said = f"\nA further million events takes DuckDB {duck:.1f} s of CPU and Spark {spark:.1f} s"
    faster = next((one.events for one, two in pairs if two.cpu < one.cpu), None)
    if faster is not None:
        return f"{said}; Spark takes less from {faster:,} events on.\n"
    if spark >= duck:
        return f"{said}: by this they never meet, for DuckDB takes less and goes on to.\n"
    meet = many_duck.events + (many_spark.cpu - many_duck.cpu) / (duck - spark) * 1e6
    return f"{said}: if that went on so, they would meet at {meet:,.0f} events.\n"


def _tell(what: str) -> None:
    sys.stderr.write(f"{what}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
