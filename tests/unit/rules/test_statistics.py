"""A number folded from many people: a warning for restricted kinds, unless enough are demanded."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pii_lint.findings import Finding, Severity

FindingsOf = Callable[[Mapping[str, str]], list[Finding]]
SEEDED = """
version: 1
sources:
  - name: hr
    tables:
      - name: staff
        columns:
          - {name: staff_no, meta: {pii: true, pii_type: employee_id}}
          - {name: salary, data_type: integer, meta: {pii: true, pii_type: salary}}
          - {name: age, data_type: integer, meta: {pii: true, pii_type: age}}
          - {name: office}
"""
MART = "select office, avg({x}) as mean from {{{{ source('hr', 'staff') }}}} group by 1 {having}"


def _mean(findings_of: FindingsOf, having: str, x: str = "salary", policy: str = "") -> Finding:
    sql = MART.format(x=x, having=having)
    files = {"models/sources.yml": SEEDED, "models/marts/safe/pay.sql": sql}
    if policy:
        files["pii_lint.yml"] = f"version: 1\n{policy}\n"
    found = [finding for finding in findings_of(files) if finding.code == "PII005"]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("having", "policy", "severity"),
    [
        ("", "", Severity.WARN),
        ("having count(distinct staff_no) >= 5", "", Severity.NOTE),
        ("having count(distinct staff_no) >= 4", "", Severity.WARN),
        ("having count(distinct staff_no) >= 4", "smallest_group: {people: 4}", Severity.NOTE),
        ("having count(distinct staff_no) >= 5", "smallest_group: {people: 20}", Severity.WARN),
        ("having count(distinct staff_no) >= 5", "smallest_group: {kinds: []}", Severity.WARN),
        (
            "having count(distinct staff_no) >= 5",
            "smallest_group: {kinds: [], columns: [source.shop.hr.staff.STAFF_NO]}",
            Severity.NOTE,
        ),
        ("having count(distinct office) >= 5", "", Severity.WARN),
        (
            "having count(distinct staff_no) >= 5",
            "policy: {safe: {statistic: {salary: error}}}",
            Severity.ERROR,
        ),
    ],
)
def test_enough_people_make_a_note_of_a_warning(
    findings_of: FindingsOf, having: str, policy: str, severity: Severity
) -> None:
    assert _mean(findings_of, having, policy=policy).severity is severity


def test_a_kind_that_isn_t_restricted_was_a_note_anyway(findings_of: FindingsOf) -> None:
    assert _mean(findings_of, "", "age").severity is Severity.NOTE


def test_a_baseline_of_demanded_groups_doesn_t_cover_the_number_without_them(
    findings_of: FindingsOf,
) -> None:
    with_floor = _mean(findings_of, "having count(distinct staff_no) >= 5").flows
    without = _mean(findings_of, "").flows
    assert {flow.id for flow in with_floor}.isdisjoint(flow.id for flow in without)
