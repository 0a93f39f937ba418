"""What a column reaches: relations, dashboards, exports, and places past dbt."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pii_lint.cli import main
from pii_lint.data.countries import spellings
from tests.unit.test_cli import SOURCE, manifest
from tests.unit.test_formats import HOSTILE, MARKS, tokens

STAGING = """\
select email, sha256(email || (select salt from shop.raw.secrets)) as email_hash,
md5(email) as weak, country, plan
from shop.raw.customers"""
MART = "select email as contact, email_hash, weak, plan from shop.main.stg_customers"
NARROW = "select email_hash, plan from shop.main.stg_customers"

Ask = Callable[..., Any]


def shop(mart: str = MART, **exposures: dict[str, object]) -> Any:
    """A source, a staging model and a mart, with uses of the mart."""
    content: Any = manifest(mart)
    staged = content["nodes"]["model.shop.stg_customers"]
    staged["raw_code"] = staged["compiled_code"] = STAGING
    source = content["sources"][SOURCE]
    source["columns"]["plan"] = {"name": "plan"}
    secrets = json.loads(json.dumps(source).replace("customers", "secrets"))
    secrets |= {"meta": {"secret": True}, "tags": [], "columns": {"salt": {"name": "salt"}}}
    content["sources"]["source.shop.raw.secrets"] = secrets
    content["exposures"] = {
        f"exposure.shop.{name}": {
            "name": name,
            "type": "application",
            "package_name": "shop",
            "original_file_path": "models/exposures.yml",
            "depends_on": {"nodes": ["model.shop.fct_reach"]},
            **more,
        }
        for name, more in exposures.items()
    }
    return content


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Ask for columns of a manifest and read the answer; JSON is parsed and validated."""
    monkeypatch.chdir(tmp_path)

    def run(content: object, *words: str, format_: str = "json") -> Any:
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(content), "utf-8")
        line = ["blast-radius", *words, "--manifest", str(path), "--format", format_]
        assert main(line) == 0
        told = capsys.readouterr()
        assert told.err == ""
        if format_ != "json":
            return told.out
        parsed = json.loads(told.out)
        schema = json.loads(
            (files("pii_lint.reports") / "schema/blast-radius.schema.json").read_text("utf-8")
        )
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(parsed)
        return parsed

    return run


def reached(told: Any) -> set[str]:
    return {
        f"{relation['node'].rsplit('.', 1)[1]}.{one['column']}:{one['flow']['form']}"
        for relation in told["relations"]
        for one in relation["arrived"]
    }


def test_a_source_column_reaches_what_is_made_of_it_each_in_its_form(ask: Ask) -> None:
    assert reached(ask(shop(), "raw.customers.email")) == {
        "stg_customers.email:clear",
        "stg_customers.email_hash:pseudonym",
        "stg_customers.weak:weak",
        "fct_reach.contact:clear",
        "fct_reach.email_hash:pseudonym",
        "fct_reach.weak:weak",
    }


@pytest.mark.parametrize(
    ("column", "there"),
    [
        ("email", {"fct_reach.contact:clear"}),
        ("email_hash", {"fct_reach.email_hash:pseudonym"}),
        ("weak", {"fct_reach.weak:weak"}),
    ],
)
def test_a_column_on_the_way_reaches_only_what_passes_through_it(
    ask: Ask, column: str, there: set[str]
) -> None:
    told = ask(shop(), f"stg_customers.{column}")
    assert reached(told) == there
    (relation,) = told["relations"]
    (arrived,) = relation["arrived"]
    steps = [f"{step['node']}.{step['column']}" for step in arrived["flow"]["steps"]]
    assert steps[0] == f"model.shop.stg_customers.{column}"
    assert len(steps) == 2


def test_a_column_that_ends_reaches_nothing(ask: Ask) -> None:
    assert reached(ask(shop(NARROW), "stg_customers.email")) == set()
    told = ask(shop(NARROW), "stg_customers.email", format_="text")
    assert "Nothing of it goes on." in told


