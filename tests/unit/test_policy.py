"""The policy: which zone a node is in, and what may stand there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_lint.artifacts.model import Exposure, Node
from pii_lint.config import load_config
from pii_lint.data.registry import load_registry
from pii_lint.findings import Severity
from pii_lint.labels import VALUE_FORMS, Form, Label, Origin
from pii_lint.policy import ZONES, Policy, path_matches

SHIPPED = Policy(load_config(), load_registry())
EMAIL, DOMAIN = "contact.email", "contact.email.domain"
CARD_CODE = "financial.card_verification"

Write = Callable[[str], Policy]


@pytest.fixture
def policy(tmp_path: Path) -> Write:
    """The policy of a project with this file."""

    def write(text: str) -> Policy:
        (tmp_path / "pii_lint.yml").write_text(f"version: 1\n{text}\n")
        config = load_config(None, tmp_path)
        return Policy(config, load_registry(config.kinds))

    return write


def model(path: str = "models/other/m.sql", **more: Any) -> Node:
    fields = {"resource_type": "model", "name": "m", "package": "p", **more}
    return Node(unique_id="model.p.m", path=path, **fields)


def label(
    form: Form, kind: str = EMAIL, *, equated: bool = False, part: str | None = None
) -> Label:
    return Label(Origin("source.p.raw.users", "x"), kind, form, equated=equated, part=part)


# ---- the matrix --------------------------------------------------------------------------------

MATRIX = """
               clear  partial weak   pseudonym statistic signal unknown
