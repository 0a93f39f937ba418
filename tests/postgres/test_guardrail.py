"""Layer 2 on a real PostgreSQL: gates 2.1 to 2.8, and what a payload may look like beyond them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import psycopg
import pytest

from pii_lint.data import payloads
from pii_lint.guard.database.ddl import down, up
from pii_lint.guard.database.plan import plan
from tests.postgres.conftest import Templates
from tests.postgres.rows import (
    CANARY,
    DEAD,
    LEDGER,
    OTHER_TENANT,
    SURFACES,
    TENANT,
    Surface,
    count,
    insert,
    refused,
)
from tests.postgres.server import Database, Server, fresh

TRIGGERS = (
    "select tgname, relname from pg_trigger join pg_class on pg_class.oid = tgrelid "
    "where tgname like 'trg_pii_guardrail_%' order by 2"
)


@pytest.fixture(scope="module")
def shared(templates: Templates, postgres: Server) -> Iterator[Database]:
    """For tests that ask about one payload alone."""
    with fresh(postgres, templates.guarded) as made:
        yield made


def test_gate_2_1_the_migration_applies_and_again(application: Database) -> None:
    for _ in range(2):
        application.run(up(plan()), user="migration_owner")


def test_gates_2_2_to_2_4_a_trigger_stands_on_each_table(guarded: Database) -> None:
    assert guarded.run(TRIGGERS) == [
        ("trg_pii_guardrail_attribution_events", "attribution_events"),
        ("trg_pii_guardrail_dead_events", "dead_events"),
        ("trg_pii_guardrail_revenue_ledger", "revenue_ledger"),
    ]


def test_gate_2_5_a_row_with_a_listed_key_is_refused(guarded: Database) -> None:
    assert refused(guarded, {"order_id": "123", "email": CANARY}) == (
        "PII key detected in attribution_events.raw_payload. Ingestion blocked by database policy "
        "(Layer 2 guardrail). Key found: email. Reference: ADR-003-PII-Defense-Strategy.md. "
        "Action: Remove PII key from payload before retry."
    )
    assert count(guarded, "attribution_events") == 0


def test_gate_2_6_a_value_alone_passes(guarded: Database) -> None:
    insert(guarded, {"order_id": "123", "notes": f"email: {CANARY}"})
    assert count(guarded, "attribution_events") == 1


def test_gate_2_7_the_ledger_refuses_it_in_its_metadata(guarded: Database) -> None:
    assert refused(guarded, {"email": CANARY}, LEDGER) == (
        "PII key detected in revenue_ledger.metadata. Write blocked by database policy "
        "(Layer 2 guardrail). Key found: email. Reference: ADR-003-PII-Defense-Strategy.md. "
        "Action: Remove PII key from metadata before retry."
    )
    assert count(guarded, "revenue_ledger") == 0


def test_gate_2_8_metadata_that_is_null_passes(guarded: Database) -> None:
    insert(guarded, None, LEDGER)
    assert count(guarded, "revenue_ledger") == 1


@pytest.mark.parametrize("surface", SURFACES, ids=lambda each: each.table)
def test_every_key_is_refused_on_every_surface(guarded: Database, surface: Surface) -> None:
    for key in payloads.blocklist():
        said = refused(guarded, {"order": 1, key.name: CANARY}, surface)
        assert f"{surface.table}.{surface.column}." in said
        assert f"Key found: {key.name}." in said
    assert count(guarded, surface.table) == 0
    insert(guarded, {"order": 1, "city": "Turin", "emails_sent": 3}, surface)
    assert count(guarded, surface.table) == 1


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        ({"customer": {"contact": [{"ssn": 1}]}}, "ssn"),
        ({"Email": 1}, "email"),
        ({"phoneNumber": 1}, "phone_number"),
        ({"PHONE-NUMBER": 1}, "phone_number"),
        ({" first name ": 1}, "first_name"),
        ({"last\tname": 1}, "last_name"),
        ({'"email"': 1}, "email"),
        ({"e\\mail": 1}, "email"),
        ({"": {"\u0000"[:0] + "ip": 1}}, "ip"),
        ({"\uff45\uff4d\uff41\uff49\uff4c": 1}, "email"),
        ({"addre\u00df": 1}, "address"),
        ({"e\u200bmail": 1}, "email"),
        ({"\u00e9mail": 1}, "email"),
        ([[[{"full_name": None}]]], "full_name"),
        ({"a": 'say "email": ', "b": {"ip": 1}}, "ip"),
        ({"a {": ', "', "ip": 1}, "ip"),
        ({"a ": 1, ": ip": 2}, "ip"),
        ({"email": 1, "ssn": 2}, "email"),
    ],
)
def test_a_listed_key_in_disguise_is_refused(shared: Database, payload: object, key: str) -> None:
    assert f"Key found: {key}." in refused(shared, payload)


@pytest.mark.parametrize(
    "payload",
    [
        ["email", "ssn"],
        "email",
        'say "email": yes',
        {"a": 'x", "email": 1, "b'},
        {"a": '{"email": 1}'},
        {"x email": 1, "emails": 2, "email_hash": 3, "ship": 4},
        {'x "email': 1},
        {"ip\u5730\u5740": 1},
        {"\u0435mail": 1},  # a Cyrillic letter makes another word, to every layer
        17,
        None,
        True,
        [],
        {},
        {"": ""},
        [None, {"a": []}],
    ],
)
def test_what_only_looks_like_a_key_passes(shared: Database, payload: object) -> None:
    insert(shared, {"wrapped": payload})
    with shared.connect() as connection:
        row = connection.execute(
            "select fn_detect_pii_keys(%s::jsonb), fn_list_pii_keys(%s::jsonb)",
            (json.dumps(payload), json.dumps(payload)),
        ).fetchone()
    assert row == (False, [])


def test_no_payload_is_no_key(shared: Database) -> None:
    assert shared.run("select fn_detect_pii_keys(null)") == [(False,)]


def test_an_update_is_looked_at_too(guarded: Database) -> None:
    insert(guarded, {"order": 1}, DEAD)
    with pytest.raises(psycopg.errors.CheckViolation):
        guarded.run("""update dead_events set raw_payload = '{"email": 1}'""")
    guarded.run("""update dead_events set raw_payload = '{"order": 2}'""")
    assert guarded.run("select raw_payload from dead_events") == [({"order": 2},)]


def test_an_upsert_is_looked_at_in_both_branches(guarded: Database) -> None:
    record = "00000000-0000-4000-8000-000000000001"
    insert(guarded, {"order": 1}, DEAD, record=record)
    upsert = (
        "insert into dead_events (id, error_code, raw_payload) values ('{}', 'X', '{}') "
        "on conflict (id) do update set raw_payload = {}"
    )
    for given, kept in (('{"email": 1}', "'{}'"), ("{}", """'{"email": 1}'""")):
        with pytest.raises(psycopg.errors.CheckViolation):
            guarded.run(upsert.format(record, given, kept))
    guarded.run(upsert.format(record, "{}", "excluded.raw_payload"))
    assert guarded.run("select raw_payload from dead_events") == [({},)]


def test_copy_brings_all_or_nothing(guarded: Database) -> None:
    lines = [f'{TENANT}\t{{"order": {n}}}\n' for n in range(50)]

    def copy(rows: list[str]) -> None:
        with guarded.connect("migration_owner") as connection, connection.cursor() as cursor:
            into = "copy attribution_events (tenant_id, raw_payload) from stdin"
            with cursor.copy(into) as stream:
                for row in rows:
                    stream.write(row)

    with pytest.raises(psycopg.errors.CheckViolation):
        copy([*lines, f'{TENANT}\t{{"email": 1}}\n'])
    assert count(guarded, "attribution_events") == 0
    copy(lines)
    assert count(guarded, "attribution_events") == 50


def test_owner_and_superuser_are_refused_as_well(guarded: Database) -> None:
    for user in ("migration_owner", "postgres"):
        with pytest.raises(psycopg.errors.CheckViolation):
            insert(guarded, {"email": 1}, user=user)


def test_tenants_stay_apart_under_the_guard(guarded: Database) -> None:
    insert(guarded, {"order": 1})
    insert(guarded, {"order": 2}, tenant=OTHER_TENANT)
    with guarded.connect("app_rw") as connection:
        connection.execute("select set_config('app.tenant_id', %s, false)", (OTHER_TENANT,))
        seen = connection.execute("select raw_payload from attribution_events").fetchall()
        assert seen == [({"order": 2},)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(
                "insert into attribution_events (tenant_id, raw_payload) values (%s, '{}')",
                (TENANT,),
            )


def test_a_writer_with_a_search_path_of_its_own_fools_nobody(guarded: Database) -> None:
    guarded.run("create schema evil; grant usage, create on schema evil to app_rw")
    with guarded.connect("app_rw") as connection:
        connection.execute(
            "create function evil.never(text, text) returns boolean language sql as 'select false'"
        )
        connection.execute(
            "create operator evil.~ (leftarg = text, rightarg = text, function = evil.never)"
        )
        connection.execute("set search_path = evil, pg_catalog, public")
        connection.execute("select set_config('app.tenant_id', %s, false)", (TENANT,))
        assert connection.execute("select 'a'::text ~ 'a'").fetchone() == (False,)
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(
                "insert into public.attribution_events (tenant_id, raw_payload) values (%s, %s)",
                (TENANT, '{"email": 1}'),
            )


def test_a_writer_that_may_call_nothing_still_writes(guarded: Database) -> None:
    guarded.run("revoke execute on all functions in schema public from public")
    insert(guarded, {"order": 1})
    assert "Key found: ip." in refused(guarded, {"ip": 1})


def test_nobody_puts_the_counting_trigger_on_a_table_of_his_own(guarded: Database) -> None:
    with guarded.connect("app_rw") as connection:
        connection.execute("create temporary table mine (raw_payload jsonb)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "create trigger t before insert on mine for each row "
                "execute function public.fn_enforce_pii_guardrail('attribution_events')"
            )


def test_a_partitioned_table_is_guarded_in_every_partition(database: Database) -> None:
    database.run(
        """
        create table attribution_events (
          id uuid not null default gen_random_uuid(), tenant_id uuid, occurred_at date not null,
          raw_payload jsonb not null, primary key (id, occurred_at)
        ) partition by range (occurred_at);
        create table events_old partition of attribution_events
          for values from ('2025-01-01') to ('2026-01-01');
        """
    )
    surface = tuple(each for each in payloads.surfaces() if each.table == "attribution_events")
    roles = payloads.Roles(ingest="pg_monitor", read="pg_read_all_data", owner="postgres")
    database.run(up(plan(surface, roles=roles)))
    database.run(
        "create table events_new partition of attribution_events "
        "for values from ('2026-01-01') to ('2027-01-01')"
    )
    for table, day in (
        ("attribution_events", "2025-05-05"),
        ("attribution_events", "2026-05-05"),
        ("events_new", "2026-05-05"),
    ):
        with pytest.raises(
            psycopg.errors.CheckViolation, match=r"detected in attribution_events\.raw_payload"
        ):
            database.run(
                f"""insert into {table} (occurred_at, raw_payload)
                values ('{day}', '{{"email": 1}}')"""
            )
    database.run(
        "insert into attribution_events (occurred_at, raw_payload) values ('2026-05-05', '{}')"
    )
    assert count(database, "attribution_events") == 1


HOSTILE = ('a"b', "a'b; drop table tenants; --", "select", "Größe", "x" * 63, "$pii$", "{{schema}}")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_names(database: Database, name: str) -> None:
    surface = payloads.Surface(table=name, column=name, record_key="id")
    roles = payloads.Roles(ingest="pg_monitor", read="pg_read_all_data", owner="postgres")
    asked = plan((surface,), schema=f"{name[:50]} s", roles=roles)
    quoted = '"' + name.replace('"', '""') + '"'
    schema = '"' + f"{name[:50]} s".replace('"', '""') + '"'
    database.run(
        f"create schema {schema}; create table {schema}.{quoted} "
        f"(id uuid primary key default gen_random_uuid(), {quoted} jsonb)"
    )
    for _ in range(2):
        database.run(up(asked))
    into = f"insert into {schema}.{quoted} ({quoted}) values"
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        database.run(f"""{into} ('{{"email": 1}}')""")
    assert f"detected in {name}.{name}. " in str(caught.value.diag.message_primary)
    database.run(f"{into} ('{{}}')")
    database.run(
        f"alter table {schema}.{quoted} disable trigger user; "
        f"""{into} ('{{"email": 1}}'); select {schema}.fn_scan_pii_contamination()"""
    )
    database.run(f"call {schema}.pr_scan_pii_contamination(1)")
    assert database.run(f"select table_name, column_name from {schema}.pii_audit_findings") == [
        (name, name)
    ]
    database.run(down(asked, findings=True))
    left = database.run(
        "select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace "
        "where relname ~ '^(pii|idx_pii)_' and nspname !~ '^pg_'"
    )
    assert left == [(0,)]


def test_two_columns_of_one_table_are_two_surfaces(database: Database) -> None:
    database.run("create table t (id uuid primary key default gen_random_uuid(), a jsonb, b json)")
    both = tuple(payloads.Surface(table="t", column=each) for each in "ab")
    roles = payloads.Roles(ingest="pg_monitor", read="pg_read_all_data", owner="postgres")
    database.run(up(plan(both, roles=roles)))
    for column in "ab":
        with pytest.raises(psycopg.errors.CheckViolation, match=rf"detected in t\.{column}\."):
            database.run(f"""insert into t ({column}) values ('{{"email": 1}}')""")
    database.run("insert into t (a, b) values ('{}', '[]'), (null, null)")


def test_down_takes_everything_and_up_brings_it_back(guarded: Database) -> None:
    left = (
        "select count(*) from pg_proc where proname ~ 'pii' union all "
        "select count(*) from pg_trigger where tgname ~ 'pii' union all "
        "select count(*) from pg_class where relname ~ 'pii' and relkind in ('S', 'v', 'r')"
    )
    guarded.run(down(plan()), user="migration_owner")
    # three tables with the evidence, two with a sequence of their own
    assert guarded.run(left) == [(0,), (0,), (5,)]
    insert(guarded, {"email": 1})
    guarded.run(down(plan(), findings=True), user="migration_owner")
    assert guarded.run(left) == [(0,), (0,), (0,)]
    guarded.run(up(plan()), user="migration_owner")
    refused(guarded, {"email": 1})


def test_a_payload_of_megabytes_and_of_great_depth_is_judged(guarded: Database) -> None:
    wide = {f"key_{n}": "value \u00e9 " * 10 for n in range(50_000)}
    insert(guarded, wide)
    refused(guarded, {**wide, "nested": {"Email": 1}})
    deep = '{"a": [' * 2000 + '{"ip": 1}' + "]}" * 2000
    for payload, found in ((deep, True), (deep.replace("ip", "up"), False)):
        with guarded.connect() as connection:
            answer = connection.execute("select fn_detect_pii_keys(%s::jsonb)", (payload,))
            assert answer.fetchone() == (found,)


def test_writers_at_the_same_time_are_all_judged(guarded: Database) -> None:
    passed: list[int] = []
    stopped: list[int] = []

    def write(number: int) -> None:
        for turn in range(10):
            try:
                insert(guarded, {"ssn" if turn % 2 else "order": turn})
                passed.append(number)
            except psycopg.errors.CheckViolation:
                stopped.append(number)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (len(passed), len(stopped)) == (20, 20)
    assert count(guarded, "attribution_events") == 20
    counted = (
        "select rejections from pii_guardrail_rejects where detected_key = 'ssn' and rejections > 0"
    )
    assert guarded.run(counted) == [(20,)]


def test_a_refusal_that_is_rolled_back_still_counts(guarded: Database) -> None:
    with guarded.connect("app_rw", autocommit=False) as connection:
        for _ in range(3):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(
                    "insert into attribution_events (tenant_id, raw_payload) values (%s, %s)",
                    (TENANT, '{"full_name": 1, "ip": 2}'),
                )
            connection.rollback()
    rows = guarded.run(
        "select table_name, detected_key, rejections from pii_guardrail_rejects "
        "where rejections > 0",
        user="app_ro",
    )
    # once a row, under the key that the message names
    assert rows == [("attribution_events", "full_name", 3)]


def test_what_writers_may_not_do(guarded: Database) -> None:
    for statement in (
        "set session_replication_role = replica",
        "alter table attribution_events disable trigger all",
        "drop trigger trg_pii_guardrail_dead_events on dead_events",
        "select nextval('pii_rejects_attribution_events_email')",
        "insert into pii_audit_findings (table_name, column_name, record_id, detected_key) "
        "values ('a', 'b', gen_random_uuid(), 'c')",
        "delete from pii_audit_findings",
        "select fn_scan_pii_contamination()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            guarded.run(statement, user="app_rw")
    assert guarded.run("select count(*) from pii_audit_findings", user="app_rw") == [(0,)]
