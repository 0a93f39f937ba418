"""The registry: one tree of kinds, one list of names, for every layer of defence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_lint import lineage
from pii_lint.config import schema
from pii_lint.data import generate, names
from pii_lint.data.functions import load_functions
from pii_lint.data.registry import Registry, RegistryError, ancestors, load_registry
from pii_lint.data.shape import misfits
from pii_lint.lineage.summary import Part, Shape, ShapeColumn

REGISTRY = load_registry()

THE_THIRTEEN = {
    "email": {"email", "email_address"},
    "phone": {"phone", "phone_number"},
    "government_id": {"ssn", "social_security_number"},
    "names": {"first_name", "last_name", "full_name"},
    "ip_address": {"ip_address", "ip"},
    "postal_address": {"address", "street_address"},
}


# ---- the shipped tree --------------------------------------------------------------------------


@pytest.mark.parametrize("name", REGISTRY.kinds)
def test_every_shipped_kind_has_a_parent_a_description_and_a_valid_entry(name: str) -> None:
    kind = REGISTRY.kinds[name]
    assert kind.description
    assert all(parent in REGISTRY.kinds for parent in ancestors(name))
    assert bool(kind.skip_reason) is not kind.scan
    assert "\n" not in (kind.skip_reason or "")


def test_the_shipped_file_is_written_in_the_language_that_projects_use() -> None:
    definitions = schema()["definitions"]
    assert isinstance(definitions, Mapping)
    kinds = names.entries(names.catalogue("kinds.yml")["kinds"])
    found = [
        misfit
        for name, entry in kinds.items()
        for misfit in misfits(entry, definitions["kind"], definitions, (name,))
    ]
    assert found == []
    assert len(kinds) > 80


def test_no_two_kinds_share_an_alias_and_each_alias_leads_home() -> None:
    for name, kind in REGISTRY.kinds.items():
        for alias in kind.aliases:
            assert REGISTRY.resolve(alias) == name
            assert REGISTRY.aliases[alias] == name


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("email", "contact.email"),
        ("phone", "contact.phone"),
        ("name", "person.name"),
        ("username", "person.username"),
        ("ssn", "government.ssn"),
        ("ssn_last4", "government.ssn_last4"),
        ("ip", "network.ip"),
        ("IPv4", "network.ip"),
        ("full_name", "person.name.full"),
        ("birth_date", "person.birth_date"),
        ("street_address", "contact.address.street"),
        ("postcode", "contact.address.postcode"),
        ("personal_data", "personal"),
        ("CVV", "financial.card_verification"),
        ("email_domain", "contact.email.domain"),
    ],
)
def test_short_names_lead_to_their_kind(word: str, kind: str) -> None:
    assert REGISTRY.resolve(word) == kind
    assert REGISTRY.is_known(word)


@pytest.mark.parametrize(
    "word", ["E-Mail Address", "emailAddress", "EMAIL_ADDRESS", "emailaddress", " email.address "]
)
def test_spelling_case_and_borders_of_an_alias_do_not_matter(word: str) -> None:
    assert REGISTRY.resolve(word) == "contact.email"


@pytest.mark.parametrize(
    ("classification", "kinds"),
    [
        (
            "confidential",
            ["contact.email", "person.name", "contact.phone", "network.ip", "location.coordinates"],
        ),
        (
            "restricted",
            [
                "government.ssn",
                "health.diagnosis",
                "financial.card_number",
                "biometric.face",
                "special.religion",
            ],
        ),
        ("internal", ["identifier", "contact.email.domain", "contact.address.country"]),
    ],
)
def test_kinds_are_classified_as_the_company_handles_them(
    classification: str, kinds: list[str]
) -> None:
    assert {REGISTRY.kind(kind).data_classification for kind in kinds} == {classification}


@pytest.mark.parametrize(
    ("kind", "length"),
    [
        ("contact.email", 6),
        ("contact.phone", 7),
        ("network.ip", 7),
        ("government.ssn", 9),
        ("government.ssn_last4", 4),
        ("person.name.first", 2),
        ("contact.address.postcode", 4),
        ("personal", 1),
    ],
)
def test_the_shortest_real_value_of_a_kind_is_known(kind: str, length: int) -> None:
    assert REGISTRY.kind(kind).min_length == length


def test_kinds_that_may_stand_nowhere_are_the_card_secrets_and_no_others() -> None:
    assert {name for name, kind in REGISTRY.kinds.items() if not kind.allowed} == {
        "financial.card_verification",
        "financial.card_pin",
        "financial.card_track",
    }


def test_small_domains_are_small_and_large_ones_are_not() -> None:
    for name in ("special.religion", "person.gender", "health.flag", "health.blood_type"):
        assert REGISTRY.kind(name).small
    for name in ("contact.email", "person.birth_date", "contact.address.postcode", "health"):
        assert not REGISTRY.kind(name).small


# ---- words that nobody knows -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("shoe_size", "personal.shoe_size"),
        ("Shoe Size", "personal.shoe_size"),
        ("no.such.thing", "personal.no.such.thing"),
        ("", "personal.unspecified"),
        ("...", "personal.unspecified"),
        ("\x1b[31m", "personal.31m"),
        ("имя", "personal.имя"),
        ("contact.pigeon", "contact.pigeon"),
        ("email.work", "contact.email.work"),
        ("cvv.old", "financial.card_verification.old"),
    ],
)
def test_a_word_that_nobody_knows_keeps_its_label(word: str, kind: str) -> None:
    assert REGISTRY.resolve(word) == kind
    assert not REGISTRY.is_known(word)


def test_an_unknown_kind_is_handled_as_confidential_and_identifying() -> None:
    kind = REGISTRY.kind("personal.shoe_size")
    assert (kind.sensitivity, kind.data_classification) == ("medium", "confidential")
    assert kind.identifies
    assert kind.scan
    assert kind.min_length == 1
    assert REGISTRY.kind("nothing").data_classification == "confidential"


def test_an_unknown_kind_takes_after_its_nearest_known_parent() -> None:
    assert not REGISTRY.kind("financial.card_verification.old").allowed
    assert REGISTRY.kind("government.library_card").data_classification == "restricted"
    assert REGISTRY.kind("contact.pigeon").name == "contact.pigeon"


@settings(deadline=None)
@given(st.text(max_size=300))
def test_resolving_never_loses_a_word_and_settles_at_once(word: str) -> None:
    name = REGISTRY.resolve(word)
    assert REGISTRY.resolve(name) == name
    assert 0 < len(name) <= names.LONGEST_NAME
    assert re.fullmatch(r"\w+(\.\w+)*", name)
    assert REGISTRY.kind(name).name == name


def test_a_megabyte_of_a_word_is_no_trouble() -> None:
    assert REGISTRY.resolve("a" * 1_000_000).startswith("personal.aaa")
    assert REGISTRY.guess("e_" * 500_000) is None
    assert REGISTRY.key_kind("." * 1_000_000) is None


# ---- derivations -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "part", "derived"),
    [
        ("contact.email", "split_part(@,2)", "contact.email.domain"),
        ("contact.email", "split_part(@, -1)", "contact.email.domain"),
        ("contact.email", "split_part(@,2) | left(3)", "contact.email.domain"),
        ("contact.email.work", "split_part(@,2)", "contact.email.domain"),
        ("contact.email.domain", "left(1)", "contact.email.domain"),
        ("contact.address.postcode", "left(1)", "contact.address.postcode.area"),
        ("contact.address.postcode", "left(3)", "contact.address.postcode.area"),
        ("contact.address.postcode", "substring(1,3)", "contact.address.postcode.area"),
        ("contact.address.postcode", "left(5) | left(2)", "contact.address.postcode.area"),
        ("person.birth_date", "year", "person.birth_date.year"),
        ("person.birth_date", "date_trunc(year)", "person.birth_date.year"),
        ("person.name.last", "left(1)", "person.name.initial"),
    ],
)
def test_a_declared_part_is_a_coarser_kind(kind: str, part: str, derived: str) -> None:
    assert REGISTRY.derive(kind, part) == derived
    assert REGISTRY.kind(derived).derived_from is not None


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("contact.email", "split_part(@,1)"),
        ("contact.email", "split_part(.,2)"),
        ("contact.email", "left(3)"),
        ("contact.email", "length"),
        ("contact.address.postcode", "left(4)"),
        ("contact.address.postcode", "left(0)"),
        ("contact.address.postcode", "right(3)"),
        ("contact.address.postcode", "substring(2,3)"),
        ("contact.address.postcode", "right(4) | left(2)"),
        ("contact.address.street", "left(3)"),
        ("person.birth_date", "month"),
        ("person.birth_date", "date_trunc(month)"),
        ("person.birth_date", "date_trunc(month) | year"),
        ("person.name.last", "left(2)"),
        # the last four digits are what the incident leaked
        ("government.ssn", "right(4)"),
        ("personal.shoe_size", "left(1)"),
        ("contact.email", ""),
    ],
)
def test_a_part_that_nobody_declared_is_no_coarser_kind(kind: str, part: str) -> None:
    assert REGISTRY.derive(kind, part) is None


@pytest.mark.parametrize(
    ("kind", "dialect", "expression", "derived"),
    [
        ("contact.email", "duckdb", "split_part(x, '@', 2)", True),
        ("contact.email", "duckdb", "lower(split_part(x, '@', -1))", True),
        ("contact.email", "spark", "substring_index(x, '@', -1)", True),
        ("contact.email", "duckdb", "split_part(x, '@', 1)", False),
        ("contact.address.postcode", "duckdb", "left(x, 3)", True),
        ("contact.address.postcode", "postgres", "substring(x from 1 for 3)", True),
        ("contact.address.postcode", "bigquery", "substr(x, 1, 2)", True),
        ("contact.address.postcode", "duckdb", "left(x, 4)", False),
        ("person.birth_date", "duckdb", "year(x)", True),
        ("person.birth_date", "postgres", "extract(year from x)", True),
        ("person.birth_date", "snowflake", "date_trunc('YEAR', x)", True),
        ("person.birth_date", "bigquery", "date_trunc(x, month)", False),
        ("person.name.last", "duckdb", "left(x, 1)", True),
    ],
)
def test_parts_are_spelt_as_the_analyser_spells_them(
    kind: str, dialect: str, expression: str, derived: bool
) -> None:
    specs = _parts(expression, dialect)
    assert len(specs) == 1
    assert (REGISTRY.derive(kind, specs[0]) is not None) is derived


def _parts(expression: str, dialect: str) -> list[str]:
    query = lineage.read(f"select {expression} as y from t", dialect)
    shape = Shape((ShapeColumn("x", "x", "x"),), complete=True, ordered=True)
    summary = lineage.summarize(query, dialect, load_functions(dialect), lambda _: shape)
    chains = [chain for column in summary.columns for _, chain in column.edges]
    return [op.spec for chain in chains for op in chain if isinstance(op, Part)]


# ---- a project's own kinds ---------------------------------------------------------------------


def test_a_project_adds_kinds_that_inherit() -> None:
    registry = load_registry(
        {
            "loyalty": {"data_classification": "restricted", "identifies": False},
            "loyalty.number": {"aliases": ["loyaltyNo"], "min_length": 8},
        }
    )
    kind = registry.kind(registry.resolve("LOYALTY_NO"))
    assert (kind.name, kind.data_classification, kind.identifies) == (
        "loyalty.number",
        "restricted",
        False,
    )
    assert kind.min_length == 8
    assert kind.sensitivity == "medium"
    assert not REGISTRY.is_known("loyalty_no")


def test_a_project_changes_a_shipped_kind_and_its_children_follow() -> None:
    registry = load_registry({"contact": {"data_classification": "restricted"}})
    assert registry.kind("contact.email").data_classification == "restricted"
    assert registry.kind("contact.email").min_length == 6
    assert registry.kind("contact.email.domain").data_classification == "internal"
    assert REGISTRY.kind("contact.email").data_classification == "confidential"


def test_a_project_adds_an_alias_and_a_derivation_without_losing_the_shipped_ones() -> None:
    registry = load_registry(
        {
            "contact.email": {
                "aliases": ["login_mail"],
                "derivations": {"letter": {"parts": ["left(1..2)"]}},
            }
        }
    )
    assert registry.resolve("login_mail") == registry.resolve("email") == "contact.email"
    assert registry.derive("contact.email", "left(2)") == "contact.email.letter"
    assert registry.derive("contact.email", "left(3)") is None
    assert registry.derive("contact.email", "split_part(@,2)") == "contact.email.domain"


def test_a_boolean_kind_has_a_small_domain() -> None:
    assert load_registry({"club.member": {"value": "boolean"}}).kind("club.member").small
    assert not load_registry({"club.member": {"value": "number"}}).kind("club.member").small


def test_a_project_forbids_a_kind_everywhere() -> None:
    registry = load_registry({"credential.password": {"allowed": False}})
    assert not registry.kind("credential.password").allowed
    assert REGISTRY.kind("credential.password").allowed


@pytest.mark.parametrize(
    ("kinds", "sentence"),
    [
        ({"financial.card_verification": {"allowed": True}}, "allowed nowhere"),
        ({"financial.card_verification.old": {"allowed": True}}, "allowed nowhere"),
        ({"club.code": {"aliases": ["cvv"]}}, "alias of both"),
        ({"club.code": {"aliases": ["E-Mail"]}}, "alias of both"),
        ({"club.code": {"aliases": ["contact"]}}, "means something else"),
        ({"club.code": {"aliases": ["derived"]}}, "means something else"),
        ({"cvv": {}}, "means something else"),
        ({"default": {}}, "can't be the name"),
        ({"derived.x": {}}, "can't be the name"),
        ({"club.code": {"scan": False}}, "needs a `skip_reason`"),
        ({"contact.email.domain": {"allowed": False}}, "is a derivation"),
    ],
)
def test_a_project_cannot_bend_what_the_tree_stands_for(
    kinds: Mapping[str, Mapping[str, object]], sentence: str
) -> None:
    with pytest.raises(RegistryError, match=re.escape(sentence)):
        load_registry(kinds)


# ---- payload keys and column names -------------------------------------------------------------


def test_the_thirteen_keys_stand_in_their_six_categories() -> None:
    categories = names.json_key_categories()
    assert {category: set(keys) for category, keys in categories.items()} == THE_THIRTEEN
    assert len(REGISTRY.json_keys) == 13
    assert set(REGISTRY.json_keys.values()) <= set(REGISTRY.kinds)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("email", "contact.email"),
        ("emailAddress", "contact.email"),
        ("E-MAIL", "contact.email"),
        ("PhoneNumber", "contact.phone"),
        ("IPAddress", "network.ip"),
        ("ip", "network.ip"),
        ("socialSecurityNumber", "government.ssn"),
        ("firstName", "person.name.first"),
    ],
)
def test_a_payload_key_is_known_in_any_case(key: str, kind: str) -> None:
    assert REGISTRY.key_kind(key) == kind


@pytest.mark.parametrize("key", ["order_id", "email_sent", "shipping", "city", "region", "cvv", ""])
def test_other_payload_keys_are_not(key: str) -> None:
    assert REGISTRY.key_kind(key) is None


def test_every_name_rule_points_to_a_shipped_kind() -> None:
    assert {rule.kind for rule in names.column_names().rules} <= set(REGISTRY.kinds)


@pytest.mark.parametrize(
    ("column", "kind", "confidence"),
    [
        ("email", "contact.email", "high"),
        ("customerEmail", "contact.email", "high"),
        ("EMAIL_ADDRESS", "contact.email", "high"),
        ("email_2", "contact.email", "high"),
        ("e-mail", "contact.email", "high"),
        ("correo", "contact.email", "medium"),
        ("work_phone", "contact.phone", "high"),
        ("mobile", "contact.phone", "low"),
        ("téléphone", "contact.phone", "high"),
        ("ip", "network.ip", "high"),
        ("clientIP", "network.ip", "high"),
        ("last_login_ip", "network.ip", "high"),
        ("first_name", "person.name.first", "high"),
        ("lastname", "person.name.last", "high"),
        ("customer_name", "person.name.full", "high"),
        ("name", "person.name", "low"),
        ("user_name", "person.username", "high"),
        ("DOB", "person.birth_date", "high"),
        ("date_of_birth", "person.birth_date", "high"),
        ("ssn", "government.ssn", "high"),
        ("ssn_last4", "government.ssn_last4", "high"),
        ("street_address", "contact.address.street", "high"),
        ("billing_address", "contact.address", "high"),
        ("zip", "contact.address.postcode", "high"),
        ("card_number", "financial.card_number", "high"),
        ("cvv", "financial.card_verification", "high"),
        ("card_security_code", "financial.card_verification", "high"),
        ("cvc2", "financial.card_verification", "high"),
        ("iban", "financial.iban", "high"),
        ("is_pregnant", "health.flag", "high"),
        ("marital_status", "person.marital_status", "high"),
        ("blood_type", "health.blood_type", "high"),
        # a vendor's digest is personal, but surely not readable
        ("email_sha256", "contact.email", "low"),
        ("phone_hash", "contact.phone", "low"),
    ],
)
def test_a_column_name_gives_its_kind_away(column: str, kind: str, confidence: str) -> None:
    assert REGISTRY.guess(column) == (kind, confidence)


@pytest.mark.parametrize(
    "column",
    [
        "email_opened_at",
        "email_verified",
        "is_email_confirmed",
        "email_count",
        "emails_sent",
        "email_template",
        "phone_verified",
        "phone_type",
        "has_phone",
        "ip_count",
        "shipping_method",
        "description",
        "recipient_count",
        "product_name",
        "company_name",
        "organization_name",
        "event_name",
        "file_name",
        "table_name",
        "username_changed_at",
        "login_count",
        "address_id",
        "web_address",
        "zip_file_path",
        "birthday_campaign",
        "ssn_present",
        "cvv_result",
        "card_type",
        "gift_card_number",
        "account_status",
        "country",
        "city",
        "state",
        "user_id",
        "id",
        "created_at",
        "consent_given_at",
        "is_deleted",
        "metadata",
        "amount_cents",
        "",
        "___",
    ],
)
def test_a_name_about_a_person_or_a_thing_gives_nothing_away(column: str) -> None:
    assert REGISTRY.guess(column) is None


# ---- the generated macro -----------------------------------------------------------------------


def test_the_macro_tells_dbt_what_the_registry_says(require: Callable[[str], None]) -> None:
    require("dbt")
    told = _rendered(generate.registry_macro())
    assert told["kinds"] == {
        name: {
            "min_length": kind.min_length,
            "scan": kind.scan,
            "skip_reason": kind.skip_reason,
        }
        for name, kind in REGISTRY.kinds.items()
    }
    assert told["aliases"] == REGISTRY.aliases
    assert told["json_keys"] == REGISTRY.json_keys


def _rendered(macro: str) -> Mapping[str, object]:
    import jinja2

    returned: list[Mapping[str, object]] = []
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701  # SQL, no HTML
    environment.globals["return"] = returned.append
    environment.from_string(macro + "{{ pii_registry() }}").render()
    return returned[0]


def test_the_generated_files_are_up_to_date() -> None:
    assert generate.differing() == []
    assert generate.main(["--check"]) == 0


def test_a_generated_file_that_differs_is_named_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = [output for output in generate.OUTPUTS if output[0].startswith("dbt_package/")]
    monkeypatch.setattr(generate, "OUTPUTS", tuple(outputs))
    assert generate.write(tmp_path) == ["dbt_package/macros/pii_registry.sql"]
    assert generate.differing(tmp_path) == []
    macro = tmp_path / "dbt_package/macros/pii_registry.sql"
    macro.write_text(macro.read_text("utf-8").replace("true", "false", 1), "utf-8")
    assert generate.differing(tmp_path) == ["dbt_package/macros/pii_registry.sql"]

    assert generate.write(tmp_path) == ["dbt_package/macros/pii_registry.sql"]
    assert generate.differing(tmp_path) == []
    assert generate.write(tmp_path) == []

    monkeypatch.setattr(
        generate, "OUTPUTS", (("dbt_package/macros/pii_registry.sql", lambda: "something else"),)
    )
    assert generate.main(["--check"]) == 1
    assert "dbt_package/macros/pii_registry.sql is out of date" in capsys.readouterr().err


def test_the_generator_refuses_a_word_that_it_does_not_know() -> None:
    assert generate.main(["--chek"]) == 2


def test_the_shipped_registry_is_built_once() -> None:
    registry: Registry = load_registry()
    assert registry is load_registry({})