raw            off    off     off    off       off       off    off
restricted     off    off     off    off       off       off    off
staging        off    off     warn   off       off       off    note
intermediate   off    off     warn   off       off       off    note
safe           error  error   error  note      note      off    error
export         error  error   error  error     note      note   error
unzoned        warn   off     warn   off       off       off    note
"""


def _cells() -> list[tuple[str, str, str]]:
    head, *rows = [line.split() for line in MATRIX.strip().splitlines()]
    return [
        (zone, form, severity)
        for zone, *severities in rows
        for form, severity in zip(head, severities, strict=True)
    ]


@pytest.mark.parametrize(("zone", "form", "severity"), _cells())
def test_the_shipped_matrix_is_the_documented_one(zone: str, form: str, severity: str) -> None:
    place = None if zone == "unzoned" else zone
    assert SHIPPED.severity(place, label(Form[form.upper()])) == severity


def test_a_declared_derivation_only_warns_in_a_safe_mart() -> None:
    assert SHIPPED.severity("safe", label(Form.PARTIAL, DOMAIN)) is Severity.WARN
    assert SHIPPED.severity("safe", label(Form.PARTIAL, EMAIL)) is Severity.ERROR
    assert SHIPPED.severity("export", label(Form.PARTIAL, DOMAIN)) is Severity.ERROR


def test_a_derived_kind_is_no_excuse_for_a_whole_value_or_a_weak_mask() -> None:
    assert SHIPPED.severity("safe", label(Form.CLEAR, DOMAIN)) is Severity.ERROR
    assert SHIPPED.severity("safe", label(Form.WEAK, DOMAIN)) is Severity.ERROR


def test_a_part_that_only_looks_like_a_derivation_is_an_error() -> None:
    # such as left(reverse(postcode), 3), whose kind stayed what it was
    lookalike = label(Form.PARTIAL, "contact.address.postcode", part="left(3)")
    assert SHIPPED.severity("safe", lookalike) is Severity.ERROR


def test_an_equated_signal_warns_in_a_safe_mart_and_a_plain_one_does_not() -> None:
    assert SHIPPED.severity("safe", label(Form.SIGNAL, equated=True)) is Severity.WARN
    assert SHIPPED.severity("safe", label(Form.SIGNAL)) is Severity.OFF
    assert SHIPPED.severity("staging", label(Form.SIGNAL, equated=True)) is Severity.OFF


@pytest.mark.parametrize("zone", [*ZONES, None])
@pytest.mark.parametrize("kind", [CARD_CODE, f"{CARD_CODE}.old", "financial.card_pin"])
def test_a_kind_that_is_allowed_nowhere_is_an_error_everywhere(zone: str | None, kind: str) -> None:
    for form in VALUE_FORMS:
        assert SHIPPED.severity(zone, label(form, kind)) is Severity.ERROR
        neighbour = SHIPPED.severity(zone, label(form, "financial.card_number"))
        assert neighbour is SHIPPED.severity(zone, label(form))
    # that a code was asked for, or how many there are, is no code
    for form in set(Form) - VALUE_FORMS:
        assert SHIPPED.severity(zone, label(form, kind)) is SHIPPED.severity(zone, label(form))


def test_no_cell_can_let_in_what_is_allowed_nowhere(policy: Write) -> None:
    lax = policy(f"policy: {{raw: {{clear: {{{CARD_CODE}: off}}}}, safe: {{clear: off}}}}")
    assert lax.severity("raw", label(Form.CLEAR, CARD_CODE)) is Severity.ERROR
    assert lax.severity("safe", label(Form.CLEAR, CARD_CODE)) is Severity.ERROR
    assert lax.severity("safe", label(Form.CLEAR)) is Severity.OFF


def test_a_project_sets_cells_and_the_others_stay(policy: Write) -> None:
    strict = policy("policy: {staging: {clear: error}, unzoned: {clear: error}}")
    assert strict.severity("staging", label(Form.CLEAR)) is Severity.ERROR
    assert strict.severity("staging", label(Form.PARTIAL)) is Severity.OFF
    assert strict.severity("intermediate", label(Form.CLEAR)) is Severity.OFF
    assert strict.severity(None, label(Form.CLEAR)) is Severity.ERROR


def test_the_closest_kind_in_a_cell_holds(policy: Write) -> None:
    cell = "{contact: warn, email: note, default: error}"
    mild = policy(f"policy: {{safe: {{clear: {cell}}}}}")
    assert mild.severity("safe", label(Form.CLEAR, "contact.phone")) is Severity.WARN
    assert mild.severity("safe", label(Form.CLEAR, EMAIL)) is Severity.NOTE
    assert mild.severity("safe", label(Form.CLEAR, "contact.email.work")) is Severity.NOTE
    assert mild.severity("safe", label(Form.CLEAR, "contacts")) is Severity.ERROR
    assert mild.severity("safe", label(Form.CLEAR, "person.name")) is Severity.ERROR
    assert mild.severity("export", label(Form.CLEAR, EMAIL)) is Severity.ERROR


def test_a_kind_in_a_cell_goes_before_derived_and_equated(policy: Write) -> None:
    partial = policy("policy: {safe: {partial: {email: error, birth_year: off}}}")
    assert partial.severity("safe", label(Form.PARTIAL, DOMAIN)) is Severity.ERROR
    assert partial.severity("safe", label(Form.PARTIAL, "person.birth_date.year")) is Severity.OFF
    area = label(Form.PARTIAL, "contact.address.postcode.area")
    assert partial.severity("safe", area) is Severity.WARN
    signal = policy("policy: {safe: {signal: {phone: error}}}")
    assert signal.severity("safe", label(Form.SIGNAL, "contact.phone")) is Severity.ERROR
    assert signal.severity("safe", label(Form.SIGNAL, equated=True)) is Severity.WARN
    assert signal.severity("safe", label(Form.SIGNAL)) is Severity.OFF


def test_a_default_leaves_derived_as_it_is_and_a_word_does_not(policy: Write) -> None:
    parts = policy("policy: {safe: {partial: {default: note}}, export: {partial: {default: note}}}")
    assert parts.severity("safe", label(Form.PARTIAL, DOMAIN)) is Severity.WARN
    assert parts.severity("safe", label(Form.PARTIAL)) is Severity.NOTE
    assert parts.severity("export", label(Form.PARTIAL, DOMAIN)) is Severity.NOTE
    whole = policy("policy: {safe: {partial: error}}")
    assert whole.severity("safe", label(Form.PARTIAL, DOMAIN)) is Severity.ERROR


def test_a_project_s_own_derivation_is_a_declared_one(policy: Write) -> None:
    own = policy("kinds: {club.code: {derivations: {region: {parts: [left(1..2)]}}}}")
    assert own.severity("safe", label(Form.PARTIAL, "club.code.region")) is Severity.WARN
    assert own.severity("safe", label(Form.PARTIAL, "club.code")) is Severity.ERROR


# ---- zones -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "zone"),
    [
        ("models/marts/safe/fct.sql", "safe"),
        ("models/marts/safe/deep/er/fct.sql", "safe"),
        ("marts/safe/fct.sql", "safe"),
        ("transform/models/marts/safe/fct.sql", "safe"),
        ("models/marts/restricted/fct.sql", "restricted"),
        ("models/staging/stg.sql", "staging"),
        ("models/shop/intermediate/int.sql", "intermediate"),
        ("models/marts/safer/fct.sql", None),
        ("models/marts/unsafe/fct.sql", None),
        ("models/smarts/safe/fct.sql", None),
        ("models/safe/marts/fct.sql", None),
        ("models/marts/safe.sql", None),
        ("models/marts/fct.sql", None),
        ("models/Marts/Safe/fct.sql", None),
    ],
)
def test_without_a_file_a_folder_s_name_makes_the_zone(path: str, zone: str | None) -> None:
    assert SHIPPED.zone(model(path)) == zone
    assert SHIPPED.is_safe(model(path)) is (zone == "safe")


def test_a_source_is_raw_wherever_its_yaml_stands() -> None:
    for path in ("models/staging/sources.yml", "models/marts/safe/sources.yml", "x.yml"):
        assert SHIPPED.zone(model(path, resource_type="source")) == "raw"


def test_a_source_is_elsewhere_only_if_the_policy_says_so_by_more_than_a_path(
    policy: Write,
) -> None:
    shared = policy("zones: {safe: {paths: [models], schemas: [shared_marts]}}")
    assert shared.zone(model("models/s.yml", resource_type="source")) == "raw"
    there = model("models/s.yml", resource_type="source", schema="shared_marts")
    assert shared.zone(there) == "safe"
    assert shared.zone_conflicts(there) == ()


def test_an_exposure_is_an_export() -> None:
    exposure = Exposure("exposure.p.e", "e", "dashboard", "models/marts/safe/e.yml", ())
    assert SHIPPED.zone(exposure) == "export"


@pytest.mark.parametrize(
    ("selector", "fields", "other"),
    [
        ("schemas: [marts]", {"schema": "marts"}, {"schema": "marts_restricted"}),
        ("schemas: [marts]", {"schema": "MARTS"}, {"schema": None}),
        ("schemas: ['*_marts']", {"schema": "pr_7_marts"}, {"schema": "pr_7_marts_restricted"}),
        (
            "schemas: [prod.marts]",
            {"schema": "marts", "database": "PROD"},
            {"schema": "marts", "database": "dev"},
        ),
        ("tags: gold", {"tags": frozenset({"gold", "x"})}, {"tags": frozenset({"golden"})}),
        ("groups: [bi]", {"group": "bi"}, {"group": None}),
        ("access: public", {"access": "public"}, {"access": "private"}),
    ],
)
def test_one_selector_is_enough(
    policy: Write, selector: str, fields: dict[str, Any], other: dict[str, Any]
) -> None:
    zoned = policy(f"zones: {{safe: {{{selector}}}}}")
    assert zoned.zone(model(**fields)) == "safe"
    assert zoned.zone(model(**other)) is None


def test_the_strictest_of_several_zones_holds_and_the_conflict_shows(policy: Write) -> None:
    torn = policy(
        "zones: {safe: {schemas: [marts]}, restricted: {tags: [hr]}, staging: {paths: [models]}}"
    )
    node = model("models/m.sql", schema="marts", tags=frozenset({"hr"}))
    assert torn.zone(node) == "safe"
    assert torn.zone_conflicts(node) == ("safe", "staging", "restricted")
    clear = model("models/m.sql")
    assert torn.zone(clear) == "staging"
    assert torn.zone_conflicts(clear) == ()
    assert torn.zone_conflicts(model("other/m.sql")) == ()


def test_zones_are_ranked_from_the_strictest_on() -> None:
    assert ZONES == ("safe", "export", "staging", "intermediate", "restricted", "raw")


# ---- paths -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("models/marts/safe", "models/marts/safe/a.sql"),
        ("models/marts/safe/", "models/marts/safe/x/a.sql"),
        ("./models/marts/safe", "models/marts/safe/a.sql"),
        ("models/marts/safe/a.sql", "models/marts/safe/a.sql"),
        ("models/*/safe", "models/shop/safe/a.sql"),
        ("models/**/safe", "models/safe/a.sql"),
        ("models/**/safe", "models/a/b/safe/c.sql"),
        ("**/safe", "safe/a.sql"),
        ("models/marts/fct_*", "models/marts/fct_orders.sql"),
        ("models/marts/**/*_public.sql", "models/marts/a/b/x_public.sql"),
        ("models/mart[12]", "models/mart2/a.sql"),
        ("**", "anything/at/all.sql"),
        ("models/**", "models/a.sql"),
        (".", "anything/at/all.sql"),
        ("models/a b", "models/a b/c.sql"),
    ],
)
def test_a_pattern_stands_for_a_folder_and_all_below(pattern: str, path: str) -> None:
    assert path_matches(pattern, path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("models/marts/safe", "models/marts/safer/a.sql"),
        ("models/marts/safe", "models/marts/safe.sql"),
        ("models/marts/safe", "models/marts"),
        ("models/marts/safe", "other/models/marts/safe/a.sql"),
        ("marts/safe", "models/marts/safe/a.sql"),
        ("models/*/safe", "models/a/b/safe/c.sql"),
        ("models/*/safe", "models/safe/c.sql"),
        ("models/**/safe", "models/a/unsafe/c.sql"),
        ("models/mart?", "models/mart/a.sql"),
        ("models/marts/*.sql", "models/marts/a.py"),
        ("Models", "models/a.sql"),
    ],
)
def test_a_pattern_ends_at_a_folder_s_border(pattern: str, path: str) -> None:
    assert not path_matches(pattern, path)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "*", "**", "a*"]), max_size=8).map("/".join))
def test_two_stars_before_a_pattern_only_ever_add_matches(pattern: str) -> None:
    for path in ("a/b/c.sql", "b/a/a/b.sql", "ab/b.sql"):
        if path_matches(pattern, path):
            assert path_matches(f"**/{pattern}", path)
            assert path_matches(pattern, f"{path}/deeper.sql")


def test_a_hostile_pattern_is_no_slower_than_others() -> None:
    assert not path_matches("/".join(["**", "a*"] * 200 + ["z"]), "/".join(["a"] * 200))
