"""What the rules say of small projects; the negative case stands beside the positive one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pii_lint.data.registry import load_registry
from pii_lint.findings import Finding, Severity
from pii_lint.labels import Form, Label, Origin
from pii_lint.pipeline import check as checking
from pii_lint.propagation.inventory import Span
from pii_lint.rules import RULES, Facts, Rule
from pii_lint.rules._approvals import as_date, sign_off
from pii_lint.rules.pages import main as write_pages
from pii_lint.rules.pages import pages

Files = Mapping[str, str]
FactsOf = Callable[[Files], Facts]
FindingsOf = Callable[[Files], list[Finding]]

SAFE = "models/marts/safe/fct_reach.sql"
REACH = "model.shop.fct_reach"
EMAIL = "source.shop.raw.customers.email"
LEAK = {SAFE: "select customer_id, email from {{ source('raw', 'customers') }}"}
MASKED = {
    SAFE: "select {{ hash_pii('email') }} as email_hash from {{ source('raw', 'customers') }}"
}


def codes(findings: list[Finding], column: str | None = None) -> list[str]:
    return sorted(f.code for f in findings if column in (None, f.column))


def one(findings: list[Finding], code: str) -> Finding:
    found = [finding for finding in findings if finding.code == code]
    assert len(found) == 1, found
    return found[0]


# --- what a rule declares ---------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_explains_itself(rule: Rule) -> None:
    assert 0 < len(rule.summary) <= 80
    assert rule.summary.endswith(".")
    assert rule.why
    assert rule.fix
    assert {example.flagged for example in rule.examples} == {True, False}
    assert rule.severity != Severity.OFF


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)


def test_the_pages_in_docs_say_what_the_rules_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[3])
    assert write_pages(["--check"]) == 0


def test_an_edited_a_missing_and_a_forgotten_page_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert write_pages([]) == 0
    assert write_pages(["--check"]) == 0
    edited, missing, *_ = pages()
    edited.write_text("other", "utf-8")
    missing.unlink()
    forgotten = edited.with_name("OLD001.md")
    forgotten.write_text("old", "utf-8")
    assert write_pages(["--check"]) == 1
    told = capsys.readouterr().err
    assert [str(path) in told for path in (edited, missing, forgotten)] == [True, True, True]
    assert write_pages([]) == 0
    assert not forgotten.exists()


# --- readable data ----------------------------------------------------------------------------


def test_a_leak_tells_the_column_the_origin_and_every_step(findings_of: FindingsOf) -> None:
    files = {
        "models/staging/stg_customers.sql": (
            "select customer_id, lower(email) as mail from {{ source('raw', 'customers') }}"
        ),
        SAFE: "select customer_id, mail as contact from {{ ref('stg_customers') }}",
    }
    leak = one(findings_of(files), "PII001")
    assert (leak.node, leak.column, leak.zone) == (REACH, "contact", "safe")
    assert "contact.email (clear)" in leak.message
    (flow,) = leak.flows
    assert (flow.origin, flow.kind, flow.form) == (EMAIL, "contact.email", "clear")
    assert [(step.node, step.column) for step in flow.steps] == [
        ("source.shop.raw.customers", "email"),
        ("model.shop.stg_customers", "mail"),
        (REACH, "contact"),
    ]
    assert flow.steps[0].op == "origin"
    assert "lower(email)" in flow.steps[1].expression


def test_one_finding_a_column_holds_every_origin(findings_of: FindingsOf) -> None:
    leak = one(
        findings_of({SAFE: "select email || phone as both from {{ source('raw', 'customers') }}"}),
        "PII001",
    )
    assert sorted(flow.kind for flow in leak.flows) == ["contact.email", "contact.phone"]


def test_ids_don_t_depend_on_where_in_the_file_it_stands(findings_of: FindingsOf) -> None:
    moved = {SAFE: LEAK[SAFE].replace("select ", "select\n\n\n    ")}
    before, after = one(findings_of(LEAK), "PII001"), one(findings_of(moved), "PII001")
    assert (before.id, before.flows[0].id) == (after.id, after.flows[0].id)


def test_another_column_origin_or_form_is_another_flow(findings_of: FindingsOf) -> None:
    queries = ["email", "email as mail", "phone as email", "left(email, 1) as email"]
    flows = [
        one(
            findings_of({SAFE: f"select {query} from {{{{ source('raw', 'customers') }}}}"}),
            "PII001",
        ).flows[0]
        for query in queries
    ]
    assert len({flow.id for flow in flows}) == len(queries)


def test_no_literal_of_the_sql_is_echoed(findings_of: FindingsOf) -> None:
    files = {
        SAFE: "select replace(email, 'canary-7731', '') as email /* canary-7732 */ "
        "from {{ source('raw', 'customers') }} -- canary-7733"
    }
    assert "PII001" in codes(findings_of(files))
    assert "canary" not in repr(findings_of(files))


def test_a_span_is_read_in_the_manifest_that_it_belongs_to(facts_of: FactsOf) -> None:
    facts, other = facts_of({SAFE: "select 1 as one"}), facts_of({SAFE: "select 2 as other"})
    both = replace(facts, projects=(*facts.projects, *other.projects)).places
    assert both.excerpt(REACH, Span(9, 17)) == "? as one"
    assert both.excerpt(REACH, Span(9, 17, manifest=1)) == "? as other"


def test_a_model_outside_every_zone_warns(findings_of: FindingsOf) -> None:
    unzoned = {"models/other/people.sql": LEAK[SAFE]}
    leak = one(findings_of(unzoned), "PII001")
    assert (leak.severity, leak.zone) == (Severity.WARN, None)


def test_staging_may_hold_readable_data_until_the_policy_forbids_it(
    findings_of: FindingsOf,
) -> None:
    files = {"models/staging/stg_customers.sql": LEAK[SAFE]}
    assert not {"PII001", "STG002"} & set(codes(findings_of(files)))
    strict = {**files, "pii_lint.yml": "version: 1\npolicy: {staging: {clear: error}}\n"}
    assert codes(findings_of(strict), "email") == ["STG002"]


def test_the_project_sets_a_rule_s_severity_or_switches_it_off(findings_of: FindingsOf) -> None:
    warned = {**LEAK, "pii_lint.yml": "version: 1\nrules: {PII001: warn}\n"}
    assert one(findings_of(warned), "PII001").severity == Severity.WARN
    silent = {**LEAK, "pii_lint.yml": "version: 1\nrules: {PII001: off}\n"}
    assert "PII001" not in codes(findings_of(silent))


# --- masks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("md5(email)", "has no key"),
        ("sha256(email || 'a-salt-in-code')", "literal in the SQL"),
        (
            """md5(coalesce(email, (select salt from {{ source('secrets', 'pii_salt') }})))""",
            "isn't mixed in whole",
        ),
        ("{{ hash_pii('email') }} || email", "its plain value stands beside it"),
        ("coalesce({{ hash_pii('email') }}, email)", "only some of its rows or branches"),
        ("case when country = 'FR' then md5(email) else email end", "only some of its rows"),
        ("{{ hash_pii('income') }}", "so few values are likely"),
    ],
)
def test_a_mask_that_is_none_says_why(findings_of: FindingsOf, query: str, reason: str) -> None:
    found = findings_of({SAFE: f"select {query} as h from {{{{ source('raw', 'customers') }}}}"})
    assert reason in one(found, "PII002").message


def test_a_keyed_digest_is_a_pseudonym_and_no_weak_mask(findings_of: FindingsOf) -> None:
    assert codes(findings_of(MASKED), "email_hash") == ["PII008"]
    assert one(findings_of(MASKED), "PII008").severity == Severity.NOTE


def test_a_weak_mask_far_upstream_is_still_explained(findings_of: FindingsOf) -> None:
    files = {
        "models/staging/stg_customers.sql": (
            "select sha256('a-salt-in-code' || email) as h from {{ source('raw', 'customers') }}"
        ),
        SAFE: "select h as h2 from {{ ref('stg_customers') }}",
    }
    safe = [f for f in findings_of(files) if f.code == "PII002" and f.zone == "safe"]
    assert "literal in the SQL" in safe[0].message


def test_literal_keys_are_let_pass_while_the_policy_says_so(findings_of: FindingsOf) -> None:
    query = "select sha256(email || 'a-salt-in-code') as h from {{ source('raw', 'customers') }}"
    leave = "version: 1\nallow_literal_keys: {reason: throwaway data, until: 2026-11-22}\n"
    for policy, lets_pass in ((leave, True), (leave.replace("11-22", "11-21"), False)):
        found = findings_of({SAFE: query, "pii_lint.yml": policy})
        for code in ("SEC001", "PII002"):
            assert (one(found, code).suppressed is not None) == lets_pass


def test_a_literal_beside_no_personal_value_is_no_salt(findings_of: FindingsOf) -> None:
    query = "select md5(country || 'no-secret-at-all') as k from {{ source('raw', 'customers') }}"
    assert "SEC001" not in codes(findings_of({SAFE: query}))


# --- lost sight -------------------------------------------------------------------------------


def test_a_relation_that_can_t_be_read_is_one_finding(findings_of: FindingsOf) -> None:
    lost = one(findings_of({SAFE: "select a, b, c from nowhere.at_all"}), "PII003")
    assert (lost.column, lost.severity) == ("*", Severity.ERROR)
    assert "nowhere" in lost.message


def test_one_lost_column_among_others_is_named(findings_of: FindingsOf) -> None:
    query = (
        "select c.customer_id, (select max(n.x) from nowhere.at_all as n) as lost "
        "from {{ source('raw', 'customers') }} as c"
    )
    assert one(findings_of({SAFE: query}), "PII003").column == "lost"


def test_lost_sight_in_a_restricted_mart_is_left_alone(findings_of: FindingsOf) -> None:
    files = {"models/marts/restricted/people.sql": "select a from nowhere.at_all"}
    assert "PII003" not in codes(findings_of(files))


# --- exports ----------------------------------------------------------------------------------

SIGNED: dict[str, object] = {
    "approved_by": "privacy office",
    "approved_on": "2026-01-01",
    "until": "2026-11-22",
    "kinds": ["email"],
    "forms": ["clear"],
}
LABEL = Label(Origin("source.shop.raw.customers", "email"), "contact.email", Form.CLEAR)


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({}, None),
        ({"kinds": "contact"}, None),
        ({"kinds": ["contact", "phone"]}, None),
        ({"until": "2026-11-21"}, "expired on 2026-11-21"),
        ({"until": "2027-11-23"}, "lasts until 2027-11-23, longer than the policy allows"),
        ({"until": None}, "lacks `until`"),
        ({"until": "next year"}, "lacks `until`"),
        ({"approved_by": " "}, "lacks `approved_by`"),
        ({"approved_by": None, "approved_on": None}, "lacks `approved_by` and `approved_on`"),
        ({"approved_on": "2026-12-01"}, "starts only on 2026-12-01"),
        ({"kinds": ["phone"]}, "doesn't cover the kind contact.email"),
        ({"kinds": []}, "lacks `kinds`"),
        ({"forms": ["pseudonym"]}, "in the form clear"),
        ({"forms": {}}, "lacks `forms`"),
    ],
)
def test_a_sign_off_covers_what_it_names_while_it_lasts(
    change: dict[str, object], gap: str | None
) -> None:
    word = sign_off({"sign_off": SIGNED | change}, load_registry())
    assert word is not None
    told = word.gap(LABEL, date(2026, 11, 22), latest=date(2027, 11, 22))
    assert told is None if gap is None else gap in (told or "")


def test_no_sign_off_and_a_senseless_one_are_told_apart() -> None:
    assert sign_off({}, load_registry()) is None
    word = sign_off({"sign_off": "yes"}, load_registry())
    assert word is not None
    assert "lacks" in (word.gap(LABEL, date(2026, 11, 22), latest=date.max) or "")


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-02-03", date(2026, 2, 3)),
        ("2026-02-03T10:00:00", date(2026, 2, 3)),
        (date(2026, 2, 3), date(2026, 2, 3)),
        ("2026-02-30", None),
        ("2026-02-03 or later", None),
        (20260203, None),
        (None, None),
    ],
)
def test_a_day_is_read_or_refused(value: object, day: date | None) -> None:
    assert as_date(value) == day


EXPORT = """
exposures:
  - name: vendor
    type: application
    depends_on: [ref('mart_a'), ref('mart_b')]
