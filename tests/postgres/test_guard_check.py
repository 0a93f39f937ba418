"""`guard check` sees each kind of drift, says how to mend it, and `guard apply` mends its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pii_lint.cli import main
from pii_lint.guard.database.check import drifts
from pii_lint.guard.database.ddl import up_statements
from pii_lint.guard.database.plan import plan
from tests.postgres.conftest import Templates
from tests.postgres.rows import DEAD, insert
from tests.postgres.server import Database, Server, fresh

# What is done, the drift's kind, a part of its sentence, and whether apply mends it.
DRIFTS: dict[str, tuple[str, str, str, bool]] = {
    "function gone": (
        "drop function fn_scan_pii_contamination()",
        "function-missing",
        "public.fn_scan_pii_contamination isn't there",
        True,
    ),
    "function emptied": (
        "create or replace function fn_detect_pii_keys(payload jsonb) returns boolean "
        "language sql immutable as 'select false'",
        "function-body",
        "public.fn_detect_pii_keys has another body",
        True,
    ),
    "function of another language": (
        "create or replace function fn_detect_pii_keys(payload jsonb) returns boolean "
        "language sql immutable as 'select false'",
        "function-changed",
        "is written in sql",
        True,
    ),
    "a key less": (
        "do $$ declare body text := pg_get_functiondef('fn_list_pii_keys'::regproc); begin "
        "execute replace(replace(body, '''phone'', ', ''), '''phone'', ', ''); end $$",
        "blocklist",
        "lacks `phone`",
        True,
    ),
    "a key more": (
        "do $$ declare body text := pg_get_functiondef('fn_list_pii_keys'::regproc); begin "
        "execute replace(body, '''phone'', ', '''phone'', ''iban'', '); end $$",
        "blocklist",
        "holds 1 that the registry doesn't",
        True,
    ),
    "search path open": (
        "alter function fn_detect_pii_keys(jsonb) reset search_path",
        "function-changed",
        "has another search_path",
        True,
    ),
    "row security back": (
        "alter function fn_scan_pii_contamination() reset row_security",
        "function-changed",
        "has another search_path or other settings",
        True,
    ),
    "as its caller": (
        "alter function fn_enforce_pii_guardrail() security invoker",
        "function-changed",
        "runs as somebody else",
        True,
    ),
    "volatile": (
        "alter function fn_detect_pii_keys(jsonb) volatile",
        "function-changed",
        "has another volatility",
        True,
    ),
    "function of somebody else": (
        "alter function fn_enforce_pii_guardrail() owner to postgres",
        "owner",
        "public.fn_enforce_pii_guardrail belongs to postgres",
        False,
    ),
    "open to everybody": (
        "grant execute on function fn_scan_pii_contamination() to public",
        "grant-excess",
        "public.fn_scan_pii_contamination may be called by everybody",
        True,
    ),
    "function without comment": (
        "comment on function fn_detect_pii_keys(jsonb) is null",
        "function-changed",
        "has another comment",
        True,
    ),
    "trigger gone": (
        "drop trigger trg_pii_guardrail_dead_events on dead_events",
        "trigger-missing",
        "trg_pii_guardrail_dead_events on public.dead_events isn't there",
        True,
    ),
    "trigger disabled": (
        "alter table revenue_ledger disable trigger trg_pii_guardrail_revenue_ledger",
        "trigger-disabled",
        "trg_pii_guardrail_revenue_ledger on public.revenue_ledger is disabled",
        True,
    ),
    "all triggers disabled": (
        "alter table attribution_events disable trigger all",
        "trigger-disabled",
        "trg_pii_guardrail_attribution_events on public.attribution_events is disabled",
        True,
    ),
    "trigger for replication": (
        "alter table dead_events enable replica trigger trg_pii_guardrail_dead_events",
        "trigger-disabled",
        "fires for replication alone",
        True,
    ),
    "trigger on insert alone": (
        "create or replace trigger trg_pii_guardrail_dead_events before insert on dead_events "
        "for each row execute function fn_enforce_pii_guardrail('dead_events')",
        "trigger-changed",
        "doesn't fire before each inserted and updated row",
        True,
    ),
    "trigger under a condition": (
        "create or replace trigger trg_pii_guardrail_dead_events before insert or update "
        "on dead_events for each row when (new.error_code = 'never') "
        "execute function fn_enforce_pii_guardrail('dead_events')",
        "trigger-changed",
        "has a condition",
        True,
    ),
    "trigger on one column": (
        "create or replace trigger trg_pii_guardrail_dead_events "
        "before insert or update of error_code on dead_events for each row "
        "execute function fn_enforce_pii_guardrail('dead_events')",
        "trigger-changed",
        "fires on some columns alone",
        True,
    ),
    "trigger that calls another": (
        "create function nothing() returns trigger language plpgsql as 'begin return new; end'; "
        "create or replace trigger trg_pii_guardrail_dead_events before insert or update "
        "on dead_events for each row execute function nothing('dead_events')",
        "trigger-changed",
        "calls another function",
        True,
    ),
    "trigger for another table": (
        "create or replace trigger trg_pii_guardrail_dead_events before insert or update "
        "on dead_events for each row execute function fn_enforce_pii_guardrail('revenue_ledger')",
        "trigger-changed",
        "has other arguments",
        True,
    ),
    "child without trigger": (
        "create table dead_archive () inherits (dead_events)",
        "trigger-missing",
        "on public.dead_archive isn't there",
        False,
    ),
    "surface gone": (
        "drop table dead_events cascade",
        "table-missing",
        "public.dead_events isn't there",
        False,
    ),
    "surface of somebody else": (
        "alter table dead_events owner to app_rw",
        "owner",
        "public.dead_events belongs to app_rw",
        False,
    ),
    "findings gone": (
        "drop table pii_audit_findings cascade",
        "table-missing",
        "public.pii_audit_findings isn't there",
        True,
    ),
    "findings hidden": (
        "alter table pii_audit_findings enable row level security",
        "table-changed",
        "has row security",
        False,
    ),
    "findings unlogged": (
        "alter table pii_audit_findings set unlogged",
        "table-changed",
        "is unlogged",
        False,
    ),
    "column gone": (
        "alter table pii_audit_scan_runs drop column error_code",
        "column-missing",
        "pii_audit_scan_runs.error_code isn't there",
        False,
    ),
    "column nullable": (
        "alter table pii_audit_findings alter record_id drop not null",
        "column-changed",
        "pii_audit_findings.record_id may be null",
        False,
    ),
    "column of another type": (
        "alter table pii_audit_findings alter record_id type text",
        "column-changed",
        "isn't of type uuid",
        False,
    ),
    "column for values": (
        "alter table pii_audit_findings add column sample text",
        "column-excess",
        "pii_audit_findings.sample isn't planned",
        False,
    ),
    "index gone": (
        "drop index idx_pii_audit_findings_detected_key",
        "index-missing",
        "idx_pii_audit_findings_detected_key isn't there",
        True,
    ),
    "index on something else": (
        "drop index idx_pii_audit_findings_detected_key; "
        "create index idx_pii_audit_findings_detected_key on pii_audit_findings (table_name)",
        "index-changed",
        "is another one",
        False,
    ),
    "index not unique": (
        "drop index uq_pii_audit_findings_record; create index uq_pii_audit_findings_record "
        "on pii_audit_findings (table_name, column_name, record_id, detected_key)",
        "index-changed",
        "uq_pii_audit_findings_record on public.pii_audit_findings is another one",
        False,
    ),
    "counter gone": (
        "drop sequence pii_rejects_dead_events_email cascade",
        "counter-missing",
        "public.pii_rejects_dead_events_email isn't there",
        True,
    ),
    "counters' view gone": (
        "drop view pii_guardrail_rejects",
        "view-missing",
        "public.pii_guardrail_rejects isn't there",
        True,
    ),
    "counters' view narrowed": (
        "create or replace view pii_guardrail_rejects as select ''::text as table_name, "
        "''::text as detected_key, 0::bigint as rejections",
        "view-changed",
        "doesn't show every counter",
        True,
    ),
    "readers shut out": (
        "revoke select on pii_audit_findings from app_ro",
        "grant-missing",
        "public.pii_audit_findings can't be read by app_ro",
        True,
    ),
    "writers let in": (
        "grant delete on pii_audit_findings to app_rw",
        "grant-excess",
        "gives DELETE to app_rw",
        True,
    ),
    "everybody let in": (
        "grant insert on pii_audit_scan_runs to public",
        "grant-excess",
        "gives INSERT to public",
        True,
    ),
    "writer puts triggers": (
        "grant trigger on dead_events to app_rw",
        "role-trigger",
        "role app_rw may put triggers of its own",
        False,
    ),
}


def test_a_guarded_database_is_clean(
    guarded: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PII_LINT_DSN", guarded.dsn)
    assert main(["guard", "check"]) == 0
    assert capsys.readouterr().out == "The guards stand as planned: 39 enforcement points.\n"


def test_any_role_may_check(guarded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PII_LINT_DSN", guarded.dsn_as("app_ro"))
    assert main(["guard", "check"]) == 0


def test_always_is_as_good_as_origin(guarded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PII_LINT_DSN", guarded.dsn)
    always = "alter table dead_events enable always trigger trg_pii_guardrail_dead_events"
    guarded.run(always)
    guarded.run("drop index idx_pii_audit_findings_detected_key")
    assert main(["guard", "apply"]) == 0
    enabled = (
        "select tgenabled::text from pg_trigger where tgname = 'trg_pii_guardrail_dead_events'"
    )
    assert guarded.run(enabled) == [("A",)]


@pytest.fixture(scope="module")
def shared(templates: Templates, postgres: Server) -> Iterator[Database]:
    """For tests that take back what they did."""
    with fresh(postgres, templates.guarded) as made:
        yield made


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_drift_is_named_and_mended(shared: Database, drift: str) -> None:
    done, kind, said, mended = DRIFTS[drift]
    with shared.connect(autocommit=False) as connection:
        connection.execute(done.encode())
        found = drifts(plan(), connection)
        told = next(each for each in found if each.kind == kind and said in each.sentence)
        assert told.sentence.startswith(f"{kind}: ")
        assert told.mend
        assert told.mended_by_apply is mended
        if mended:
            for statement in up_statements(plan()):
                connection.execute(statement.encode())
            connection.execute("reset role")
            assert drifts(plan(), connection) == ()
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(
                    "insert into dead_events (error_code, raw_payload) values ('', %s)",
                    ('{"email": 1}',),
                )
        connection.rollback()


ROLES: dict[str, tuple[str, str]] = {
    # what is given, and the sentence's beginning
    "superuser": (
        "alter role app_rw superuser",
        "role-superuser: role app_rw is a superuser",
    ),
    "member of the owner": (
        "grant migration_owner to app_rw",
        "role-member-of-owner: role app_rw may become the owner",
    ),
    "member of a superuser": (
        "grant postgres to app_rw",
        "role-powerful: role app_rw may become a superuser",
    ),
    "writes the server's files": (
        "grant pg_write_server_files to app_rw",
        "role-powerful: role app_rw",
    ),
    "may silence triggers": (
        "grant set on parameter session_replication_role to app_rw",
        "role-replication-setting: role app_rw may set session_replication_role",
    ),
    "every session starts as a replica": (
        "do $$ begin execute format('alter database %I set session_replication_role = replica', "
        "current_database()); end $$",
        "role-replication-setting: role app_rw starts with",
    ),
    "makes roles": (
        "alter role app_rw createrole",
        "role-createrole: role app_rw",
    ),
    "starts as a replica": (
        "alter role app_rw set session_replication_role = replica",
        "role-replication-setting: role app_rw starts with",
    ),
    "owner is a superuser": (
        "alter role migration_owner superuser",
        "owner-superuser: migration_owner owns the guards",
    ),
    "a third role that writes": (
        "create role sneaky superuser; grant insert on attribution_events to sneaky",
        "role-superuser: role sneaky is a superuser",
    ),
    "a member of the writers": (
        "create role clerk createrole in role app_rw",
        "role-createrole: role clerk may make itself a member",
    ),
}


@pytest.mark.parametrize("role", ROLES)
def test_a_writer_who_could_disarm_the_guard_is_named(shared: Database, role: str) -> None:
    given, said = ROLES[role]
    with shared.connect(autocommit=False) as connection:
        if "on parameter" in given and connection.info.server_version < 150000:
            pytest.skip("before PostgreSQL 15 a parameter can't be granted")
        assert drifts(plan(), connection) == ()
        connection.execute(given.encode())
        assert any(each.sentence.startswith(said) for each in drifts(plan(), connection))
        connection.rollback()


def test_a_partition_whose_trigger_is_disabled_is_named(
    guarded: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PII_LINT_DSN", guarded.dsn)
    guarded.run(
        """
        alter table attribution_events rename to once;
        create table attribution_events (
          id uuid not null default gen_random_uuid(), tenant_id uuid,
          occurred_at date not null default '2026-01-01', raw_payload jsonb not null
        ) partition by range (occurred_at);
        create table this_year partition of attribution_events
          for values from ('2026-01-01') to ('2027-01-01');
        """,
        user="migration_owner",
    )
    assert main(["guard", "apply"]) == 0
    guarded.run("alter table this_year disable trigger trg_pii_guardrail_attribution_events")
    capsys.readouterr()
    assert main(["guard", "check"]) == 1
    assert "on public.this_year is disabled" in capsys.readouterr().out


def test_apply_changes_nothing_the_second_time(
    application: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PII_LINT_DSN", application.dsn_as("migration_owner"))
    assert main(["guard", "apply", "--dry-run"]) == 0
    assert "would be mended: public.fn_detect_pii_keys isn't there" in capsys.readouterr().out
    assert main(["guard", "check"]) == 1
    assert main(["guard", "apply"]) == 0
    written = "select max(xmin::text::bigint) from pg_proc where proname like '%pii%'"
    before = application.run(written)
    capsys.readouterr()
    assert main(["guard", "apply"]) == 0
    assert capsys.readouterr().out == "Nothing to change: the guards stand as planned.\n"
    assert application.run(written) == before


def test_a_surface_that_left_the_list_is_named_before_it_refuses_every_row(
    guarded: Database,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PII_LINT_DSN", guarded.dsn)
    fewer = tmp_path / "surfaces.yml"
    fewer.write_text("surfaces: [{table: attribution_events, column: raw_payload}]\n", "utf-8")
    assert main(["guard", "check", "--surfaces", str(fewer)]) == 1
    assert "trg_pii_guardrail_dead_events on public.dead_events guards" in capsys.readouterr().out
    assert main(["guard", "apply", "--surfaces", str(fewer)]) == 2
    assert "list it as a surface, or drop the trigger" in capsys.readouterr().err
    insert(guarded, {"order": 1}, DEAD)


def test_apply_is_all_or_nothing(
    application: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # somebody else's view stands where the counters' view would
    application.run("create table pii_guardrail_rejects ()", user="migration_owner")
    monkeypatch.setenv("PII_LINT_DSN", application.dsn_as("migration_owner"))
    assert main(["guard", "apply"]) == 2
    assert "SQLSTATE" in capsys.readouterr().err
    made = "select count(*) from pg_proc where proname like '%pii%'"
    assert application.run(made) == [(0,)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--owner-role", "nobody_here"], "There is no role `nobody_here`"),
        (["--schema", "elsewhere"], "There is no table `elsewhere.attribution_events`"),
        (["--owner-role", "app_ro"], "belongs to `migration_owner`, not to `app_ro`"),
    ],
)
def test_apply_says_what_it_stands_on(
    application: Database,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PII_LINT_DSN", application.dsn)
    assert main(["guard", "apply", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_apply_by_a_stranger_is_refused(
    application: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PII_LINT_DSN", application.dsn_as("app_rw"))
    assert main(["guard", "apply"]) == 2
    assert "sign in as the owner" in capsys.readouterr().err


def test_a_password_is_taken_from_the_environment_alone(
    guarded: Database,
    postgres: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    by_tcp = postgres.tcp_dsn(guarded.name)
    for dsn in (f"{by_tcp} password=hunter2", "postgresql://me:hunter2@db.example/app"):
        assert main(["guard", "check", "--dsn", dsn]) == 2
        assert "PGPASSWORD" in capsys.readouterr().err
    for dsn in (by_tcp, f"{by_tcp} options=hunter2=", "host=hunter2 'x", "port=hunter2"):
        monkeypatch.setenv("PGPASSWORD", "hunter2")
        assert main(["guard", "check", "--dsn", dsn]) == 2
        shown = "".join(capsys.readouterr())
        assert shown.startswith("error: ")
        assert "hunter2" not in shown
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    assert main(["guard", "check", "--dsn", by_tcp]) == 0
    monkeypatch.setenv("PII_LINT_DSN", f"{by_tcp} password={postgres.password}")
    monkeypatch.delenv("PGPASSWORD")
    assert main(["guard", "check"]) == 0


def test_the_checklist_ticks_what_is_proved(
    guarded: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PII_LINT_DSN", guarded.dsn)
    report = tmp_path / "pii-ready.md"
    assert main(["guard", "check", "--report", str(report), "--project-dir", str(tmp_path)]) == 0
    text = report.read_text("utf-8")
    assert "- [x] `trg_pii_guardrail_dead_events` (2.3)" in text
    assert "- [ ] Schedule: no run has ended well" in text
    assert "- [ ] Runbook with the break-glass path: `docs/runbook.md` isn't there" in text
    assert "boxes are open: not ready." in text
    guarded.run("alter table dead_events disable trigger user")
    main(["guard", "scan"])
    assert main(["guard", "check", "--report", str(report), "--project-dir", str(tmp_path)]) == 1
    text = report.read_text("utf-8")
    assert "- [ ] `trg_pii_guardrail_dead_events` (2.3): trg_pii_guardrail_dead_events on " in text
    assert "- [x] Gate 3.2: the audit finds nothing: the last run found 0" in text
    assert "- [x] Schedule: the last run that ended well is 0 hours old" in text