def test_the_way_runs_from_the_asked_column_with_the_expression_of_each_step(ask: Ask) -> None:
    told = ask(shop(), "raw.customers.email")
    mart = next(each for each in told["relations"] if each["node"] == "model.shop.fct_reach")
    (arrived,) = [each for each in mart["arrived"] if each["column"] == "contact"]
    steps = arrived["flow"]["steps"]
    assert [step["node"] for step in steps] == [
        SOURCE,
        "model.shop.stg_customers",
        "model.shop.fct_reach",
    ]
    assert (mart["zone"], mart["mart"], arrived["classification"]) == ("safe", True, "confidential")


def test_an_untagged_column_is_followed_as_if_it_were_personal_and_the_report_says_so(
    ask: Ask,
) -> None:
    told = ask(shop(), "raw.customers.plan")
    assert reached(told) == {"stg_customers.plan:clear", "fct_reach.plan:clear"}
    assert told["asked"][0]["tagged"] is False
    assert [note for note in told["notes"] if "followed as if it were" in note]
    tagged = ask(shop(), "raw.customers.email")
    assert tagged["asked"][0]["tagged"] is True
    assert not [note for note in tagged["notes"] if "followed as if it were" in note]


def test_what_only_chooses_rows_is_told_from_a_value(ask: Ask) -> None:
    mart = "select plan from shop.main.stg_customers where email is not null"
    told = ask(shop(mart), "raw.customers.email")
    (found,) = [each for each in told["relations"] if each["node"] == "model.shop.fct_reach"]
    assert [(one["column"], one["value"]) for one in found["arrived"]] == [("*", False)]
    passing = ask(shop(mart), "stg_customers.email")
    assert reached(passing) == {"fct_reach.*:signal"}


def test_sight_that_is_lost_downstream_is_named(ask: Ask) -> None:
    content = shop("select {{ nonsense from")
    told = ask(content, "raw.customers.email")
    assert [each["node"] for each in told["unseen"]] == ["model.shop.fct_reach"]
    assert any(one["flow"]["form"] == "clear" for one in told["relations"][0]["arrived"])
    assert ask(shop(), "raw.customers.email")["unseen"] == []


def test_an_opaque_model_is_reached_by_whatever_its_parent_holds(ask: Ask) -> None:
    told = ask(shop("select {{ nonsense from"), "stg_customers.email")
    assert "fct_reach.*:clear" in reached(told)


@pytest.mark.parametrize(("hook", "there"), [(True, True), (False, False)])
def test_what_a_hook_brings_in_again_is_not_missed(ask: Ask, hook: bool, there: bool) -> None:
    """The mart's own SQL takes the source's column, its hook that of staging."""
    content = shop("select email as contact from shop.raw.customers")
    reach = content["nodes"]["model.shop.fct_reach"]
    reach["depends_on"] = {"nodes": [SOURCE, "model.shop.stg_customers"]}
    if hook:
        sql = "insert into shop.main.fct_reach (contact) select email from shop.main.stg_customers"
        reach["config"]["post-hook"] = [{"sql": sql, "transaction": True, "index": None}]
    told = ask(content, "stg_customers.email")
    assert ("fct_reach.contact:clear" in reached(told)) is there


def test_dashboards_stay_inside_and_exports_name_their_recipient(ask: Ask) -> None:
    content = shop(
        feed={"config": {"meta": {"destination": "Vendor Inc.", "first_run": "2024-01-31"}}},
        board={"type": "dashboard", "owner": {"name": "Sales", "email": "sales@example.com"}},
        other={"depends_on": {"nodes": ["source.shop.raw.secrets"]}},
    )
    uses = ask(content, "raw.customers.email")["uses"]
    assert [(use["node"], use["export"], use["recipient"]) for use in uses] == [
        ("exposure.shop.board", False, "board"),
        ("exposure.shop.feed", True, "Vendor Inc."),
    ]
    assert uses[1]["first_run"] == "2024-01-31"
    assert {one["flow"]["form"] for one in uses[1]["arrived"]} == {"clear", "pseudonym", "weak"}


def test_an_export_of_the_asked_relation_itself_is_reached(ask: Ask) -> None:
    (use,) = ask(shop(feed={}), "fct_reach.contact")["uses"]
    assert use["takes"] == ["model.shop.fct_reach"]
    assert {one["column"] for one in use["arrived"]} == {"contact"}
    assert ask(shop(feed={}), "fct_reach.plan")["uses"][0]["arrived"] != []


