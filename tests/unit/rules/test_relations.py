"""Relations that are read or written past dbt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from pii_lint.config import load_config
from pii_lint.data.registry import load_registry
from pii_lint.findings import Finding, Persona, Severity
from pii_lint.pipeline import check as checking
from pii_lint.propagation.link import trace
from pii_lint.rules import Facts

Files = Mapping[str, str]
FactsOf = Callable[[Files], Facts]
FindingsOf = Callable[[Files], list[Finding]]

STAGING = "models/staging/stg_customers.sql"
INTERMEDIATE = "models/intermediate/int_customers.sql"
CUSTOMERS = "{{ source('raw', 'customers') }}"


def of(findings: list[Finding], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


# --- SRC001 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "flagged"),
    [
        ("select country from shop.raw.customers", True),
        ('select country from "raw"."customers"', True),
        ("select country from RAW.Customers as c", True),
        ("select country from shop.raw.customers, somewhere.else_", True),
        (f"select country from {CUSTOMERS}", False),
        (f"select country from {CUSTOMERS} union all select country from raw.customers", False),
        ("with customers as (select 1 as country) select country from customers", False),
        ("select country from nowhere.at_all", False),
        ("select country, 1 as n -- from raw.customers", False),
    ],
)
def test_a_relation_of_the_project_is_named_by_ref_or_source(
    findings_of: FindingsOf, query: str, flagged: bool
) -> None:
    assert bool(of(findings_of({STAGING: query}), "SRC001")) == flagged


def test_a_hard_coded_name_is_shown_where_it_stands(findings_of: FindingsOf) -> None:
    query = (
        "-- from raw.customers\nselect 'from raw.customers' as a, country\nfrom shop.raw.customers"
    )
    (found,) = of(findings_of({STAGING: query}), "SRC001")
    assert found.location is not None
    assert (found.location.line, found.location.col) == (3, 6)
    assert "`raw.customers`" in found.message


def test_a_model_named_by_hand_is_found_and_its_own_relation_is_not(
    findings_of: FindingsOf,
) -> None:
    files = {
        STAGING: f"select country from {CUSTOMERS}",
        INTERMEDIATE: (
            "select country from stg_customers union all select country from int_customers"
        ),
    }
    (found,) = of(findings_of(files), "SRC001")
    assert "`stg_customers`" in found.message
    assert "`int_customers` by name" not in found.message


def with_nodes(facts: Facts, **changed: Mapping[str, object]) -> Facts:
    """The same project, with some of its nodes changed."""
    (project,) = facts.projects
    nodes = dict(project.nodes)
    for name, change in changed.items():
        uid = f"model.shop.{name}"
        nodes[uid] = replace(nodes[uid], **change)
    project = replace(project, nodes=nodes)
    config = load_config()
    inventory = trace([project], config, load_registry())
    return Facts((project,), config, facts.policy, facts.registry, inventory, facts.today)


def test_what_dbt_wrote_into_a_model_is_nobody_s_hard_coded_name(facts_of: FactsOf) -> None:
    files = {
        STAGING: f"select country from {CUSTOMERS}",
        INTERMEDIATE: (
            'with __dbt__cte__stg as (select country from "shop"."raw"."customers")\n'
            "select country from __dbt__cte__stg"
        ),
    }
    depends = {"depends_on": ("model.shop.stg_customers",)}
    facts = with_nodes(
        facts_of(files), stg_customers={"materialized": "ephemeral"}, int_customers=depends
    )
    assert of(list(checking.findings_of(facts)), "SRC001") == []


def test_a_stand_in_under_the_very_name_of_a_source_is_no_second_relation(
    facts_of: FactsOf,
) -> None:
    files = {STAGING: f"select country from {CUSTOMERS}", INTERMEDIATE: "select 1 as country"}
    stand_in = {"relation_name": '"shop"."raw"."customers"', "resource_type": "seed"}
    facts = with_nodes(facts_of(files), int_customers=stand_in)
    assert "model.shop.int_customers" in facts.inventory.relations["model.shop.stg_customers"].reads
    assert of(list(checking.findings_of(facts)), "SRC001") == []


def test_what_another_model_s_hook_reads_isn_t_read_by_its_target(findings_of: FindingsOf) -> None:
    hook = "insert into shop.main.int_customers select country from shop.raw.customers"
    files = {
        STAGING: f"""{{{{ config(post_hook="{hook}") }}}} select country from {CUSTOMERS}""",
        INTERMEDIATE: "select country from {{ ref('stg_customers') }}",
    }
    assert of(findings_of(files), "SRC001") == []


# --- SRC002 -----------------------------------------------------------------------------------


def hooked(hook: str) -> dict[str, str]:
    return {STAGING: f"""{{{{ config(post_hook="{hook}") }}}} select country from {CUSTOMERS}"""}


OPEN = "{{% for n in names %}}{};{{% endfor %}}"


@pytest.mark.parametrize(
    ("hook", "severity", "said"),
    [
        ("insert into audit.log select email from raw.customers", Severity.ERROR, "contact.email"),
        ("insert into audit.log select md5(email) from raw.customers", Severity.ERROR, "(weak)"),
        ("create table audit.copy as select * from raw.customers", Severity.ERROR, "contact.phone"),
        ("copy (select phone from raw.customers) to 'a.csv'", Severity.ERROR, "into a file"),
        ("copy raw.customers to 'a.csv'", Severity.ERROR, "into a file"),
        ("insert into raw.logins select email from raw.customers", Severity.ERROR, "the source"),
        ("update audit.log set a = (select x from nowhere.at_all)", Severity.WARN, "followed"),
        ("copy audit.log from 'a.csv'", Severity.WARN, "can't be followed"),
        ("insert into audit.log values (1, 'built')", Severity.NOTE, "nothing personal"),
        ("insert into audit.log select count(email) from raw.customers", Severity.NOTE, "nothing"),
        ("delete from audit.log", Severity.NOTE, "nothing personal"),
        (
            OPEN.format("insert into main.{{ n }} select email from raw.customers"),
            Severity.ERROR,
            "contact.email (clear) into a relation that is named only when dbt runs",
        ),
        (OPEN.format("insert into {{ n }} values (1)"), Severity.NOTE, "named only when dbt"),
        (OPEN.format("update {{ n }} set a = b"), Severity.WARN, "can't be followed"),
    ],
)
def test_a_hook_that_writes_past_dbt_is_judged_by_what_it_writes(
    findings_of: FindingsOf, hook: str, severity: Severity, said: str
) -> None:
    (found,) = of(findings_of(hooked(hook)), "SRC002")
    assert (found.severity, said in found.message) == (severity, True), found.message
    wanted = Persona.PEDANTIC if severity == Severity.NOTE else Persona.DEFAULT
    assert found.persona == wanted


@pytest.mark.parametrize(
    "hook",
    [
        "insert into shop.main.stg_customers select country from raw.customers",
        "grant select on shop.main.stg_customers to analyst",
        "create temporary table t as select email from raw.customers",
        "create temp table t as select email from raw.customers; insert into t select 'a'",
        "create table audit.log (id integer)",
        "analyze",
    ],
)
def test_a_hook_that_stays_within_writes_nothing_outside(
    findings_of: FindingsOf, hook: str
) -> None:
    assert of(findings_of(hooked(hook)), "SRC002") == []


def test_no_file_name_of_a_hook_is_echoed(findings_of: FindingsOf) -> None:
    hook = "copy (select email from raw.customers) to 'canary-7734.csv'"
    assert "canary" not in repr(of(findings_of(hooked(hook)), "SRC002"))


def test_a_model_over_a_source_s_relation_is_told(facts_of: FactsOf) -> None:
    facts = facts_of({STAGING: "select 1 as country", INTERMEDIATE: "select 1 as country"})
    over = {"relation_name": '"shop"."raw"."customers"'}
    facts = with_nodes(facts, stg_customers=over)
    (found,) = of(list(checking.findings_of(facts)), "SRC002")
    assert found.node == "model.shop.stg_customers"
    assert "`raw.customers`" in found.message
