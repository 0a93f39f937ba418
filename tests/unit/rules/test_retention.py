"""How long personal data is kept: where nothing says so, and where it can't be followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pii_lint.findings import Finding, Severity

FindingsOf = Callable[[Mapping[str, str]], list[Finding]]

COLUMNS = """\
            columns:
              - {name: email, tags: [pii], meta: {pii: true, pii_type: email}}
              - {name: is_deleted, meta: {pii: false}}
              - {name: created_at, meta: {pii: false}}
"""
TERM = "{retention_days: 30, retention_from: created_at, soft_delete: is_deleted}"


def people(meta: str) -> str:
    return f"""\
sources:
  - name: raw
    tables:
          - name: customers
            tags: [pii]
            meta: {meta}
{COLUMNS}"""


def said(findings: list[Finding]) -> list[str]:
    return [one.message for one in findings if one.code == "RET001"]


def test_a_term_that_can_be_followed_is_clean(findings_of: FindingsOf) -> None:
    assert said(findings_of({"models/raw/s.yml": people(TERM)})) == []


@pytest.mark.parametrize(
    ("meta", "told"),
    [
        ("{retention_days: 0, retention_from: created_at}", "no whole number of days"),
        ("{retention_days: true, retention_from: created_at}", "no whole number of days"),
        ("{retention_days: '30', retention_from: created_at}", "no whole number of days"),
        ("{retention_days: 1000000, retention_from: created_at}", "no whole number of days"),
        ("{retention_from: created_at}", "no whole number of days"),
        ("{retention_days: 30, retention_from: gone}", "`retention_from` names no column"),
        ("{retention_days: 30, retention_from: [created_at]}", "`retention_from` names no column"),
        ("{retention_days: 30, retention_from: created_at}", "`is_deleted` marks who is to go"),
        ("{retention_days: 30, soft_delete: gone}", "`soft_delete` names no column"),
        ("{retention_days: 30, soft_delete: {column: is_deleted, day: 1}}", "isn't known: day"),
        (
            "{retention_days: 30, soft_delete: {column: is_deleted, days: -1}}",
            "`days` of `soft_delete`",
        ),
        ("{retention_days: 30, soft_delete: false}", "no `retention_from` says from when on"),
    ],
)
def test_a_term_that_cannot_be_followed_is_told(
    findings_of: FindingsOf, meta: str, told: str
) -> None:
    (message,) = said(findings_of({"models/raw/s.yml": people(meta)}))
    assert told in message


def test_names_are_met_in_any_case(findings_of: FindingsOf) -> None:
    meta = TERM.replace("created_at", "CREATED_AT").replace("is_deleted", "Is_Deleted")
    assert said(findings_of({"models/raw/s.yml": people(meta)})) == []


def test_only_what_keeps_rows_by_itself_needs_a_term(findings_of: FindingsOf) -> None:
    """A table or a view follows what it is made of at the next build."""
    sql = "select email from {{ source('raw', 'customers') }}"
    files = {
        "models/raw/s.yml": people(TERM),
        "models/marts/restricted/contacts.sql": sql,
        "models/marts/restricted/contact_log.sql": "{{ config(materialized='incremental') }}" + sql,
        "snapshots/contact_history.sql": sql,
    }
    assert said(findings_of(files)) == [
        "The model `contact_log` keeps contact.email (clear) without `retention_days`.",
        "The snapshot `contact_history` keeps contact.email (clear) without `retention_days`.",
    ]


def test_pseudonyms_and_clean_data_need_none(findings_of: FindingsOf) -> None:
    sql = (
        "{{ config(materialized='incremental') }}select {{ hash_pii('email') }} as email_hash, "
        "created_at from {{ source('raw', 'customers') }}"
    )
    files = {"models/raw/s.yml": people(TERM), "models/staging/stg.sql": sql}
    assert said(findings_of(files)) == []


def test_it_is_a_warning_and_silent_where_no_term_is_kept(findings_of: FindingsOf) -> None:
    assert said(findings_of({"models/raw/s.yml": people("{}")})) == []
    found = findings_of({"models/raw/s.yml": people("{retention_days: 30, soft_delete: false}")})
    assert {one.severity for one in found if one.code == "RET001"} == {Severity.WARN}
