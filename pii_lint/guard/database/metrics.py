"""What the guards have seen, in Prometheus' text format.

Prometheus wants no dots, `_total` behind counters alone, seconds, and no unit or `_count` of its
own; each metric's help names the one of the specification that it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from psycopg import sql

from pii_lint.guard.database import names
from pii_lint.guard.database.plan import Plan
from pii_lint.guard.database.session import Connection, session

_BUCKETS = (0.1, 1, 10, 60, 300, 1800)
"""Seconds; the one of five minutes is where the alert looks."""

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """One family of series."""

    name: str
    type: str
    help: str
    samples: tuple[tuple[str, Labels, float], ...]
    # suffix, labels, value


def exposition(plan: Plan, dsn: str, environment: str | None = None) -> str:
    """The text that Prometheus reads, the same for the same database."""
    with session(dsn, read_only=True) as connection:
        found = (
            _rejections(plan, connection),
            *_findings(plan, connection),
            *_runs(plan, connection),
        )
    common = {"environment": environment} if environment else {}
    return "".join(line for metric in found for line in _lines(metric, common))


def _rejections(plan: Plan, connection: Connection) -> Metric:
    rows = connection.execute(
        sql.SQL("select table_name, detected_key, rejections from {} order by 1, 2").format(
            _in(plan, names.REJECTS)
        )
    )
    return Metric(
        "pii_guardrail_rejects_total",
        "counter",
        "pii_guardrail.reject_count: rows that the Layer 2 guardrail refused, rolled back or not.",
        tuple(_by_key(rows)),
    )


def _findings(plan: Plan, connection: Connection) -> Iterator[Metric]:
    findings = _in(plan, names.FINDINGS)
    windows = connection.execute(
        sql.SQL(
            """
            select 'current_run', findings from (
              select findings from {runs} where outcome = 'ok' order by id desc limit 1
            ) as newest
            union all
            select 'last_1h', count(*) from {findings} where detected_at > now() - interval '1 hour'
            """
        ).format(runs=_in(plan, names.RUNS), findings=findings)
    )
    yield Metric(
        "pii_audit_findings",
        "gauge",
        "pii_audit.findings_count: findings of the last finished run, and first seen within 1 h.",
        tuple(("", {"time_window": str(window)}, _number(count)) for window, count in windows),
    )
    distinct = connection.execute(
        sql.SQL(
            "select count(distinct (table_name, record_id)) from {} "
            "where detected_at > now() - interval '1 day'"
        ).format(findings)
    ).fetchone()
    yield Metric(
        "pii_audit_distinct_records",
        "gauge",
        "pii_audit.distinct_records: rows with findings first seen within a day.",
        (("", {}, _number(distinct[0] if distinct else 0)),),
    )
    by_key = connection.execute(
        sql.SQL(
            "select table_name, detected_key, count(*) from {} group by 1, 2 order by 1, 2"
        ).format(findings)
    )
    yield Metric(
        "pii_audit_findings_by_key_total",
        "counter",
        "pii_audit.findings_by_key: findings ever filed.",
        tuple(_by_key(by_key)),
    )


def _runs(plan: Plan, connection: Connection) -> Iterator[Metric]:
    runs = _in(plan, names.RUNS)
    durations = sorted(
        _number(seconds)
        for (seconds,) in connection.execute(
            sql.SQL(
                "select extract(epoch from finished_at - started_at) from {} "
                "where finished_at is not null"
            ).format(runs)
        )
    )
    counted: list[tuple[str, Labels, float]] = [
        ("_bucket", {"le": str(most)}, float(sum(each <= most for each in durations)))
        for most in _BUCKETS
    ]
    counted.append(("_bucket", {"le": "+Inf"}, float(len(durations))))
    counted.append(("_sum", {}, sum(durations)))
    counted.append(("_count", {}, float(len(durations))))
    yield Metric(
        "pii_audit_scan_duration_seconds",
        "histogram",
        "pii_audit.scan_duration_ms, in seconds: how long each run of the audit took.",
        tuple(counted),
    )
    row = connection.execute(
        sql.SQL(
            """
            select
              (select extract(epoch from max(finished_at)) from {runs} where outcome = 'ok'),
              (select outcome from {runs} where outcome <> 'running' order by id desc limit 1),
              (select extract(epoch from now() - min(started_at)) from {runs}
                where outcome = 'running'),
              (select extract(epoch from finished_at - started_at) from {runs}
                where outcome = 'ok' order by id desc limit 1)
            """
        ).format(runs=runs)
    ).fetchone()
    success, outcome, running, last = row or (None, None, None, None)
    yield Metric(
        "pii_audit_last_success_timestamp_seconds",
        "gauge",
        "When the audit last ended well; 0 where it never did.",
        (("", {}, _number(success)),),
    )
    yield Metric(
        "pii_audit_last_run_success",
        "gauge",
        "Whether the last run that ended ended well: 1 or 0; missing before the first.",
        () if outcome is None else (("", {}, float(outcome == "ok")),),
    )
    yield Metric(
        "pii_audit_scan_running_seconds",
        "gauge",
        "How long the run that hasn't ended is under way; 0 where none is.",
        (("", {}, _number(running)),),
    )
    yield Metric(
        "pii_audit_last_scan_duration_seconds",
        "gauge",
        "How long the last run that ended well took.",
        () if last is None else (("", {}, _number(last)),),
    )


def _by_key(rows: Iterable[tuple[object, ...]]) -> Iterator[tuple[str, Labels, float]]:
    for table, key, count in rows:
        yield "", {"table_name": str(table), "detected_key": str(key)}, _number(count)


def _lines(metric: Metric, common: Labels) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escaped(metric.help, quotes=False)}\n"
    yield f"# TYPE {metric.name} {metric.type}\n"
    for suffix, labels, value in metric.samples:
        told = ",".join(f'{key}="{_escaped(each)}"' for key, each in {**common, **labels}.items())
        yield f"{metric.name}{suffix}{f'{{{told}}}' if told else ''} {_written(value)}\n"


def _escaped(text: str, *, quotes: bool = True) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quotes else text


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 3))


def _number(value: object) -> float:
    return 0.0 if value is None else float(str(value))


def _in(plan: Plan, name: str) -> sql.Identifier:
    return sql.Identifier(plan.schema, name)