def test_several_columns_are_told_apart(ask: Ask) -> None:
    told = ask(shop(), "raw.customers.email", "raw.customers.plan")
    asked = {one["asked"] for each in told["relations"] for one in each["arrived"]}
    assert asked == {f"{SOURCE}.email", f"{SOURCE}.plan"}


def test_no_literal_is_shown(ask: Ask) -> None:
    mart = "select replace(email, 'anna@example.com', 'x') as contact from shop.main.stg_customers"
    for format_ in ("text", "json"):
        told = ask(shop(mart), "raw.customers.email", format_=format_)
        assert "anna" not in str(told)
        assert "replace" in str(told).lower()


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("stg_custmers.email", "did you mean `stg_customers`?"),
        ("stg_customers.emial", "did you mean `email`?"),
    ],
)
def test_a_misspelt_column_is_answered_with_the_nearest(
    asked: str, hint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(shop()), "utf-8")
    assert main(["blast-radius", asked, "--manifest", str(path)]) == 2
    assert hint in capsys.readouterr().err


# --- the incident report ----------------------------------------------------------------------


def feeds(**meta: object) -> Any:
    return shop(
        feed={"config": {"meta": {"destination": "Vendor Inc.", **meta}}},
        board={"type": "dashboard"},
    )


def test_the_incident_report_has_what_an_authority_and_a_recipient_are_told(ask: Ask) -> None:
    told = ask(feeds(first_run="2024-01-31"), "raw.customers.email", format_="markdown")
    titles = [line for line in told.splitlines() if line.startswith("#")]
    assert titles[0] == "# Incident report: personal data in 1 mart and 1 export"
    for title in (
        "What happened",
        "First of all",
        "Timeline",
        "Exposure",
        "Kinds",
        "Recipients",
        "Deletion requests",
    ):
        assert f"## {title}" in titles
    assert "## Notice to the authority, within 72 hours" in titles
    assert "### To `Vendor Inc.`" in titles
    assert "| `2024-01-31` | first run of `exposure feed`, to `Vendor Inc.` |" in told
    assert "`--data` does" in told


def test_a_letter_speaks_of_nothing_that_only_the_company_knows(ask: Ask) -> None:
    told = ask(feeds(first_run="2024-01-31", records=5), "raw.customers.email", format_="markdown")
    letter = told.partition("### To `Vendor Inc.`")[2].partition("\n## ")[0]
    assert "From `2024-01-31` on we sent you `5` records" in letter
    assert "`contact.email`: an e-mail address" in letter
    for word in ("exposure", "feed", "fct_reach", "models/", "stg_"):
        assert word not in letter


UNTIL = str(datetime.now(tz=UTC).date() + timedelta(days=30))
SIGNED = {
    "approved_by": "Privacy office",
    "approved_on": "2020-01-01",
    "until": UNTIL,
    "kinds": ["email"],
    "forms": ["clear"],
}


def test_a_use_comes_with_its_sign_off_and_what_that_does_not_cover(ask: Ask) -> None:
    (_, feed) = ask(feeds(sign_off=SIGNED), "raw.customers.email")["uses"]
    assert feed["sign_off"]["approved_by"] == "Privacy office"
    assert feed["sign_off"]["kinds"] == ["contact.email"]
    (gap, *_) = feed["sign_off"]["gaps"]
    assert "doesn't cover contact.email in the form" in gap
    whole = {**SIGNED, "forms": ["clear", "weak", "pseudonym", "partial"], "kinds": ["email"]}
    plain = counting("select email as contact from shop.raw.customers")
    plain["exposures"]["exposure.shop.feed"]["config"]["meta"]["sign_off"] = whole
    (board, feed) = ask(plain, "raw.customers.email")["uses"]
    assert (feed["sign_off"]["gaps"], board["sign_off"]) == ([], None)


def test_a_sign_off_for_longer_than_the_policy_allows_covers_nothing_here_either(ask: Ask) -> None:
    (_, feed) = ask(feeds(sign_off={**SIGNED, "until": "2999-12-31"}), "raw.customers.email")[
        "uses"
    ]
    (gap,) = feed["sign_off"]["gaps"]
    assert "longer than the policy allows" in gap


