"""Personal data where nobody looks: seeds, unit tests, SQL, failures, snapshots, comments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from pii_lint.artifacts.model import Node, Sample
from pii_lint.data.values import looks_real, luhn, mod97
from pii_lint.findings import Confidence, Finding, Persona, Severity
from pii_lint.pipeline import check as checking
from pii_lint.propagation.link import trace
from pii_lint.rules import Facts

Files = Mapping[str, str]
FactsOf = Callable[[Files], Facts]
FindingsOf = Callable[[Files], list[Finding]]

STAGING = "models/staging/stg.sql"
CUSTOMERS = "{{ source('raw', 'customers') }}"
CLEAN = {STAGING: f"select country from {CUSTOMERS}"}


def of(findings: list[Finding], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


# --- what looks real --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("write to erika.roe@gmail.com today", ["contact.email"]),
        ("ERIKA.ROE@GMAIL.COM,erika@posteo.de", ["contact.email", "contact.email"]),
        ("erika@example.com erika@mail.example.org erika@shop.test x@acme.com", []),
        ("noreply@gmail.com git@github.com loader@p1.iam.gserviceaccount.com", []),
        ("canary.erika@gmail.com", []),
        ("a@b, @stage/path, user@host", []),
        ("ssn 212-73-4451", ["government.ssn"]),
        ("123-45-6789 078-05-1120 000-12-3456 666-12-3456 900-12-3456 123-00-4567", []),
        ("2026-01-02 1-212-73-4451 555-0100 212-73-44519", []),
        ("DE12 5001 0517 0648 4898 90", ["financial.iban"]),
        ("DE12500105170648489890", ["financial.iban"]),
        ("DE12500105170648489891 DE89370400440532013000", []),
        ("4539578763621486", ["financial.card_number"]),
        ("4539 5787 6362 1486", ["financial.card_number"]),
        ("4539578763621487 4242424242424242 4111-1111-1111-1111", []),
        ("1672531200000000 00000000-0000-4000-8001-000000000001 14539578763621486", []),
    ],
)
def test_what_looks_real_is_told_from_what_is_made_up(text: str, kinds: list[str]) -> None:
    assert [hit.kind for hit in looks_real(text)] == kinds


def test_check_digits() -> None:
    assert luhn("4539 5787 6362 1486")
    assert not luhn("4539 5787 6362 1485")
    assert mod97("DE12 5001 0517 0648 4898 90")
    assert not mod97("DE21 5001 0517 0648 4898 90")


@pytest.mark.parametrize("piece", ["a", "a.", "1-1 ", "DE11 1111", "4539 ", "a@a."])
def test_a_text_made_to_slow_the_search_down_doesn_t(piece: str) -> None:
    assert list(looks_real(piece * 20_000)) == []


# --- DAT001 -----------------------------------------------------------------------------------


def test_a_seed_with_real_looking_data_is_told_by_line_and_never_quoted(
    findings_of: FindingsOf,
) -> None:
    rows = "id,contact\n1,ann@example.com\n2,erika.roe@gmail.com\n3,max@posteo.de\n"
    (found,) = of(findings_of({**CLEAN, "seeds/raw/people.csv": rows}), "DAT001")
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("seeds/raw/people.csv", 3)
    assert found.location.kind == "data"
    assert "contact.email (2)" in found.message
    assert "erika" not in repr(found)


def test_seeds_stand_where_the_project_says(findings_of: FindingsOf) -> None:
    files = {
        **CLEAN,
        "dbt_project.yml": "name: shop\nseed-paths: [data]\n",
        "data/a.csv": "x\nmax@posteo.de\n",
        "seeds/b.csv": "x\nmax@posteo.de\n",
    }
    found = of(findings_of(files), "DAT001")
    assert [finding.node for finding in found] == ["data/a.csv"]


@pytest.mark.parametrize(
    ("query", "flagged"),
    [
        ("select 'erika.roe@gmail.com' as a", True),
        ("select 1 as a -- ask erika.roe@gmail.com", True),
        ("select 'erika@example.com' as a", False),
        ("select '%@gmail.com' as a", False),
    ],
)
def test_compiled_sql_is_searched(findings_of: FindingsOf, query: str, flagged: bool) -> None:
    found = of(findings_of({STAGING: query}), "DAT001")
    assert [f.node for f in found] == ["model.shop.stg"] * flagged
    assert "erika" not in repr(found)


def changed(facts: Facts, **change: object) -> Facts:
    """The same facts with a changed project, traced anew."""
    (project,) = facts.projects
    project = replace(project, **change)  # type: ignore[arg-type]
    inventory = trace([project], facts.config, facts.registry)
    return replace(facts, projects=(project,), inventory=inventory)


def test_an_ephemeral_model_answers_for_its_own_literals(facts_of: FactsOf) -> None:
    text = "select 'erika.roe@gmail.com' as a"
    facts = facts_of({STAGING: f"with e as ({text}) select a from e"})
    node = replace(facts.projects[0].nodes["model.shop.stg"], injected_ctes=(f"e as ({text})",))
    facts = changed(facts, nodes={**facts.projects[0].nodes, node.unique_id: node})
    assert of(list(checking.findings_of(facts)), "DAT001") == []


def test_another_project_s_sql_is_its_own_concern(facts_of: FactsOf) -> None:
    facts = facts_of({STAGING: "select 'erika.roe@gmail.com' as a"})
    node = replace(facts.projects[0].nodes["model.shop.stg"], package="dbt_utils")
    facts = changed(facts, nodes={**facts.projects[0].nodes, node.unique_id: node})
    assert of(list(checking.findings_of(facts)), "DAT001") == []


def test_fixtures_and_expectations_of_unit_tests_are_searched(facts_of: FactsOf) -> None:
    name, path = "unit_test.shop.stg.keeps", "models/staging/stg.yml"
    samples = (
        Sample(name, path, "fixture", "1\nerika.roe@gmail.com"),
        Sample(name, path, "expectation", "ann@example.com"),
        Sample("unit_test.shop.stg.other", path, "expectation", "212-73-4451"),
    )
    found = of(list(checking.findings_of(changed(facts_of(CLEAN), samples=samples))), "DAT001")
    assert sorted((f.node, f.column) for f in found) == [
        (name, "fixture"),
        ("unit_test.shop.stg.other", "expectation"),
    ]


# --- DAT002 -----------------------------------------------------------------------------------


def stored(sql: str | None, schema: str = "dbt_test__audit") -> Node:
    return Node(
        unique_id="test.shop.no_bad_rows",
        resource_type="test",
        name="no_bad_rows",
        package="shop",
        path="models/marts/safe/fct.yml",
        database="shop",
        schema=schema,
        relation_name=f'"shop"."{schema}"."no_bad_rows"',
        compiled_code=sql,
        depends_on=("source.shop.raw.customers",),
    )


@pytest.mark.parametrize(
    ("sql", "severity", "confidence"),
    [
        ("select email from shop.raw.customers", Severity.WARN, Confidence.HIGH),
        ("select md5(email) from shop.raw.customers", Severity.WARN, Confidence.HIGH),
        ("select * from shop.raw.customers", Severity.WARN, Confidence.HIGH),
        (None, Severity.WARN, Confidence.MEDIUM),
        ("select country, count(*) from shop.raw.customers group by 1", None, None),
        ("select customer_id from shop.raw.customers where email is null", None, None),
    ],
)
def test_stored_failures_are_judged_by_what_the_test_selects(
    facts_of: FactsOf, sql: str | None, severity: Severity | None, confidence: Confidence | None
) -> None:
    facts = changed(facts_of(CLEAN), stored_tests={"test.shop.no_bad_rows": stored(sql)})
    found = of(list(checking.findings_of(facts)), "DAT002")
    assert [(f.severity, f.confidence) for f in found] == (
        [(severity, confidence)] if severity else []
    )


def test_failures_in_a_zone_for_cleared_readers_are_at_home(facts_of: FactsOf) -> None:
    zones = "version: 1\nzones: {restricted: {schemas: [audit_*]}}\n"
    test = stored("select email from shop.raw.customers", schema="audit_tests")
    facts = changed(facts_of({**CLEAN, "pii_lint.yml": zones}), stored_tests={test.unique_id: test})
    assert of(list(checking.findings_of(facts)), "DAT002") == []


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("income", (Severity.WARN, Persona.DEFAULT)),
        ("email", (Severity.NOTE, Persona.PEDANTIC)),
        ("{{ hash_pii('income') }} as income", None),
        ("country", None),
    ],
)
def test_a_snapshot_of_restricted_data_is_everybody_s_business(
    findings_of: FindingsOf, column: str, told: tuple[Severity, Persona] | None
) -> None:
    found = of(
        findings_of({"snapshots/history.sql": f"select {column} from {CUSTOMERS}"}), "DAT002"
    )
    assert [(f.severity, f.persona) for f in found] == ([told] if told else [])


def test_a_description_that_goes_into_the_warehouse_is_searched(facts_of: FactsOf) -> None:
    facts = facts_of(CLEAN)
    node = facts.projects[0].nodes["model.shop.stg"]
    for text, flagged in (("such as max@posteo.de", True), ("such as max@example.com", False)):
        persisted = replace(node, persisted=(("", "People."), ("country", text)))
        nodes = {**facts.projects[0].nodes, node.unique_id: persisted}
        found = of(list(checking.findings_of(changed(facts, nodes=nodes))), "DAT002")
        assert bool(found) == flagged
        assert "posteo" not in repr(found)