"""


def test_an_export_is_judged_by_all_models_under_it(findings_of: FindingsOf) -> None:
    files = {
        "models/marts/restricted/mart_a.sql": "select email from {{ source('raw', 'customers') }}",
        "models/marts/restricted/mart_b.sql": (
            "select {{ hash_pii('email') }} as email, country from {{ source('raw', 'customers') }}"
        ),
        "models/exposures.yml": EXPORT,
    }
    leak = one(findings_of(files), "PII004")
    assert (leak.node, leak.column, leak.zone) == ("exposure.shop.vendor", "email", "export")
    assert sorted(flow.form for flow in leak.flows) == ["clear", "pseudonym"]
    assert {flow.steps[-1].op for flow in leak.flows} == {"export"}
    assert "`mart_a`" in leak.message
    assert "`mart_b`" in leak.message


def test_an_export_of_clean_models_needs_no_sign_off(findings_of: FindingsOf) -> None:
    clean = "select customer_id, country from {{ source('raw', 'customers') }}"
    files = {
        "models/marts/restricted/mart_a.sql": clean,
        "models/marts/restricted/mart_b.sql": clean,
        "models/exposures.yml": EXPORT,
    }
    assert "PII004" not in codes(findings_of(files))


def test_a_model_in_the_export_zone_signs_for_itself(findings_of: FindingsOf) -> None:
    policy = "version: 1\nzones: {export: {paths: [models/reverse_etl]}}\n"
    files = {"models/reverse_etl/push.sql": READABLE, "pii_lint.yml": policy}
    leak = one(findings_of(files), "PII004")
    assert (leak.node, leak.column, leak.zone) == ("model.shop.push", "email", "export")
    described = {"models": [{"name": "push", "meta": {"sign_off": SIGNED}}]}
    files["models/reverse_etl/push.yml"] = json.dumps(described)
    assert "PII004" not in codes(findings_of(files))


# --- layers, stars, tags ----------------------------------------------------------------------


def test_reading_the_salt_is_no_reach_back_to_raw(findings_of: FindingsOf) -> None:
    files = {
        "models/staging/stg_customers.sql": (
            "select customer_id, email from {{ source('raw', 'customers') }}"
        ),
        SAFE: "select {{ hash_pii('email') }} as h from {{ ref('stg_customers') }}",
    }
    assert "LAY001" not in codes(findings_of(files))
    assert "LAY001" in codes(findings_of(MASKED))


def test_a_hard_coded_name_is_a_reach_back_too(findings_of: FindingsOf) -> None:
    found = one(findings_of({SAFE: 'select country from "shop"."raw"."customers"'}), "LAY001")
    assert "`raw.customers`" in found.message


def test_what_an_ephemeral_model_reads_is_its_own_reading(facts_of: FactsOf) -> None:
    inlined = (
        'with __dbt__cte__stg as (select country from "shop"."raw"."customers")\n'
        "select country from __dbt__cte__stg"
    )
    staged = {
        "models/staging/stg.sql": "select country from {{ source('raw', 'customers') }}",
        SAFE: inlined,
    }

    def layers(materialized: str) -> list[str]:
        facts = facts_of(staged)
        nodes = dict(facts.projects[0].nodes)
        nodes["model.shop.stg"] = replace(nodes["model.shop.stg"], materialized=materialized)
        nodes[REACH] = replace(nodes[REACH], depends_on=("model.shop.stg",))
        project = replace(facts.projects[0], nodes=nodes)
        return codes(list(checking.findings_of(replace(facts, projects=(project,)))))

    assert "LAY001" not in layers("ephemeral")
    assert "LAY001" in layers("view")


@pytest.mark.parametrize(
    ("query", "flagged"),
    [
        ("select * from {{ source('raw', 'customers') }}", True),
        ("select c.* from {{ source('raw', 'customers') }} as c", True),
        ("select *, 1 as one from {{ source('raw', 'customers') }}", True),
        ("with s as (select * from {{ source('raw', 'customers') }}) select * from s", True),
        (
            "with s as (select * from {{ source('raw', 'customers') }}), "
            "r as (select country from s) select * from r",
            False,
        ),
        ("select count(*) as n from {{ source('raw', 'customers') }}", False),
    ],
)
def test_a_star_counts_where_it_brings_columns_in(
    findings_of: FindingsOf, query: str, flagged: bool
) -> None:
    found = codes(findings_of({"models/staging/stg.sql": query}))
    assert ("STG001" in found) == flagged


def test_a_star_outside_staging_is_no_concern_of_this_rule(findings_of: FindingsOf) -> None:
    star = "select * from {{ source('raw', 'customers') }}"
    assert "STG001" not in codes(findings_of({"models/marts/restricted/all_of_it.sql": star}))


CONTACT = "models/marts/restricted/mart_contact"
READABLE = "select email from {{ source('raw', 'customers') }}"
CLEAN = "select country from {{ source('raw', 'customers') }}"


@pytest.mark.parametrize(
    ("query", "meta", "said"),
    [
        (READABLE, "", "lacks the node tag"),
        ("{{ config(tags=['pii']) }} " + READABLE, "", None),
        ("{{ config(tags=['pii']) }} " + CLEAN, "", "holds no readable personal data"),
        (CLEAN, "", None),
        ("{{ config(tags=['pii']) }} " + READABLE, "contains_pii: false", "contains_pii: false"),
        (CLEAN, "contains_pii: true", "contains_pii: true"),
        (CLEAN, "contains_pii: false", None),
        (MASKED[SAFE], "contains_pii: true", None),
        ("{{ config(tags=['pii']) }} select x from nowhere.at_all", "", None),
    ],
)
def test_the_node_tag_and_meta_have_to_be_true(
    findings_of: FindingsOf, query: str, meta: str, said: str | None
) -> None:
    files = {
        f"{CONTACT}.sql": query,
        f"{CONTACT}.yml": f"models: [{{name: mart_contact, meta: {{{meta}}}}}]",
    }
    found = [f for f in findings_of(files) if f.code == "TAG004"]
    assert [said in f.message for f in found] == ([] if said is None else [True])


def test_a_leaking_safe_mart_isn_t_asked_for_a_tag_that_would_bless_it(
    findings_of: FindingsOf,
) -> None:
    assert codes(findings_of(LEAK), "*") == ["LAY001"]


def test_a_table_that_only_the_policy_file_can_describe_needs_no_tag(
    findings_of: FindingsOf,
) -> None:
    labels = "version: 1\nlabels: {source.shop.raw.logins: {login: email}}\n"
    assert "TAG004" not in codes(findings_of({SAFE: CLEAN, "pii_lint.yml": labels}))


def test_a_forbidden_kind_is_an_error_at_its_source(findings_of: FindingsOf) -> None:
    policy = "version: 1\nlabels: {source.shop.raw.logins: {login: cvv}}\n"
    found = findings_of({SAFE: CLEAN, "pii_lint.yml": policy})
    assert codes(found, "login") == ["DAT003"]


# --- declassifications ------------------------------------------------------------------------

WORDS = "kinds: [email], reason: Reviewed, by: dpo, until: "


def declared(words: str, kind: str = "pii_declassified") -> Files:
    return {
        **LEAK,
        "models/marts/safe/fct_reach.yml": (
            f"models: [{{name: fct_reach, columns: [{{name: email, meta: {{{kind}: {words}}}}}]}}]"
        ),
    }


def test_a_declassification_suppresses_and_stays_visible(findings_of: FindingsOf) -> None:
    found = findings_of(declared(f"{{{WORDS}'2026-11-22'}}"))
    why = one(found, "PII001").suppressed
    assert why is not None
    assert (why.reason, why.by, why.until) == ("Reviewed", "dpo", "2026-11-22")
    assert "TAG005" not in codes(found)


@pytest.mark.parametrize(
    ("words", "told", "stale"),
    [
        (f"{{{WORDS}'2026-11-21'}}", "expired on 2026-11-21", "expired on 2026-11-21"),
        ("{kinds: [email], until: '2027-01-01'}", "", "lacks `reason`"),
        ("{kinds: [email], reason: Reviewed}", "", "lacks `until`"),
        ("{kinds: [phone], reason: Reviewed, until: '2027-01-01'}", "", "covers nothing"),
        ("true", "", "lacks `kinds`, `reason` and `until`"),
    ],
)
def test_a_bad_declassification_suppresses_nothing_and_is_reported(
    findings_of: FindingsOf, words: str, told: str, stale: str
) -> None:
    found = findings_of(declared(words))
    leak = one(found, "PII001")
    assert leak.suppressed is None
    assert told in leak.message
    assert stale in one(found, "TAG005").message


def test_the_policy_file_declassifies_too(findings_of: FindingsOf) -> None:
    policy = f"""
