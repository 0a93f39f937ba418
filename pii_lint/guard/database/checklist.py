"""The "PII-ready" checklist: each box ticked by what was seen, or left open with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from pii_lint import files
from pii_lint.data import payloads
from pii_lint.guard.database import names
from pii_lint.guard.database.check import Drift
from pii_lint.guard.database.plan import Plan
from pii_lint.guard.database.session import Connection

ALERTS = (
    "PII_Audit_Mass_Contamination",
    "PII_Audit_Contamination_Detected",
    "PII_Guardrail_High_Reject_Rate",
    "PII_Audit_Scan_Failed",
    "PII_Audit_Scan_Overdue",
)
_APPROVERS = ("Backend lead", "Product owner")
_OVERDUE_HOURS = 48


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the audit's tables say; None where they are missing or may not be read."""

    findings: int | None = None
    hours_since_success: float | None = None
    last_outcome: str | None = None
    last_findings: int | None = None


@dataclass(frozen=True, slots=True)
class _Box:
    text: str
    ticked: bool
    evidence: str


def evidence(plan: Plan, connection: Connection) -> Evidence:
    """Ask the audit's tables."""
    findings = sql.Identifier(plan.schema, names.FINDINGS)
    runs = sql.Identifier(plan.schema, names.RUNS)
    try:
        with connection.transaction():
            row = connection.execute(
                sql.SQL(
                    """
                    select (select count(*) from {findings}),
                      (select extract(epoch from now() - max(finished_at)) / 3600 from {runs}
                        where outcome = 'ok'),
                      (select outcome from {runs} order by id desc limit 1),
                      (select findings from {runs} where outcome = 'ok' order by id desc limit 1)
                    """
                ).format(findings=findings, runs=runs)
            ).fetchone()
    except psycopg.Error:
        return Evidence()
    if row is None:
        return Evidence()
    filed, hours, outcome, last = row
    return Evidence(
        int(str(filed)),
        None if hours is None else float(str(hours)),
        None if outcome is None else str(outcome),
        None if last is None else int(str(last)),
    )


def checklist(plan: Plan, drifts: tuple[Drift, ...], seen: Evidence, project: Path) -> str:
    """The list as Markdown."""
    parts = (
        ("Layer 2, the database's guardrail", _layer_2(plan, drifts)),
        ("Layer 3, the audit", _layer_3(plan, drifts, seen, project)),
        ("Roles", _roles(plan, drifts)),
        ("Documents", _documents(project)),
    )
    boxes = [(title, list(part)) for title, part in parts]
    open_ = sum(not box.ticked for _, part in boxes for box in part)
    total = sum(len(part) for _, part in boxes)
    lines = ["# PII-ready", ""]
    lines.append(
        "Every box is ticked." if not open_ else f"{open_} of {total} boxes are open: not ready."
    )
    for title, part in boxes:
        lines += ["", f"## {title}", ""]
        lines += [f"- [{'x' if box.ticked else ' '}] {box.text}: {box.evidence}" for box in part]
    return "\n".join(lines) + "\n"


def _layer_2(plan: Plan, drifts: tuple[Drift, ...]) -> Iterator[_Box]:
    functions = (names.DETECT, names.LIST, names.ENFORCE)
    yield _standing(
        f"`{names.DETECT}` and `{names.ENFORCE}` (2.1)", drifts, functions, "body equal to the plan"
    )
    for number, trigger in enumerate(plan.triggers, start=2):
        gate = f" (2.{number})" if number <= 4 else ""
        yield _standing(
            f"`{trigger.name}`{gate}",
            drifts,
            (trigger.name,),
            "before insert and update, enabled, without a condition",
        )
    everything = (*functions, *(trigger.name for trigger in plan.triggers))
    for gate, text in (
        ("2.5", "a row with a listed key is refused, and the message names the key"),
        ("2.6", "a value alone passes, as the decision record accepts"),
        ("2.7", "a listed key in a nullable column is refused, and the message names the column"),
        ("2.8", "a column that is null passes"),
    ):
        yield _standing(
            f"Gate {gate}: {text}",
            drifts,
            everything,
            "functions and triggers are to the letter those whose gates the tests pass",
        )
    yield _standing(
        f"Blocklist of {len(plan.keys)} keys on {len(plan.surfaces)} surfaces",
        drifts,
        (names.LIST, names.DETECT),
        "equal to the registry",
    )
    yield _standing("Counters of refusals", drifts, ("pii_rejects_", names.REJECTS), "all there")


