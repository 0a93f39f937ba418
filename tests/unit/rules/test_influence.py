"""What is left of many values, or of a yes and no: statistics, signals, equated columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pii_lint.findings import Finding, Persona, Severity

Files = Mapping[str, str]
FindingsOf = Callable[[Files], list[Finding]]

SAFE = "models/marts/safe/fct.sql"
CUSTOMERS = "{{ source('raw', 'customers') }}"


def of(findings: list[Finding], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


def policy(text: str) -> dict[str, str]:
    return {"pii_lint.yml": f"version: 1\n{text}\n"}


# --- PII005 -----------------------------------------------------------------------------------

MEAN = f"select country, avg(income) as mean from {CUSTOMERS} group by country"
AGED = policy("labels: {source.shop.raw.customers: {years: age}}")


@pytest.mark.parametrize(
    ("files", "severity"),
    [
        ({SAFE: MEAN}, Severity.WARN),
        ({SAFE: f"{MEAN} having count(distinct customer_id) >= 10"}, Severity.WARN),
        ({SAFE: MEAN.replace("income", "years"), **AGED}, Severity.NOTE),
        ({SAFE: MEAN, **policy("policy: {safe: {statistic: error}}")}, Severity.ERROR),
        ({SAFE: MEAN, **policy("policy: {safe: {statistic: {income: note}}}")}, Severity.NOTE),
        ({SAFE: MEAN, **policy("policy: {safe: {statistic: {financial: error}}}")}, Severity.ERROR),
        ({SAFE: MEAN, **policy("rules: {PII005: note}")}, Severity.NOTE),
    ],
)
def test_a_statistic_of_a_restricted_kind_warns_unless_the_policy_names_it(
    findings_of: FindingsOf, files: Files, severity: Severity
) -> None:
    (found,) = of(findings_of(files), "PII005")
    assert found.severity == severity


def test_a_statistic_at_home_is_let_alone(findings_of: FindingsOf) -> None:
    files = {"models/marts/restricted/mart.sql": MEAN}
    assert of(findings_of(files), "PII005") == []


# --- PII006 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "flagged"),
    [
        ("income > 100000 as a", True),
        ("case when income > 100000 then 'rich' else 'poor' end as a", True),
        ("income is null as a", True),
        ("email like '%.org' as a", False),
        ("sum(case when income > 100000 then 1 else 0 end) as a", False),
        ("count(*) filter (where income > 100000) as a", False),
        ("count(income) as a", False),
        ("{{ hash_pii('email') }} as a", False),
    ],
)
def test_a_yes_or_no_of_a_restricted_value_warns_everybody(
    findings_of: FindingsOf, column: str, flagged: bool
) -> None:
    found = of(findings_of({SAFE: f"select {column} from {CUSTOMERS}"}), "PII006")
    assert [(f.column, f.severity, f.persona) for f in found] == (
        [("a", Severity.WARN, Persona.DEFAULT)] if flagged else []
    )


@pytest.mark.parametrize(
    "files",
    [
        {"models/marts/restricted/mart.sql": f"select income > 5 as a from {CUSTOMERS}"},
        {"models/staging/stg.sql": f"select income > 5 as a from {CUSTOMERS}"},
        {SAFE: f"select country from {CUSTOMERS} where income > 5"},
        {
            SAFE: f"select income > 5 as a from {CUSTOMERS}",
            **policy("policy: {safe: {signal: {income: off}}}"),
        },
    ],
)
def test_where_it_is_at_home_or_named_by_the_policy_nothing_is_said(
    findings_of: FindingsOf, files: Files
) -> None:
    assert of(findings_of(files), "PII006") == []


def test_an_auditor_hears_each_clause_with_its_kinds(findings_of: FindingsOf) -> None:
    query = f"select country, email like 'a%' as a from {CUSTOMERS} where income > 5"
    files = {SAFE: query, **policy("policy: {safe: {signal: note}}")}
    found = of(findings_of(files), "PII006")
    assert [(f.column, f.severity, f.persona) for f in found] == [
        ("*", Severity.NOTE, Persona.AUDITOR),
        ("a", Severity.NOTE, Persona.AUDITOR),
    ]
    assert "depends on financial.income (filter)." in found[0].message
    assert "depends on contact.email (test)." in found[1].message


# --- PII007 -----------------------------------------------------------------------------------

JOINED = (
    "select l.login from {{ source('raw', 'logins') }} as l "
    f"join {CUSTOMERS} as c on l.login = c.email"
)


def test_an_untagged_column_equal_to_a_tagged_one_warns(findings_of: FindingsOf) -> None:
    (found,) = of(findings_of({SAFE: JOINED}), "PII007")
    assert (found.column, found.severity) == ("login", Severity.WARN)


@pytest.mark.parametrize(("kind", "flagged"), [("email", False), ("contact", True), ("ssn", True)])
def test_a_column_with_a_tag_of_that_kind_is_no_forgotten_one(
    findings_of: FindingsOf, kind: str, flagged: bool
) -> None:
    labels = policy(f"labels: {{source.shop.raw.logins: {{login: {kind}}}}}")
    assert bool(of(findings_of({SAFE: JOINED, **labels}), "PII007")) == flagged


def test_masked_sides_that_meet_are_no_forgotten_tag(findings_of: FindingsOf) -> None:
    query = JOINED.replace("c.email", "{{ hash_pii('c.email') }}")
    assert of(findings_of({SAFE: query}), "PII007") == []