version: 1
declassified:
  - {{node: {REACH}, columns: [email], kinds: [contact], reason: Reviewed, until: 2027-01-01}}
"""
    found = findings_of({**LEAK, "pii_lint.yml": policy})
    assert one(found, "PII001").suppressed is not None
    unused = policy.replace("[email]", "[customer_id]")
    found = findings_of({**LEAK, "pii_lint.yml": unused})
    assert one(found, "PII001").suppressed is None
    stale = one(found, "TAG005")
    assert "covers nothing" in stale.message
    assert stale.location is not None
    assert stale.location.line == 4


def test_one_flow_of_two_declassified_leaves_the_finding_standing(findings_of: FindingsOf) -> None:
    files = dict(declared(f"{{{WORDS}'2027-01-01'}}"))
    files[SAFE] = "select email || phone as email from {{ source('raw', 'customers') }}"
    leak = one(findings_of(files), "PII001")
    assert leak.suppressed is None
    assert "Declassified: 1 of 2 flows." in leak.message


def test_a_declassification_upstream_doesn_t_reach_down(findings_of: FindingsOf) -> None:
    files = {
        "models/staging/stg.sql": LEAK[SAFE],
        "models/staging/stg.yml": (
            "models: [{name: stg, columns: [{name: email, "
            f"meta: {{pii_declassified: {{{WORDS}'2027-01-01'}}}}}}]}}]"
        ),
        SAFE: "select email from {{ ref('stg') }}",
    }
    leak = one(findings_of(files), "PII001")
    assert leak.suppressed is None
