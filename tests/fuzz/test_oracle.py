"""The oracle itself: what it must catch, and what it must let pass."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import duckdb
import pytest

from pii_lint.labels import Form, Label
from pii_lint.propagation.inventory import Inventory, RelationFacts
from tests.corpus.harness import model_id
from tests.fuzz import campaign
from tests.fuzz import oracle as module
from tests.fuzz.campaign import Apart
from tests.fuzz.copies import VARIANTS, Copies, origins, variants
from tests.fuzz.oracle import Oracle
from tests.fuzz.queries import program
from tests.fuzz.shrink import shrunk, written

Blind = Callable[[Label], Label | None]


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


def blinded(monkeypatch: pytest.MonkeyPatch, blind: Blind, *, rows: bool = True) -> None:
    """An analyser that sees labels otherwise than it should."""
    real = module.inventory

    def inventory(models: dict[str, str]) -> Inventory:
        found = real(models)
        facts: RelationFacts = found.relations[model_id(list(models)[-1])]
        for column in facts.columns.values():
            column.labels = {n: via for k, via in column.labels.items() if (n := blind(k))}
        if not rows:
            facts.signals = {}
        return found

    monkeypatch.setattr(module, "inventory", inventory)


def shown(oracle: Oracle, sql: str) -> set[tuple[str, str, str]]:
    return {(m.why, m.column, m.origin) for m in oracle.judge({"m1": sql}).misses}


# --- what it catches -----------------------------------------------------------------------------


def test_a_value_without_a_label_is_caught(oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "select id, length(email) as n from base.users"
    assert shown(oracle, sql) == set()
    blinded(monkeypatch, lambda label: None)
    assert shown(oracle, sql) == {("moves", "n", "users.email")}


def test_rows_that_a_value_decides_are_caught(
    oracle: Oracle, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "select id from base.users where salary > 6000"
    assert shown(oracle, sql) == set()
    blinded(monkeypatch, lambda label: label, rows=False)
    assert shown(oracle, sql) == {("moves", "id", "users.salary")}


def test_groups_by_a_value_that_stays_unique_are_caught(
    oracle: Oracle, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "select id, count(*) over (partition by email) as n from base.users"
    assert shown(oracle, sql) == set()
    blinded(monkeypatch, lambda label: None)
    assert shown(oracle, sql) == {("moves", "n", "users.email")}


@pytest.mark.parametrize("form", [Form.PARTIAL, Form.WEAK, Form.PSEUDONYM, Form.STATISTIC])
def test_a_value_in_clear_under_another_form_is_caught(
    oracle: Oracle, monkeypatch: pytest.MonkeyPatch, form: Form
) -> None:
    sql = "select 'mail: ' || email as shown from base.users"
    blinded(monkeypatch, lambda label: label.to(form))
    assert ("holds", "shown", "users.email") in shown(oracle, sql)


def test_a_json_value_in_clear_is_caught(oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "select payload -> 'email' as shown from base.events"
    assert shown(oracle, sql) == set()
    blinded(monkeypatch, lambda label: label.to(Form.WEAK))
    assert shown(oracle, sql) == {("holds", "shown", "events.payload")}


@pytest.mark.parametrize(
    "fake",
    [
        "md5(email)",
        "sha256(email || 'a-literal-salt')",
        "md5(concat_ws((select salt from base.salts), email))",
        "sha256(coalesce(email, (select salt from base.salts)))",
        "case when id = 1 then md5(email) else sha256(email || (select salt from base.salts)) end",
    ],
)
def test_a_fake_mask_that_passes_as_a_pseudonym_is_caught(
    oracle: Oracle, monkeypatch: pytest.MonkeyPatch, fake: str
) -> None:
    sql = f"select {fake} as masked from base.users"
    assert shown(oracle, sql) == set()
    blinded(monkeypatch, lambda label: label.to(Form.PSEUDONYM))
    assert ("unmasked", "masked", "users.email") in shown(oracle, sql)


def test_a_column_without_its_name_is_caught(
    oracle: Oracle, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = module.inventory

    def inventory(models: dict[str, str]) -> Inventory:
        found = real(models)
        facts = found.relations[model_id("m1")]
        facts.columns["other"] = facts.columns.pop("email")
        return found

    monkeypatch.setattr(module, "inventory", inventory)
    caught = shown(oracle, "select id, email from base.users")
    assert ("shape", "email", "") in caught
    assert ("moves", "email", "users.email") in caught


def test_an_analyser_that_fails_is_caught(oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    def inventory(models: dict[str, str]) -> Inventory:
        raise RecursionError

    monkeypatch.setattr(module, "inventory", inventory)
    assert shown(oracle, "select id from base.users") == {("crash", "*", "RecursionError")}


# --- what it lets pass ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "select id, city from base.users",
        "select sha256(email || (select salt from base.salts)) as masked from base.users",
        "select coalesce(sha256(email || (select salt from base.salts)), '-') as m from base.users",
        "select left(email, 2) as start from base.users",
        "select payload ->> 'page' as page from base.events",
        "select 'ann@example.com' as email from base.users",
        "select email_sha256 from base.leads",
    ],
)
def test_what_is_labelled_rightly_passes(oracle: Oracle, sql: str) -> None:
    assert shown(oracle, sql) == set()


def test_an_error_that_altered_data_make_is_out_of_scope(
    oracle: Oracle, monkeypatch: pytest.MonkeyPatch
) -> None:
    blinded(monkeypatch, lambda label: None)
    sql = (
        "select id, case when salary < 9000 then 1 else error('too much') end as n from base.users"
    )
    assert ("moves", "id", "users.salary") not in shown(oracle, sql)


def test_sql_that_duckdb_rejects_is_no_verdict(oracle: Oracle) -> None:
    with pytest.raises(duckdb.Error):
        oracle.judge({"m1": "select nothing from base.users"})


def test_idle_clear_labels_are_counted(oracle: Oracle) -> None:
    sql = "select email, case when id > 0 then city else phone end as place from base.users"
    verdict = oracle.judge({"m1": sql}, precision=True)
    assert verdict.pairs == 2
    assert verdict.idle == (("place", "users.phone"),)


# --- the copies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", origins())
def test_every_variant_is_another_column(origin: str) -> None:
    relation, column = origin.split(".")
    copies = Copies()
    sql = {"m1": f"select {column} as x from base.{relation}"}
    base = copies.output(sql, {})
    moved = {name for name in variants(origin) if copies.output(sql, {origin: name}) != base}
    # of a yes or no, keeping the pattern keeps the values; swapping keeps them all
    assert moved | {"kept", "swapped"} >= variants(origin).keys()
    assert "broken" in moved
    rest = {"m1": f"select * exclude ({column}) from base.{relation}"}
    assert all(
        copies.output(rest, {origin: n}) == copies.output(rest, {}) for n in variants(origin)
    )


def test_several_columns_can_be_altered_at_once() -> None:
    copies = Copies()
    sql = {"m1": "select email, phone, city from base.users"}
    base = copies.output(sql, {})
    other = copies.output(sql, {"users.email": "kept", "users.phone": "broken"})
    assert {name for name in base if base[name] != other[name]} == {"email", "phone"}


def test_a_swapped_column_holds_the_same_values_in_other_rows() -> None:
    copies = Copies()
    rows = {"m1": "select id || email as x from base.users where email is not null"}
    alone = {"m1": "select email as x from base.users"}
    swapped = {"users.email": "swapped"}
    assert copies.output(alone, swapped) == copies.output(alone, {})
    assert copies.output(rows, swapped) != copies.output(rows, {})
    assert "swapped" in VARIANTS


# --- the process apart ---------------------------------------------------------------------------


@pytest.mark.slow
def test_a_process_that_dies_is_replaced() -> None:
    apart = Apart()
    apart._pool.submit(os._exit, 1)
    seen = apart.judged(0)
    apart.close()
    assert (seen.run, seen.crashes) == (1, [])


@pytest.mark.slow
def test_a_program_that_kills_every_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    apart = Apart()
    monkeypatch.setattr(campaign, "judged", dying)
    seen = apart.judged(7)
    apart.close()
    assert (seen.run, seen.crashes) == (1, [7])


def dying(number: int, **_: bool) -> None:
    os._exit(1)


# --- the generator and the shrinker --------------------------------------------------------------


def test_a_number_gives_the_same_program_in_every_process() -> None:
    script = "from tests.fuzz.queries import program; print([program(n) for n in range(40)])"
    given = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert given == [str([program(number) for number in range(40)])] * 2


def test_programs_differ() -> None:
    assert len({str(program(number)) for number in range(40)}) > 35


def test_a_program_shrinks_to_what_matters(oracle: Oracle) -> None:
    models = {
        "m1": "select id, email as e, phone from base.users where id > 0",
        "m2": "with w as (select m.*, 1 as one from base.m1 m) select upper(e) as x, one from w",
    }

    def still(candidate: dict[str, str]) -> bool:
        try:
            output = oracle.copies.output(candidate, {})
        except duckdb.Error:
            return False
        return any("ANN@EXAMPLE.COM" in cells for cells in output.values())

    small = shrunk(models, still)
    assert still(small)
    assert len(written(small)) < 75