def test_every_format_says_who_signed_and_where_nobody_did(ask: Ask) -> None:
    signed = f"contact.email as clear, signed by Privacy office on 2020-01-01, until {UNTIL}"
    for format_ in ("text", "markdown"):
        assert signed in ask(feeds(sign_off=SIGNED), "raw.customers.email", format_=format_)
    assert "nobody signed for it" in ask(feeds(), "raw.customers.email", format_="text")


def test_a_dashboard_gets_no_letter(ask: Ask) -> None:
    told = ask(shop(board={"type": "dashboard"}), "raw.customers.email", format_="markdown")
    assert "Deletion requests" not in told
    assert "Extracts and caches of `exposure board` emptied" in told


def test_an_export_that_only_rows_were_chosen_for_gets_no_letter(ask: Ask) -> None:
    content = shop("select plan from shop.main.stg_customers where email is not null", feed={})
    told = ask(content, "raw.customers.email", format_="markdown")
    assert told.startswith("# Incident report: personal data in 0 marts and 0 exports")
    assert "Deletion requests" not in told
    assert "`*` (signal (filter))" in told


# a lone surrogate is in no manifest, for it can't be written as UTF-8
WRITABLE = [name for name in HOSTILE if not any("\ud800" <= char <= "\udfff" for char in name)]


@pytest.mark.parametrize("name", WRITABLE, ids=range(len(WRITABLE)))
def test_a_hostile_recipient_stays_text(name: str, ask: Ask) -> None:
    content = feeds(destination=name, first_run=name, records=name)
    told = ask(content, "raw.customers.email", format_="markdown")
    plain = ask(feeds(), "raw.customers.email", format_="markdown")
    assert not set(told) & set("\x1b\u202e\u200b")
    kinds = [{token.type for token in tokens(text)} for text in (told, plain)]
    assert not (kinds[0] - kinds[1]) & MARKS


# --- counts -----------------------------------------------------------------------------------

PEOPLE = """\
create schema raw;
create table raw.customers (customer_id integer, email varchar, country varchar, plan varchar);
insert into raw.customers values
  (1, 'anna@example.com', 'CA', 'x'), (2, 'bob@example.com', 'it', 'x'),
  (3, null, 'France', 'x'), (4, 'dora@example.com', 'GBR', 'x'), (5, 'emil@example.com', 'NO', 'x'),
  (6, 'finn@example.com', null, 'x'), (7, 'gus@example.com', 'Atlantis', 'x');
create table fct_reach as select customer_id, email as contact from raw.customers;
"""
COUNTING = "select customer_id, email as contact from shop.raw.customers"


def counting(mart: str = COUNTING) -> Any:
    """A shop whose customers have a key and a country."""
    content = feeds()
    content["sources"][SOURCE]["columns"]["customer_id"] = {"name": "customer_id"}
    reach = content["nodes"]["model.shop.fct_reach"]
    reach["raw_code"] = reach["compiled_code"] = mart
    reach["depends_on"] = {"nodes": [SOURCE]}
    return content


@pytest.fixture
def warehouse(require: Callable[[str], None], tmp_path: Path) -> Callable[[str], list[str]]:
    """Make a DuckDB file, and the options that have it counted."""
    require("duckdb")
    import duckdb

    def make(sql: str = PEOPLE) -> list[str]:
        path = tmp_path / "shop.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute(sql)
        return ["--data", "--database", str(path), "--subject", "customer_id"]

    return make


def test_people_are_counted_where_they_live_and_canada_is_not_in_the_union(
    ask: Ask, warehouse: Callable[[str], list[str]]
) -> None:
    told = ask(counting(), "raw.customers.email", *warehouse(PEOPLE))
    (mart,) = [one["counts"] for one in told["counted"]["marts"]]
    # the mart has no country: it is looked up at the asked relation
    lives = {"eu": 2, "eea": 1, "uk": 1, "elsewhere": 1, "unknown": 2}
    assert mart["residence"] == lives
    assert (mart["rows"], mart["subjects"], mart["why"]) == (7, 7, None)
    assert mart["kinds"] == {"contact.email": 6}
    assert told["counted"]["exports"]["residence"] == lives


