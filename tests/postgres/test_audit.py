"""Layer 3 on a real PostgreSQL: gates 3.1 to 3.4, reruns, and the batched scan."""

from __future__ import annotations

import threading

import psycopg
import pytest

from pii_lint.cli import main
from tests.postgres.rows import CANARY, DEAD, EVENTS, LEDGER, SURFACES, count, insert, plant
from tests.postgres.server import Database

RECORD = "00000000-0000-4000-8000-000000000001"
SCAN = "select fn_scan_pii_contamination()"
FINDINGS = (
    "select table_name, column_name, record_id::text, detected_key, sample_snippet "
    "from pii_audit_findings order by table_name, detected_key"
)


def test_gate_3_1_the_findings_table_is_there_and_empty(guarded: Database) -> None:
    columns = guarded.run(
        "select column_name, data_type, is_nullable from information_schema.columns "
        "where table_name = 'pii_audit_findings' order by ordinal_position"
    )
    assert columns == [
        ("id", "bigint", "NO"),
        ("table_name", "text", "NO"),
        ("column_name", "text", "NO"),
        ("record_id", "uuid", "NO"),
        ("detected_key", "text", "NO"),
        ("sample_snippet", "text", "YES"),
        ("detected_at", "timestamp with time zone", "NO"),
    ]
    assert count(guarded, "pii_audit_findings") == 0


def test_gate_3_2_a_clean_database_has_no_findings(guarded: Database) -> None:
    insert(guarded, {"order": 1, "notes": f"email: {CANARY}"})
    assert guarded.run(SCAN) == [(0,)]


def test_gates_3_3_and_3_4_a_row_that_got_past_the_trigger_is_found(guarded: Database) -> None:
    plant(guarded, {"email": CANARY}, record=RECORD)
    assert guarded.run(SCAN) == [(1,)]
    assert guarded.run(FINDINGS) == [
        ("attribution_events", "raw_payload", RECORD, "email", "Redacted for security")
    ]
    guarded.run(
        "set session_replication_role = replica; delete from attribution_events; "
        "delete from pii_audit_findings"
    )
    assert guarded.run(SCAN) == [(0,)]


