"""Whether tags say what stands there: at sources, and at the columns made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pii_lint.findings import Finding, Persona, Severity

Files = Mapping[str, str]
FindingsOf = Callable[[Files], list[Finding]]

MART = "models/marts/restricted/mart_contact.sql"
CUSTOMERS = "{{ source('raw', 'customers') }}"


def of(findings: list[Finding], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


def leads(*columns: str) -> dict[str, str]:
    return {
        "models/raw/src_crm.yml": (
            "sources: [{name: crm, tables: [{name: leads, columns: [" + ", ".join(columns) + "]}]}]"
        )
    }


# --- TAG001 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "severity", "persona"),
    [
        ("{name: email_address}", Severity.WARN, Persona.DEFAULT),
        ("{name: fax}", Severity.WARN, Persona.DEFAULT),
        ("{name: login}", Severity.NOTE, Persona.PEDANTIC),
        ("{name: email_hash}", Severity.NOTE, Persona.PEDANTIC),
    ],
)
def test_the_surer_a_name_is_the_louder_it_is_said(
    findings_of: FindingsOf, column: str, severity: Severity, persona: Persona
) -> None:
    (found,) = of(findings_of(leads(column)), "TAG001")
    assert (found.severity, found.persona) == (severity, persona)


@pytest.mark.parametrize(
    "column",
    [
        "{name: email_address, tags: [pii]}",
        "{name: email_address, meta: {pii_type: email}}",
        "{name: email_address, meta: {pii: false}}",
        "{name: email_sent_at}",
        "{name: has_phone}",
        "{name: lead_id}",
    ],
)
def test_a_tagged_a_reviewed_or_a_harmless_name_is_let_alone(
    findings_of: FindingsOf, column: str
) -> None:
    assert of(findings_of(leads(column)), "TAG001") == []


def test_the_policy_file_tags_and_declares_clean_too(findings_of: FindingsOf) -> None:
    files = leads("{name: email}", "{name: phone}", "{name: fax}")
    labels = "version: 1\nlabels: {source.shop.crm.leads: {email: email, phone: false}}\n"
    found = of(findings_of({**files, "pii_lint.yml": labels}), "TAG001")
    assert [finding.column for finding in found] == ["fax"]


def test_a_column_that_only_a_query_names_counts(findings_of: FindingsOf) -> None:
    query = "select l.phone, lead_id from {{ source('crm', 'leads') }} as l where l.email <> ''"
    files = {**leads("{name: lead_id}"), "models/staging/stg_leads.sql": query}
    found = of(findings_of(files), "TAG001")
    assert [(f.node, f.column) for f in found] == [
        ("source.shop.crm.leads", "email"),
        ("source.shop.crm.leads", "phone"),
    ]


def test_a_model_s_own_column_is_no_source(findings_of: FindingsOf) -> None:
    files = {"models/staging/stg.sql": f"select country as email from {CUSTOMERS}"}
    assert of(findings_of(files), "TAG001") == []


@pytest.mark.parametrize(
    ("column", "flagged"),
    [
        ("{name: payload}", True),
        ("{name: payload, meta: {pii: false}}", False),
        ("{name: payload, meta: {pii_keys: [phone]}}", False),
        ("{name: payload, tags: [pii]}", False),
    ],
)
def test_a_personal_key_of_a_json_column_is_named(
    findings_of: FindingsOf, column: str, flagged: bool
) -> None:
    query = "select payload -> 'buyer' ->> 'email' as a from {{ source('crm', 'leads') }}"
    found = of(findings_of({**leads(column), "models/staging/stg.sql": query}), "TAG001")
    assert ["key `email` in column `payload`" in f.message for f in found] == [True] * flagged


def test_a_key_is_found_where_a_model_hands_the_document_on(findings_of: FindingsOf) -> None:
    files = {
        **leads("{name: payload}"),
        "models/staging/stg.sql": "select payload as doc from {{ source('crm', 'leads') }}",
        "models/intermediate/int.sql": "select doc ->> 'phone' as a from {{ ref('stg') }}",
    }
    (found,) = of(findings_of(files), "TAG001")
    assert (found.node, found.column) == ("model.shop.stg", "doc")


def test_a_key_that_is_no_known_word_isn_t_quoted(findings_of: FindingsOf) -> None:
    query = "select payload ->> 'email of canary 7735' as a from {{ source('crm', 'leads') }}"
    files = {**leads("{name: payload}"), "models/staging/stg.sql": query}
    (found,) = of(findings_of(files), "TAG001")
    assert "A key in column `payload`" in found.message
    assert "canary" not in repr(found)


def test_a_harmless_key_is_let_alone(findings_of: FindingsOf) -> None:
    query = "select payload ->> 'order_id' as a from {{ source('crm', 'leads') }}"
    files = {**leads("{name: payload}"), "models/staging/stg.sql": query}
    assert of(findings_of(files), "TAG001") == []


# --- TAG002 -----------------------------------------------------------------------------------


def described(*columns: str) -> str:
    return "models: [{name: mart_contact, columns: [" + ", ".join(columns) + "]}]"


@pytest.mark.parametrize(
    ("query", "column", "said"),
    [
        ("email", "{name: other}", "doesn't declare it"),
        ("md5(email) as email", "{name: email}", "doesn't declare it"),
        ("left(email, 2) as email", "{name: email}", "doesn't declare it"),
        ("email", "{name: EMAIL, meta: {pii: false}}", "not personal"),
        ("email", "{name: email, tags: [pii], meta: {pii_type: phone}}", None),
        ("email", "{name: email, tags: [pii], meta: {pii_type: ssn}}", "declares only government"),
        ("email", "{name: email, tags: [pii]}", None),
        ("email", "{name: email, meta: {pii_type: personal_data}}", None),
        ("{{ hash_pii('email') }} as email", "{name: email}", None),
        ("country as email", "{name: email}", None),
        ("count(email) as email", "{name: email}", None),
    ],
)
def test_a_made_column_should_declare_what_it_holds(
    findings_of: FindingsOf, query: str, column: str, said: str | None
) -> None:
    files = {
        MART: f"select {query} from {CUSTOMERS}",
        MART.replace(".sql", ".yml"): described(column),
    }
    found = of(findings_of(files), "TAG002")
    assert [said in f.message for f in found if said] == ([True] if said else [])
    assert bool(found) == bool(said)


def test_everybody_hears_of_a_denial_and_only_the_pedantic_of_an_omission(
    findings_of: FindingsOf,
) -> None:
    files = {
        MART: f"select email, phone from {CUSTOMERS}",
        MART.replace(".sql", ".yml"): described("{name: phone, meta: {pii: false}}"),
    }
    assert [(f.column, f.severity, f.persona) for f in of(findings_of(files), "TAG002")] == [
        ("email", Severity.NOTE, Persona.PEDANTIC),
        ("phone", Severity.WARN, Persona.DEFAULT),
    ]


def test_a_leak_isn_t_asked_to_declare_itself(findings_of: FindingsOf) -> None:
    files = {"models/marts/safe/fct.sql": f"select email from {CUSTOMERS}"}
    assert of(findings_of(files), "TAG002") == []


# --- TAG003 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "column", "said"),
    [
        ("'n/a' as a", "{name: a, tags: [pii]}", "provably holds no personal value"),
        ("count(email) as a", "{name: a, tags: [pii]}", "provably holds no personal value"),
        ("email as b", "{name: a, tags: [pii]}", "isn't among its columns"),
        ("email as a", "{name: a, tags: [pii]}", None),
        ("'n/a' as a", "{name: a}", None),
        ("'n/a' as a", "{name: a, tags: [pii], meta: {pii: false}}", None),
        # nobody tagged it at the source, so this tag is where the label is born
        ("customer_id as a", "{name: a, tags: [pii]}", None),
        ("email as a", "{name: a, meta: {pii_type: email, pii_form: weak}}", "as weak and holds"),
        ("md5(email) as a", "{name: a, meta: {pii_type: email, pii_form: weak}}", None),
        ("md5(email) as a", "{name: a, meta: {pii_type: email, pii_form: clear}}", None),
        (
            "left(email, 1) as a",
            "{name: a, meta: {pii_type: email, pii_form: pseudonym}}",
            "as pseudonym and holds contact.email (partial)",
        ),
        ("{{ hash_pii('email') }} as a", "{name: a, tags: [pii], meta: {pii_form: clear}}", None),
    ],
)
def test_a_tag_has_to_be_true(
    findings_of: FindingsOf, query: str, column: str, said: str | None
) -> None:
    files = {
        MART: f"select {query} from {CUSTOMERS}",
        MART.replace(".sql", ".yml"): described(column),
    }
    found = of(findings_of(files), "TAG003")
    assert [said in f.message for f in found if said] == ([True] if said else [])
    assert bool(found) == bool(said)


def test_a_field_of_a_struct_is_named_by_its_path(findings_of: FindingsOf) -> None:
    files = {
        MART: f"select {{'mail': email}} as person from {CUSTOMERS}",
        MART.replace(".sql", ".yml"): described("{name: person.mail, meta: {pii_type: email}}"),
    }
    found = findings_of(files)
    assert of(found, "TAG003") == of(found, "TAG002") == []


def test_what_can_t_be_seen_isn_t_called_clean(findings_of: FindingsOf) -> None:
    files = {
        MART: "select a from nowhere.at_all",
        MART.replace(".sql", ".yml"): described("{name: a, tags: [pii]}", "{name: b, tags: [pii]}"),
    }
    assert [f.column for f in of(findings_of(files), "TAG003")] == ["b"]
    files[MART] = "select * from nowhere.at_all"
    assert of(findings_of(files), "TAG003") == []