@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_no_value_leaves_the_warehouse(
    ask: Ask, warehouse: Callable[[str], list[str]], format_: str
) -> None:
    told = ask(counting(), "raw.customers.email", *warehouse(PEOPLE), format_=format_)
    assert "elsewhere" in told
    for value in ("anna", "example.com", "Atlantis", "GBR"):
        assert value not in told


def test_an_export_to_two_recipients_counts_records_twice_and_people_once(
    ask: Ask, warehouse: Callable[[str], list[str]]
) -> None:
    content = counting()
    feed = content["exposures"]["exposure.shop.feed"]
    content["exposures"]["exposure.shop.other"] = {**feed, "name": "other"}
    together = ask(content, "raw.customers.email", *warehouse(PEOPLE))["counted"]["exports"]
    assert (together["rows"], together["subjects"]) == (14, 7)
    assert together["kinds"] == {"contact.email": 12}


def test_what_is_not_built_is_said_and_never_a_zero(
    ask: Ask, warehouse: Callable[[str], list[str]]
) -> None:
    options = warehouse("create schema raw;")
    told = ask(counting(), "raw.customers.email", *options)["counted"]
    for counts in (told["marts"][0]["counts"], told["exports"]):
        assert counts["rows"] is None
        assert "fct_reach isn't built in this database" in counts["why"]
    text = ask(counting(), "raw.customers.email", *options, format_="text")
    assert "not counted: fct_reach: fct_reach isn't built in this database" in text


def test_people_that_nothing_tells_apart_are_not_counted_as_rows(
    ask: Ask, warehouse: Callable[[str], list[str]]
) -> None:
    *options, _ = warehouse(PEOPLE)
    told = ask(counting(), "raw.customers.email", *options, "no_such_column")["counted"]
    counts = told["marts"][0]["counts"]
    assert (counts["rows"], counts["subjects"], counts["residence"]) == (7, None, None)
    assert "--subject" in counts["why"]


def test_columns_that_are_not_there_are_said(
    ask: Ask, warehouse: Callable[[str], list[str]]
) -> None:
    options = warehouse("create table fct_reach (customer_id integer)")
    (mart,) = ask(counting(), "raw.customers.email", *options)["counted"]["marts"]
    assert mart["counts"]["rows"] is None
    assert "can't be read as the manifest describes it" in mart["counts"]["why"]


def test_rows_of_nobody_are_said(ask: Ask, warehouse: Callable[[str], list[str]]) -> None:
    options = warehouse(PEOPLE + "insert into fct_reach values (null, 'hal@example.com');")
    (mart,) = ask(counting(), "raw.customers.email", *options)["counted"]["marts"]
    assert (mart["counts"]["rows"], mart["counts"]["subjects"]) == (8, 7)
    assert mart["counts"]["why"].startswith("in 1 of the rows")


def test_a_key_tells_people_apart_rather_than_a_unique_personal_column(
    ask: Ask, warehouse: Callable[[str], list[str]]
) -> None:
    content = counting()
    content["nodes"] |= unique("email") | unique("customer_id")
    *options, _, _ = warehouse(PEOPLE)
    (mart,) = ask(content, "raw.customers.email", *options)["counted"]["marts"]
    # by email it would be six: one has none
    assert (mart["counts"]["subjects"], mart["counts"]["why"]) == (7, None)


def unique(column: str, node: str = SOURCE) -> dict[str, Any]:
    name = f"unique_{column}_{node.rpartition('.')[2]}"
    return {
        f"test.shop.{name}": {
            "resource_type": "test",
            "name": name,
            "package_name": "shop",
            "original_file_path": "models/raw/src.yml",
            "attached_node": node,
            "column_name": column,
            "test_metadata": {"name": "unique", "kwargs": {"column_name": column}},
            "depends_on": {"nodes": [node]},
        }
    }


def counted(ask: Ask, content: Any, options: list[str]) -> list[Any]:
    """What is counted of each mart."""
    return list(ask(content, "raw.customers.email", *options)["counted"]["marts"])


