"""`diff`: who weakens the gate is seen first, and nothing counts as fixed that is only hidden."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pii_lint.cli import main
from pii_lint.diff import Change, Diff
from pii_lint.options import DiffOptions
from pii_lint.pipeline.diff import diff as compared
from pii_lint.reports import difference

LEAK = "select email from shop.main.stg"
MASKED = "select md5(email) as email from shop.main.stg"
DAY = str(datetime.now(tz=UTC).date() + timedelta(days=300))
LATER = str(datetime.now(tz=UTC).date() + timedelta(days=600))
UNTIL = f"until: {DAY}"
EMAIL = {"pii": True, "pii_type": "email"}
MAIL = {
    "resource_type": "exposure",
    "name": "mail",
    "package_name": "shop",
    "type": "application",
    "original_file_path": "models/exposures.yml",
    "depends_on": {"nodes": ["model.shop.reach"]},
    "owner": {"name": "Growth"},
}
ShopOf = Callable[..., Any]


def compare(base: Any, head: Any, **more: Any) -> Diff:
    return compared(DiffOptions(base.manifest, head.manifest, **more))


def weakenings(diff: Diff) -> list[tuple[str, str]]:
    return [(change.sort, change.subject) for change in diff.gate if change.weakens]


def flows(diff: Diff) -> dict[tuple[str, str], str]:
    """What became of each flow; findings about tags come and go with them."""
    return {
        (flow.node.rpartition(".")[2], flow.column): flow.change.value
        for flow in diff.flows
        if flow.origin and flow.change is not Change.UNCHANGED
    }


def test_two_equal_states_differ_in_nothing(shop: ShopOf) -> None:
    diff = compare(shop(mart=LEAK), shop(mart=LEAK))
    assert (flows(diff), diff.gate, diff.failed) == ({}, (), False)


@pytest.mark.parametrize(
    ("before", "after", "change", "failed"),
    [
        (None, LEAK, "new", True),
        (LEAK, None, "fixed", False),
        (MASKED, LEAK, "weakened", True),
        (LEAK, MASKED, "strengthened", False),
    ],
)
def test_a_flow_is_what_became_of_it(
    shop: ShopOf, before: str | None, after: str | None, change: str, failed: bool
) -> None:
    plain = "select country as email from shop.main.stg"
    diff = compare(shop(mart=before or plain), shop(mart=after or plain))
    assert flows(diff) == {("reach", "email"): change}
    assert diff.failed is failed
    assert not diff.weakened


def test_a_warning_fails_only_where_it_is_told_to(shop: ShopOf) -> None:
    warn = "version: 1\npolicy: {safe: {clear: warn}}\n"
    base, head = shop(policy=warn), shop(mart=LEAK, policy=warn)
    assert not compare(base, head).failed
    strict = warn + "fail_on: warn\n"
    assert compare(base, shop(mart=LEAK, policy=strict)).failed
    softened = compare(shop(policy=strict), head)
    assert weakenings(softened) == [("fail_on", "fail_on")]


SOFTER = [
    ("policy: {safe: {clear: warn}}", ("policy", "safe.clear")),
    ("policy: {safe: {clear: {email: off}}}", ("policy", "safe.clear.contact.email")),
    ("policy: {safe: {partial: {derived: off}}}", ("policy", "safe.partial.derived")),
    ("rules: {PII001: note}", ("rule", "PII001")),
    ("fail_on: error\nzones: {safe: {paths: [models/none]}}", ("zone moved", "model.shop.reach")),
    ("functions: {lower: keyed}", ("function vouched for", "lower")),
    ("secrets: [{setting: app.salt}]", ("secret vouched for", "app.salt")),
    (f"allow_literal_keys: {{reason: a demo, {UNTIL}}}", ("literal keys", "allow_literal_keys")),
    ("kinds: {contact.email: {identifies: false}}", ("kind", "contact.email")),
    ("labels: {source.shop.raw.people: {email: false}}", None),
    (
        f"declassified: [{{node: model.shop.reach, columns: [email], kinds: [email], "
        f"reason: because, {UNTIL}}}]",
        ("declassified", "model.shop.reach.email of contact.email"),
    ),
    ("smallest_group: {people: 2}", ("smallest group", "smallest_group")),
    ("smallest_group: {columns: [source.shop.raw.crm.id]}", ("smallest group", "smallest_group")),
    ("smallest_group: {people: 6}", None),
    ("longest_term_days: 36500", ("longest term", "longest_term_days")),
    ("longest_term_days: 90", None),
    ("smallest_group: {kinds: []}", None),
    (
        f"ignore: [{{rule: PII001, node: model.shop.reach, reason: because, {UNTIL}}}]",
        ("suppressed", "PII001 in model.shop.reach"),
    ),
]


@pytest.mark.parametrize(("words", "said"), SOFTER)
def test_a_softer_policy_is_seen_and_the_way_back_is_no_weakening(
    shop: ShopOf, words: str, said: tuple[str, str] | None
) -> None:
    base, head = shop(mart=LEAK), shop(mart=LEAK, policy=f"version: 1\n{words}\n")
    diff = compare(base, head)
    assert (said in weakenings(diff)) if said else not diff.weakened
    assert diff.failed is (said is not None)
    back = compare(head, base)
    assert not [each for each in weakenings(back) if each == said]


@pytest.mark.parametrize(
    "words",
    [
        "policy: {safe: {clear: warn}}",
        "policy: {safe: {clear: off}}",
        "rules: {PII001: off}",
        f"ignore: [{{rule: PII001, node: model.shop.reach, reason: because, {UNTIL}}}]",
        f"declassified: [{{node: model.shop.reach, columns: [email], kinds: [email], "
        f"reason: because, {UNTIL}}}]",
    ],
)
@pytest.mark.parametrize("was", [LEAK, "select country as email from shop.main.stg"])
def test_what_a_softer_policy_hides_is_hidden_and_never_fixed(
    shop: ShopOf, was: str, words: str
) -> None:
    diff = compare(shop(mart=was), shop(mart=LEAK, policy=f"version: 1\n{words}\n"))
    assert flows(diff)["reach", "email"] == "hidden"
    assert diff.failed


@pytest.mark.parametrize(
    ("was", "now", "weaker"),
    [
        ("{confidential: [support]}", "{confidential: [support, analyst]}", ["analyst"]),
        ("{confidential: [support]}", "{restricted: [support]}", ["support"]),
        ("{confidential: [support]}", "{}", ["roles"]),
        ("{confidential: [support, analyst]}", "{confidential: [support]}", []),
        ("{}", "{confidential: [support]}", []),
    ],
)
def test_a_role_that_is_cleared_for_more_weakens_the_gate(
    shop: ShopOf, was: str, now: str, weaker: list[str]
) -> None:
    before, after = (shop(policy=f"version: 1\nroles: {roles}\n") for roles in (was, now))
    assert weakenings(compare(before, after)) == [("role cleared", name) for name in weaker]


@pytest.mark.parametrize(
    ("was", "now", "weaker"),
    [
        ("tier: 3", "tier: 2", True),
        ("tier: 2", "tier: 1", True),
        ("tier: 2", "", True),
        # a tier that is stated refuses administrators
        ("tier: 1", "", True),
        ("", "tier: 1", False),
        ("tier: 1", "tier: 3", False),
        ("tier: 2", "tier: 2", False),
    ],
)
def test_a_laxer_tier_weakens_the_gate(shop: ShopOf, was: str, now: str, weaker: bool) -> None:
    diff = compare(*(shop(policy=f"version: 1\n{words}\n") for words in (was, now)))
    assert weakenings(diff) == [("tier", "tier")] * weaker
    assert diff.failed is weaker
    assert bool(diff.gate) is (was != now)


def test_a_lost_tag_is_seen_and_its_flows_are_hidden(shop: ShopOf) -> None:
    untagged = {"email": {}, "phone": {"pii": True, "pii_type": "phone"}, "country": {"pii": False}}
    diff = compare(shop(mart=LEAK), shop(mart=LEAK, columns=untagged))
    assert weakenings(diff) == [("tag lost", "source.shop.raw.people.email")]
    assert flows(diff)["reach", "email"] == "hidden"


def test_all_tags_lost_is_a_weakening_too(shop: ShopOf) -> None:
    diff = compare(shop(mart=LEAK), shop(mart=LEAK, columns={"email": {"pii": False}}))
    assert ("tag lost", "source.shop.raw.people.email") in weakenings(diff)
    (change,) = [each for each in diff.gate if each.subject.endswith(".email")]
    assert change.now == "declared clean"


@pytest.mark.parametrize(
    ("now", "weaker"),
    [
        ({"pii": True, "pii_type": "country"}, True),
        ({**EMAIL, "pii_form": "pseudonym"}, True),
        ({**EMAIL, "note": "nothing new"}, False),
    ],
)
def test_a_tag_that_says_less_is_a_weakening(
    shop: ShopOf, now: dict[str, object], weaker: bool
) -> None:
    base = shop()
    diff = compare(base, base.but(columns={**base.columns, "email": now}))
    assert bool(weakenings(diff)) is weaker


def test_a_lost_review_is_told_and_weakens_nothing(shop: ShopOf) -> None:
    base = shop()
    diff = compare(base, base.but(columns={**base.columns, "country": {}}))
    assert [(each.sort, each.weakens) for each in diff.gate] == [("review lost", False)]


def test_a_model_moved_to_a_softer_zone_is_seen(shop: ShopOf) -> None:
    here = "version: 1\nzones: {safe: {paths: [models/marts/safe, models/other]}}\n"
    base = shop(mart=LEAK, policy=here)
    diff = compare(base, base.but(folder="marts/restricted"))
    assert ("zone moved", "model.shop.reach") in weakenings(diff)
    assert flows(diff)["reach", "email"] == "fixed"
    stricter = compare(
        shop(folder="marts/restricted", policy=here), shop(folder="marts/safe", policy=here)
    )
    assert not stricter.weakened


def edited(state: Any, change: Callable[[Any], None]) -> Any:
    manifest = json.loads(state.manifest.read_text("utf-8"))
    change(manifest)
    state.manifest.write_text(json.dumps(manifest), "utf-8")
    return state


def rename_table(manifest: Any) -> None:
    """The same table under another name in YAML, its tags forgotten."""
    table = manifest["sources"].pop("source.shop.raw.people")
    columns = {"phone": table["columns"]["phone"], "email": {"name": "email"}}
    manifest["sources"]["source.shop.raw.folk"] = {**table, "name": "folk", "columns": columns}
    for node in manifest["nodes"].values():
        reads = node["depends_on"]["nodes"]
        node["depends_on"]["nodes"] = [name.replace("raw.people", "raw.folk") for name in reads]


def test_a_table_renamed_has_lost_the_tags_that_it_lacks(shop: ShopOf) -> None:
    diff = compare(shop(mart=LEAK), edited(shop(mart=LEAK), rename_table))
    assert weakenings(diff) == [("tag lost", "source.shop.raw.folk.email")]
    assert diff.failed


@pytest.mark.parametrize("relation", ['"shop"."main"."reach"', '"shop"."main"."reach_two"'])
def test_a_mart_renamed_on_its_way_out_of_the_safe_zone_is_seen(
    shop: ShopOf, relation: str
) -> None:
    def move(manifest: Any) -> None:
        node = manifest["nodes"].pop("model.shop.reach")
        path = "models/marts/open/reach_two.sql"
        moved = {"name": "reach_two", "original_file_path": path, "relation_name": relation}
        manifest["nodes"]["model.shop.reach_two"] = {**node, **moved}

    diff = compare(shop(mart=LEAK), edited(shop(mart=LEAK), move))
    assert ("zone moved", "model.shop.reach_two") in weakenings(diff)


def add_key(manifest: Any) -> None:
    columns = manifest["sources"]["source.shop.raw.people"]["columns"]
    columns["id"] = {"name": "id", "constraints": [{"type": "unique"}]}


def test_a_key_that_is_no_longer_tested_is_seen(shop: ShopOf) -> None:
    with_key, without = edited(shop(), add_key), shop()
    assert weakenings(compare(with_key, without)) == [("key lost", "source.shop.raw.people.id")]
    assert not compare(without, with_key).weakened


def test_another_part_of_a_value_is_a_weakening(shop: ShopOf) -> None:
    one, five = (shop(mart=f"select left(email, {n}) as email from shop.main.stg") for n in (1, 5))
    assert flows(compare(one, five))["reach", "email"] == "weakened"
    assert flows(compare(one, one)) == {}


def test_a_further_role_that_may_read_is_new(shop: ShopOf) -> None:
    policy = "version: 1\nroles: {confidential: [office]}\n"
    safe = {"path": "models/marts/safe/other.sql", "sql": "select country from shop.main.stg"}

    def granted(*roles: str) -> Any:
        def change(manifest: Any) -> None:
            nodes = manifest["nodes"]
            nodes["model.shop.other"] = {
                **nodes["model.shop.reach"],
                "name": "other",
                "original_file_path": safe["path"],
                "relation_name": '"shop"."main"."other"',
                "raw_code": safe["sql"],
                "compiled_code": safe["sql"],
            }
            nodes["model.shop.reach"]["config"] = {"grants": {"select": list(roles)}}

        return edited(shop(mart=LEAK, folder="marts/restricted", policy=policy), change)

    diff = compare(granted("analyst"), granted("analyst", "public"))
    came = [flow.codes for flow in diff.flows if flow.change is Change.NEW]
    assert came == [("ACC001",)]
    same = compare(granted("analyst"), granted("analyst"))
    assert {flow.change for flow in same.flows} == {Change.UNCHANGED}


def test_a_suppression_in_sql_is_seen(shop: ShopOf) -> None:
    silent = f"select email -- pii-lint: ignore[PII001] until={DAY} because\nfrom shop.main.stg"
    diff = compare(shop(mart=LEAK), shop(mart=silent))
    assert weakenings(diff) == [("suppressed", "PII001 in a line of model.shop.reach")]
    assert flows(diff)["reach", "email"] == "hidden"
    longer = silent.replace(DAY, LATER)
    assert compare(shop(mart=silent), shop(mart=longer)).weakened
    assert not compare(shop(mart=longer), shop(mart=silent)).weakened
    wider = silent.replace("select email", "select phone, email")
    assert compare(shop(mart=silent), shop(mart=wider)).weakened


def test_a_declassification_beside_the_column_is_seen(shop: ShopOf) -> None:
    said = {"kinds": ["email"], "reason": "because", "until": DAY}
    diff = compare(shop(mart=LEAK), shop(mart=LEAK, meta={"email": {"pii_declassified": said}}))
    assert weakenings(diff) == [("declassified", "model.shop.reach.email of contact.email")]
    assert flows(diff)["reach", "email"] == "hidden"


def test_exports_signed_off_and_exports_gone_are_seen(shop: ShopOf) -> None:
    word = {
        "approved_by": "office",
        "approved_on": "2020-01-01",
        "until": DAY,
        "kinds": ["email"],
        "forms": ["clear"],
    }
    base = shop(mart=LEAK, exposure=MAIL)
    signed = compare(base, base.but(exposure={**MAIL, "meta": {"sign_off": word}}))
    assert weakenings(signed) == [("signed off", "exposure.shop.mail: contact.email (clear)")]
    gone = compare(base, base.but(exposure=None))
    assert weakenings(gone) == [("export", "exposure.shop.mail")]
    assert flows(gone)["mail", "email"] == "hidden"
    harmless = compare(shop(exposure=MAIL), shop())
    assert not harmless.weakened


def test_a_branch_no_longer_seen_is_seen(shop: ShopOf) -> None:
    macros = ("macro.dbt.is_incremental",)
    more = "select country from shop.main.stg union all select country from shop.main.reach"
    full, incremental = shop(macros=macros), shop(mart=more, macros=macros)
    diff = compare(full, incremental)
    assert weakenings(diff) == [("branch", "model.shop.reach")]


def test_a_baseline_that_grew_is_seen(shop: ShopOf, tmp_path: Any) -> None:
    leaky = shop(mart=LEAK)
    empty, full = tmp_path / "empty.json", tmp_path / "full.json"
    for state, file in ((shop(), empty), (leaky, full)):
        assert main(["baseline", "--manifest", str(state.manifest), "--output", str(file)]) == 0
    for before, after, weaker in (
        (empty, full, [("baseline", "full.json")]),
        (None, full, [("baseline", "full.json")]),
        (full, empty, []),
        (full, full, []),
    ):
        diff = compare(leaky, leaky, base_baseline=before, head_baseline=after)
        assert weakenings(diff) == weaker
        assert diff.failed is bool(weaker)


def test_sight_lost_on_the_way_fixes_nothing(shop: ShopOf) -> None:
    diff = compare(shop(mart=LEAK), shop(mart="select nonsense from ((("))
    assert flows(diff)["reach", "email"] == "hidden"
    assert diff.failed


def test_a_policy_that_isn_t_known_is_said(shop: ShopOf, tmp_path: Any) -> None:
    head = shop(mart=LEAK, policy="version: 1\nrules: {PII001: off}\n")
    stray = tmp_path / "base.json"
    stray.write_bytes(head.manifest.read_bytes())
    diff = compared(DiffOptions(stray, head.manifest))
    assert not diff.gate
    assert "BASE's policy isn't known" in diff.notes[0]
    given = compared(DiffOptions(stray, head.manifest, base_config=shop().home / "pii_lint.yml"))
    assert weakenings(given) == [("rule", "PII001")]
    assert not given.notes


def test_a_policy_file_deleted_is_a_weakening(shop: ShopOf) -> None:
    strict = "version: 1\npolicy: {staging: {clear: error}}\n"
    assert ("policy", "staging.clear") in weakenings(
        compare(shop(policy=strict), shop(policy=None))
    )


def test_a_renamed_project_is_compared_by_what_its_nodes_are(shop: ShopOf) -> None:
    diff = compare(shop(mart=LEAK, name="old"), shop(mart=LEAK))
    assert (flows(diff), diff.gate, diff.failed) == ({}, (), False)
    assert "called old, now shop" in diff.notes[0]


# --- formats ----------------------------------------------------------------------------------


def run(base: Any, head: Any, *options: str) -> int:
    return main(["diff", str(base.manifest), str(head.manifest), *options])


def test_the_gate_comes_first_in_text_and_comment(
    shop: ShopOf, capsys: pytest.CaptureFixture[str]
) -> None:
    base = shop(mart="select country, phone from shop.main.stg")
    head = shop(mart=LEAK, policy="version: 1\nrules: {STG001: off}\n")
    assert run(base, head) == 1
    told = capsys.readouterr().out
    places = [told.index(word) for word in ("GATE WEAKENED: 1", "New (", "Fixed (")]
    assert places == sorted(places)
    assert run(base, head, "--format", "markdown") == 1
    told = capsys.readouterr().out
    assert told.startswith(f"{difference.MARKER}\n### pii-lint: this change weakens the gate\n")
    words = ("1 new, 1 fixed, ", "The gate was weakened", "#### New", "Fixed (1)")
    places = [told.index(word) for word in words]
    assert places == sorted(places)
    assert run(base, head, "--exit-zero") == 0


def test_json_holds_everything(shop: ShopOf, capsys: pytest.CaptureFixture[str]) -> None:
    base = shop(mart="select phone from shop.main.stg")
    head = base.but(mart=LEAK, policy="version: 1\nfail_on: warn\n", folder="marts/safe")
    assert run(base, head, "--format", "json") == 1
    told = json.loads(capsys.readouterr().out)
    schema = json.loads(
        (files("pii_lint.reports") / "schema/diff.schema.json").read_text(encoding="utf-8")
    )
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(told)
    del told["flows"][0]["was"]
    assert not Draft202012Validator(schema).is_valid(told)
    (flow,) = [each for each in told["flows"] if each["change"] == "new"]
    assert (flow["codes"], flow["now"]) == (["PII001"], "clear")
    assert (told["weakened"], told["failed"]) == (False, True)
    assert len(told["input"]["manifests"]) == 2


def test_hostile_names_stay_text_in_a_comment(
    shop: ShopOf, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "a`|@everyone</details><img src=x>\n# x\x1b[31m"
    sql = f'select email as "{evil}" from shop.main.stg'
    assert run(shop(), shop(mart=sql), "--format", "markdown") == 1
    told = capsys.readouterr().out
    assert "\x1b" not in told
    (row,) = [line for line in told.split("\n") if "everyone" in line]
    # one cell of seven, inside a code span that the name can't close
    assert row.replace("\\|", "").count("|") == 8
    assert "`` reach.a`\\|@everyone</details><img src=x>\\x0a# x\\x1b[31m ``" in row


def test_a_crowd_is_cut_and_the_comment_says_so(
    shop: ShopOf, capsys: pytest.CaptureFixture[str]
) -> None:
    sql = "select " + ", ".join(f"email as c{n}" for n in range(60)) + " from shop.main.stg"
    assert run(shop(), shop(mart=sql), "--format", "markdown") == 1
    told = capsys.readouterr().out
    assert "and 20 more, which the JSON format shows" in told
    assert len(told) < 65_536


def test_a_crowd_of_long_names_still_makes_a_comment_that_is_taken(
    shop: ShopOf, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f'"{"x" * 300}{n}"' for n in range(60)]
    leaks = ", ".join(f"email as {name}" for name in names)
    masks = ", ".join(f"md5(email) as {name}" for name in names)
    extra = "".join(f"  {'y' * 180}_{n}: {{class: keyed}}\n" for n in range(60))
    base = shop(mart=f"select {masks} from shop.main.stg")
    head = shop(
        mart=f"select {leaks} from shop.main.stg", policy=f"version: 1\nfunctions:\n{extra}"
    )
    assert run(base, head, "--format", "markdown") == 1
    told = capsys.readouterr().out
    assert told.count(" more, which the JSON format shows") == 2
    assert len(told) <= difference.LONGEST_COMMENT


@pytest.mark.parametrize("position", [0, 1])
def test_an_artifact_that_can_t_be_read_is_one_sentence(
    shop: ShopOf, position: int, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(shop().manifest)] * 2
    given[position] = "nowhere.json"
    assert main(["diff", *given]) == 3
    assert capsys.readouterr().err.count("\n") == 1
