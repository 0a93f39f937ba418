"""Who may read what, by dbt's grants and the policy's roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pii_lint.findings import Finding, Severity

Files = Mapping[str, str]
FindingsOf = Callable[[Files], list[Finding]]

MART = "models/marts/restricted/mart"
ROLES = "roles: {internal: analyst, confidential: [support, 'people_*'], restricted: [dpo]}"


def granted(
    grants: str, column: str = "email", roles: str = ROLES, folder: str = MART
) -> dict[str, str]:
    return {
        f"{folder}.sql": f"select {column} as c from {{{{ source('raw', 'customers') }}}}",
        f"{folder}.yml": f"models: [{{name: mart, config: {{grants: {grants}}}}}]",
        "pii_lint.yml": f"version: 1\n{roles}\n",
    }


def acc(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.code == "ACC001"]


@pytest.mark.parametrize(
    ("grants", "column", "flagged"),
    [
        ("{select: [analyst]}", "email", True),
        ("{select: [analyst, support]}", "email", True),
        ("{ALL: [Analyst]}", "email", True),
        ("{'roles/bigquery.dataViewer': [analyst]}", "email", True),
        ("{select: [support]}", "email", False),
        ("{select: [PEOPLE_OPS]}", "email", False),
        ("{select: [dpo]}", "email", False),
        ("{insert: [analyst], delete: [analyst]}", "email", False),
        ("{select: []}", "email", False),
        # income is restricted, so those cleared for confidential data only may not
        ("{select: [support]}", "income", True),
        ("{select: [dpo]}", "income", False),
        ("{select: [analyst]}", "md5(email)", True),
        ("{select: [analyst]}", "{{ hash_pii('email') }}", False),
        ("{select: [analyst]}", "country", False),
        ("{select: [analyst]}", "count(email)", False),
        ("{select: [public]}", "email", True),
    ],
)
def test_a_role_reads_what_it_is_cleared_for(
    findings_of: FindingsOf, grants: str, column: str, flagged: bool
) -> None:
    found = acc(findings_of(granted(grants, column)))
    assert [f.severity for f in found] == [Severity.ERROR] * flagged


def test_the_message_names_the_roles_and_what_they_would_read(findings_of: FindingsOf) -> None:
    told = acc(findings_of(granted("{select: [support, analyst, intern]}")))
    assert [
        role for role in ("analyst", "intern", "support") for f in told if f"`{role}`" in f.message
    ] == [
        "analyst",
        "intern",
    ]
    assert all("contact.email (clear)" in found.message for found in told)
    assert len({found.id for found in told}) == 2


@pytest.mark.parametrize(
    ("role", "flagged"), [("analyst", False), ("PUBLIC", True), ("allUsers", True)]
)
def test_a_policy_without_roles_minds_only_everybody(
    findings_of: FindingsOf, role: str, flagged: bool
) -> None:
    found = acc(findings_of(granted(f"{{select: [{role}]}}", roles="")))
    assert bool(found) == flagged


def test_a_leak_in_a_safe_mart_is_said_once(findings_of: FindingsOf) -> None:
    found = findings_of(granted("{select: [analyst]}", folder="models/marts/safe/mart"))
    assert "PII001" in {f.code for f in found}
    assert acc(found) == []


def test_a_declassified_column_may_be_granted(findings_of: FindingsOf) -> None:
    signed = (
        f"{ROLES}\ndeclassified: [{{node: model.shop.mart, columns: [c], kinds: [email], "
        "reason: Reviewed, until: 2027-01-01}]"
    )
    assert acc(findings_of(granted("{select: [analyst]}", roles=signed))) == []
