"""Masks that are none, and names that promise one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pii_lint.findings import Confidence, Finding, Severity

FindingsOf = Callable[[Mapping[str, str]], list[Finding]]

SAFE = "models/marts/safe/fct_reach.sql"
STAGING = "models/staging/stg_customers.sql"
CUSTOMERS = "{{ source('raw', 'customers') }}"


def weak(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.code == "PII002"]


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("to_base64(encode(email)) as email_enc", "only encoded"),
        ("hex(email) as email_hash", "only encoded"),
        ("reverse(email) as email_masked", "only encoded"),
        ("lower(email) as email_hash", "its name promises a mask"),
        ("email as emailHashed", "its name promises a mask"),
        ("to_base64(encode(email)) as email_text", None),
        ("email as hash_of_the_commit_message", None),
        ("left(email, 2) as email_masked", None),
        ("{{ hash_pii('email') }} as email_hash", None),
        ("to_base64({{ hash_pii('email') }}) as email_hash", None),
        ("email is not null as email_hash", None),
    ],
)
def test_a_name_that_promises_a_mask_has_to_keep_it(
    findings_of: FindingsOf, column: str, reason: str | None
) -> None:
    found = weak(findings_of({SAFE: f"select {column} from {CUSTOMERS}"}))
    assert [reason in f.message for f in found if reason] == ([True] if reason else [])
    assert bool(found) == bool(reason)


def test_what_the_source_itself_calls_a_hash_is_no_promise_of_this_project(
    findings_of: FindingsOf,
) -> None:
    labels = "version: 1\nlabels: {source.shop.raw.logins: {password_hash: password}}\n"
    query = "select password_hash from {{ source('raw', 'logins') }}"
    assert weak(findings_of({STAGING: query, "pii_lint.yml": labels})) == []


def test_what_is_a_token_by_nature_is_no_broken_promise(findings_of: FindingsOf) -> None:
    labels = "version: 1\nlabels: {source.shop.raw.logins: {api_key: api_key}}\n"
    query = "select api_key as api_token from {{ source('raw', 'logins') }}"
    assert weak(findings_of({STAGING: query, "pii_lint.yml": labels})) == []


def test_an_encoding_is_told_where_it_happened_and_once_a_column(findings_of: FindingsOf) -> None:
    files = {
        STAGING: f"select hex(email) as code from {CUSTOMERS}",
        SAFE: "select code as email_hash from {{ ref('stg_customers') }}",
    }
    (found,) = weak(findings_of(files))
    assert "only encoded" in found.message
    assert (found.zone, found.severity) == ("safe", Severity.ERROR)
    assert found.confidence == Confidence.HIGH


def test_a_keyed_digest_of_few_values_warns_and_one_of_many_doesn_t(
    findings_of: FindingsOf,
) -> None:
    digests = "{{ hash_pii('income') }} as a, {{ hash_pii('email') }} as b"
    query = f"select {digests} from {CUSTOMERS}"
    (found,) = weak(findings_of({SAFE: query}))
    assert (found.column, found.severity) == ("a", Severity.WARN)
    assert found.confidence == Confidence.MEDIUM


def test_few_values_hashed_together_with_many_are_many(findings_of: FindingsOf) -> None:
    both = f"select {{{{ hash_pii('email || income') }}}} as a from {CUSTOMERS}"
    assert weak(findings_of({SAFE: both})) == []


def test_few_values_hashed_upstream_are_told_once_where_the_digest_is_made(
    findings_of: FindingsOf,
) -> None:
    files = {
        STAGING: f"select {{{{ hash_pii('income') }}}} as a from {CUSTOMERS}",
        SAFE: "select a as b from {{ ref('stg_customers') }}",
    }
    assert [(f.zone, f.column) for f in weak(findings_of(files))] == [("staging", "a")]


def test_few_values_hashed_where_nobody_minds_are_told_where_somebody_does(
    findings_of: FindingsOf,
) -> None:
    files = {
        "models/marts/restricted/people.sql": (
            f"select {{{{ hash_pii('income') }}}} as a from {CUSTOMERS}"
        ),
        SAFE: "select a as b from {{ ref('people') }}",
    }
    assert [(f.zone, f.column) for f in weak(findings_of(files))] == [("safe", "b")]


def test_a_promise_that_is_handed_on_is_told_where_it_was_made(findings_of: FindingsOf) -> None:
    files = {
        STAGING: f"select email as email_hash from {CUSTOMERS}",
        SAFE: "select email_hash from {{ ref('stg_customers') }}",
    }
    assert [(f.zone, f.column) for f in weak(findings_of(files))] == [("staging", "email_hash")]


def test_a_half_masked_column_keeps_its_reason_on_the_way(findings_of: FindingsOf) -> None:
    files = {
        STAGING: f"select coalesce({{{{ hash_pii('email') }}}}, email) as a from {CUSTOMERS}",
        SAFE: "select a || '!' as b from {{ ref('stg_customers') }}",
    }
    assert ["only some of its rows" in f.message for f in weak(findings_of(files))] == [True, True]


def test_two_halves_of_a_union_are_branches_too(findings_of: FindingsOf) -> None:
    query = f"select md5(email) as a from {CUSTOMERS} union all select email from {CUSTOMERS}"
    (found,) = weak(findings_of({SAFE: query}))
    assert "only some of its rows" in found.message