def test_a_key_and_a_country_are_known_by_what_they_copy_not_by_their_names(
    ask: Ask, warehouse: Callable[[str], list[str]]
) -> None:
    renamed = (
        "with c as (select customer_id as who, country as land, email from shop.raw.customers) "
        "select who as person, land as lives, email as contact, 'IT' as country, 1 as customer_id "
        "from c"
    )
    content = counting(renamed)
    content["sources"][SOURCE]["columns"]["country"] = {"name": "country"}
    content["nodes"] |= unique("customer_id")
    *options, _, _ = warehouse(
        PEOPLE.split("create table fct_reach")[0]
        + f"""
        create table fct_reach as {renamed.replace("shop.raw", "raw")};"""
    )
    mart = counted(ask, content, options)[0]["counts"]
    assert mart["subjects"] == 7
    assert mart["residence"] == {"eu": 2, "eea": 1, "uk": 1, "elsewhere": 1, "unknown": 2}


def test_a_renamed_key_finds_the_country_at_home(
    ask: Ask, warehouse: Callable[[str], list[str]]
) -> None:
    renamed = "select customer_id as person, email as contact from shop.raw.customers"
    content = counting(renamed)
    content["nodes"] |= unique("customer_id")
    *options, _, _ = warehouse(
        PEOPLE.split("create table fct_reach")[0]
        + f"""
        create table fct_reach as {renamed.replace("shop.raw", "raw")};"""
    )
    mart = counted(ask, content, options)[0]["counts"]
    assert (mart["subjects"], mart["why"]) == (7, None)
    assert mart["residence"]["eu"] == 2


def test_the_key_of_something_else_that_is_called_alike_counts_nobody(
    ask: Ask, warehouse: Callable[[str], list[str]]
) -> None:
    """Each order has an `id`, and so has each customer: orders are no people."""
    mixed = (
        "select o.id, c.email as contact from shop.raw.customers c join shop.raw.orders o on true"
    )
    content = counting(mixed)
    orders = "source.shop.raw.orders"
    columns = {"id": {"name": "id"}}
    known = content["sources"][SOURCE]
    content["sources"][orders] = {
        **known,
        "name": "orders",
        "identifier": "orders",
        "relation_name": '"shop"."raw"."orders"',
        "columns": columns,
        "tags": [],
    }
    known["columns"]["id"] = {"name": "id"}
    content["nodes"]["model.shop.fct_reach"]["depends_on"] = {"nodes": [SOURCE, orders]}
    content["nodes"] |= unique("id") | unique("id", orders)
    *options, _, _ = warehouse("create table fct_reach (id integer, contact varchar)")
    mart = counted(ask, content, options)[0]["counts"]
    assert mart["subjects"] is None
    assert "tells people apart" in mart["why"]


def test_without_data_nothing_is_counted(ask: Ask) -> None:
    assert ask(counting(), "raw.customers.email")["counted"] is None


def test_a_warehouse_that_is_not_there_is_one_sentence(
    tmp_path: Path, require: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    require("duckdb")
    manifest_ = tmp_path / "manifest.json"
    manifest_.write_text(json.dumps(counting()), "utf-8")
    line = ["blast-radius", "raw.customers.email", "--manifest", str(manifest_), "--data"]
    assert main([*line, "--database", str(tmp_path / "none.duckdb")]) == 2
    assert "There is no DuckDB file at" in capsys.readouterr().err


def test_each_country_stands_in_one_area() -> None:
    known = spellings()
    every = [word for words in known.values() for word in words]
    assert len(every) == len(set(every)) > 700
    assert {"FR", "FRA", "FRANCE", "IT", "GR", "EL"} <= set(known["eu"])
    assert {"NO", "IS", "LI"} <= set(known["eea"])
    assert {"GB", "UK", "SCOTLAND"} <= set(known["uk"])
    assert {"CA", "CAN", "CANADA", "CH", "US"} <= set(known["elsewhere"])
    members = [word for word in known["eu"] if len(word) == 2]
    # 27, Greece's second code, and seven regions with a code of their own
    assert len(members) == 27 + 1 + 7