def test_a_row_older_than_the_trigger_is_found(
    application: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(application, {"customer": {"phoneNumber": CANARY}}, LEDGER, record=RECORD)
    monkeypatch.setenv("PII_LINT_DSN", application.dsn_as("migration_owner"))
    assert main(["guard", "apply"]) == 0
    assert application.run(SCAN) == [(1,)]
    found = application.run(FINDINGS)
    assert found == [
        ("revenue_ledger", "metadata", RECORD, "phone_number", "Redacted for security")
    ]


def test_every_key_of_a_row_is_filed_once(guarded: Database) -> None:
    for surface in SURFACES:
        plant(guarded, {"ssn": 1, "SSN": 2, "a": [{"ip": 3}]}, surface)
    for _ in range(3):
        # what still stands counts again, or a second run would call the database clean
        assert guarded.run(SCAN) == [(6,)]
        assert count(guarded, "pii_audit_findings") == 6
    runs = guarded.run(
        "select findings, new_findings, outcome from pii_audit_scan_runs order by id"
    )
    assert runs == [(6, 6, "ok"), (6, 0, "ok"), (6, 0, "ok")]


def test_a_finding_outlives_the_cleaning_of_its_row(guarded: Database) -> None:
    plant(guarded, {"email": 1}, DEAD)
    guarded.run(SCAN)
    guarded.run("delete from dead_events")
    assert guarded.run(SCAN) == [(0,)]
    assert count(guarded, "pii_audit_findings") == 1


def test_both_scans_see_every_tenant_or_fail(guarded: Database) -> None:
    plant(guarded, {"email": 1})
    assert guarded.run(SCAN, user="migration_owner") == [(1,)]
    # now the policy holds for the owner as well, who would see nothing without a word
    guarded.run("alter table attribution_events force row level security")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        guarded.run(SCAN, user="migration_owner")
    with pytest.raises(psycopg.errors.RaiseException, match="broke off"):
        guarded.run("call pr_scan_pii_contamination()", user="migration_owner")
    outcome = guarded.run("select outcome, error_code from pii_audit_scan_runs order by id")
    assert outcome == [("ok", None), ("failed", "42501")]


def test_the_batched_scan_finds_what_the_other_finds(guarded: Database) -> None:
    guarded.run(
        """
        set session_replication_role = replica;
        insert into attribution_events (tenant_id, raw_payload)
          select '00000000-0000-4000-8000-00000000000a',
            case when n % 10 = 0 then '{"email": 1, "ip": 2}' else '{"order": 1}' end::jsonb
          from generate_series(1, 500) n;
        insert into dead_events (error_code, raw_payload)
          select 'X', '{"ssn": 1}' from generate_series(1, 7);
        """
    )
    guarded.run("call pr_scan_pii_contamination(7)")
    assert count(guarded, "pii_audit_findings") == 107
    assert guarded.run(SCAN) == [(107,)]
    runs = guarded.run(
        "select mode, outcome, findings, new_findings, rows_scanned "
        "from pii_audit_scan_runs order by id"
    )
    assert runs == [("batched", "ok", 107, 107, 507), ("full", "ok", 107, 0, 507)]


def test_a_batched_scan_that_broke_off_goes_on_where_it_stood(
    guarded: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(20):
        plant(guarded, {"email": 1})
    run = guarded.run("select fn_open_pii_scan()")[0][0]
    for _ in range(2):
        assert guarded.run(f"select fn_step_pii_scan({run}, 6)") == [(True,)]
    # a lock that the third batch waits for in vain
    with guarded.connect(autocommit=False) as other:
        other.execute("lock table attribution_events in access exclusive mode")
        guarded.run("alter role migration_owner set lock_timeout = '50ms'")
        monkeypatch.setenv("PII_LINT_DSN", guarded.dsn_as("migration_owner"))
        assert main(["guard", "scan", "--batch-size", "6"]) == 2
        assert "broke off with SQLSTATE 55P03" in capsys.readouterr().err
    guarded.run("alter role migration_owner reset lock_timeout")
    progress = guarded.run(
        "select last_record_id is not null, rows_scanned from pii_audit_scan_progress "
        "where not done and table_name = 'attribution_events'"
    )
    assert progress == [(True, 12)]
    assert main(["guard", "scan", "--batch-size", "6"]) == 1
    assert "20 findings in 20 rows, 20 of them new" in capsys.readouterr().out
    runs = guarded.run("select id, outcome, rows_scanned from pii_audit_scan_runs")
    assert runs == [(run, "ok", 20)]


def test_a_batch_holds_up_no_writer(guarded: Database) -> None:
    insert(guarded, {"order": 1})
    run = guarded.run("select fn_open_pii_scan()")[0][0]
    with guarded.connect(autocommit=False) as scanning:
        scanning.execute(f"select fn_step_pii_scan({run}, 10)".encode())
        insert(guarded, {"order": 2})
        scanning.rollback()


def test_two_batched_scans_at_once_share_one_run(guarded: Database) -> None:
    for _ in range(30):
        plant(guarded, {"email": 1})
    errors: list[Exception] = []

    def scan() -> None:
        try:
            guarded.run("call pr_scan_pii_contamination(2)")
        except psycopg.Error as error:
            errors.append(error)

    scanners = [threading.Thread(target=scan) for _ in range(2)]
    for scanner in scanners:
        scanner.start()
    for scanner in scanners:
        scanner.join()
    assert errors == []
    assert count(guarded, "pii_audit_findings") == 30
    outcomes = guarded.run("select distinct outcome, findings from pii_audit_scan_runs")
    assert outcomes == [("ok", 30)]


def test_a_batch_of_nothing_is_refused(guarded: Database) -> None:
    for size in ("0", "-1", "null"):
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            guarded.run(f"call pr_scan_pii_contamination({size})")


def test_scan_says_clean_or_how_many(
    guarded: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PII_LINT_DSN", guarded.dsn_as("migration_owner"))
    insert(guarded, {"order": 1}, EVENTS)
    assert main(["guard", "scan"]) == 0
    assert capsys.readouterr().out == "Clean: no listed key in 1 rows.\n"
    plant(guarded, {"full_name": CANARY})
    assert main(["guard", "scan"]) == 1
    shown = "".join(capsys.readouterr())
    assert shown.startswith("1 findings in 2 rows, 1 of them new")
    assert CANARY not in shown
    monkeypatch.setenv("PII_LINT_DSN", guarded.dsn_as("app_ro"))
    assert main(["guard", "scan"]) == 2
