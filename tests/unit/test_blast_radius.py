"""What a column reaches: relations, dashboards, exports, and places past dbt."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pii_lint.cli import main
from tests.unit.test_cli import SOURCE, manifest

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