def _layer_3(
    plan: Plan, drifts: tuple[Drift, ...], seen: Evidence, project: Path
) -> Iterator[_Box]:
    columns = len(plan.tables[0].columns)
    yield _standing(
        f"`{names.FINDINGS}` with its {columns} columns, indexes and grants (3.1)",
        drifts,
        (names.FINDINGS,),
        "as planned",
    )
    scanning = (names.SCAN, names.OPEN, names.STEP, names.BATCHED, names.RUNS, names.PROGRESS)
    yield _standing(f"`{names.SCAN}` and its batches", drifts, scanning, "body equal to the plan")
    clean = seen.last_findings == 0
    yield _Box(
        "Gate 3.2: the audit finds nothing",
        clean,
        "the last run found 0"
        if clean
        else "nothing could be read, or no run has ended"
        if seen.last_findings is None
        else f"the last run found {seen.last_findings}",
    )
    yield _standing(
        "Gates 3.3 and 3.4: what got past a trigger is found, and filed without its value",
        drifts,
        (names.FINDINGS, names.SCAN),
        "table and function are to the letter those whose gates the tests pass",
    )
    hours = seen.hours_since_success
    yield _Box(
        "Schedule",
        hours is not None and hours < _OVERDUE_HOURS and seen.last_outcome != "failed",
        "no run has ended well"
        if hours is None
        else f"the last run that ended well is {hours:.0f} hours old, the newest is "
        f"`{seen.last_outcome}`",
    )
    rules = _text(project / "ops/prometheus/pii_defense.yml")
    lacking = [alert for alert in ALERTS if alert not in (rules or "")]
    yield _Box(
        "Alerting",
        rules is not None and not lacking,
        "`ops/prometheus/pii_defense.yml` isn't there"
        if rules is None
        else f"lacks {', '.join(lacking)}"
        if lacking
        else f"{len(ALERTS)} alerts in `ops/prometheus/pii_defense.yml`",
    )


def _roles(plan: Plan, drifts: tuple[Drift, ...]) -> Iterator[_Box]:
    faults = [each for each in drifts if each.kind.startswith(("role", "owner"))]
    yield _Box(
        f"No writer is a superuser, the owner, or may become `{plan.roles.owner}`",
        not faults,
        "; ".join(f"{each.where} {each.what}" for each in faults) or "nothing found",
    )


def _documents(project: Path) -> Iterator[_Box]:
    path = f"docs/adr/{payloads.reference()}"
    record = _text(project / path)
    yield _Box(
        "Decision record with accepted risks and scope (1.1 to 1.3)",
        record is not None and all(word in record for word in ("best effort", "Accepted risks")),
        f"`{path}`" if record is not None else f"`{path}` isn't there",
    )
    for approver in _APPROVERS:
        signed = re.search(
            rf"^\|\s*{approver}\s*\|\s*([^|\s][^|]*?)\s*\|\s*(\d{{4}}-\d\d-\d\d)\s*\|",
            record or "",
            re.MULTILINE,
        )
        yield _Box(
            f"Approved by the {approver.lower()}",
            signed is not None,
            f"{signed[1]}, {signed[2]}" if signed else f"no name and date in `{path}`",
        )
    contract = _text(project / "docs/guard.md")
    yield _Box(
        "Layer 1 contract: what is stripped, rejected and kept (4.1, 4.2)",
        contract is not None
        and all(word in contract for word in ("strip", "reject", payloads.dead_letters().table)),
        "`docs/guard.md`" if contract is not None else "`docs/guard.md` isn't there",
    )
    runbook = _text(project / "docs/runbook.md")
    yield _Box(
        "Runbook with the break-glass path",
        runbook is not None and "break-glass" in runbook.lower(),
        "`docs/runbook.md`" if runbook is not None else "`docs/runbook.md` isn't there",
    )


def _standing(
    text: str, drifts: tuple[Drift, ...], objects: tuple[str, ...], otherwise: str
) -> _Box:
    against = [each for each in drifts if any(name in each.where for name in objects)]
    said = "; ".join(f"{each.where} {each.what}" for each in against)
    return _Box(text, not against, said or otherwise)


def _text(path: Path) -> str | None:
    try:
        return files.read(path).decode("utf-8", "replace")
    except (OSError, ValueError):
        return None
