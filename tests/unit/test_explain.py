"""Why a column carries what it carries, or why it doesn't."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pii_lint.cli import main
from tests.unit.test_cli import manifest

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
STAGING = """\
select
    sha256(email || (select salt from shop.raw.secrets)) as email_hash,
    md5(email) as email_md5,
    country,
    plan,
    left(email, 0) as nothing,
    payload ->> 'plan' as payload_plan,
    payload ->> 'email' as payload_email,
    count(country) over () as countries,
    'Anna' as fixed
from shop.raw.customers
where email is not null
"""
MART = """\
select email_hash, email_md5, country, plan, payload_plan, payload_email, fixed
from shop.main.stg_customers
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Options that lead to a small project with a mask, a JSON column and a salt."""
    content: Any = manifest(MART)
    for name, sql in (("stg_customers", STAGING), ("fct_reach", MART)):
        node = content["nodes"][f"model.shop.{name}"]
        # Jinja drops the line end at the end of a file
        node["raw_code"], node["compiled_code"] = sql, sql.rstrip()
    source = content["sources"]["source.shop.raw.customers"]
    source["columns"]["payload"] = {"name": "payload", "meta": {"pii_keys": ["email"]}}
    source["columns"]["plan"] = {"name": "plan"}
    secrets = json.loads(json.dumps(source).replace("customers", "secrets"))
    secrets |= {"meta": {"secret": True}, "tags": [], "columns": {"salt": {"name": "salt"}}}
    content["sources"]["source.shop.raw.secrets"] = secrets
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(content), "utf-8")
    monkeypatch.chdir(tmp_path)
    return ["--manifest", str(path)]


@pytest.fixture
def explained(project: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    """Ask for a column, read the answer."""

    def ask(column: str) -> str:
        assert main(["explain", column, *project]) == 0
        told = capsys.readouterr()
        assert told.err == ""
        return told.out

    return ask


@pytest.mark.parametrize("column", ["payload_email", "email_hash", "payload_plan"])
def test_the_whole_answer_is_as_it_was_agreed(explained: Any, column: str) -> None:
    told = explained(f"fct_reach.{column}")
    path = SNAPSHOTS / f"explain.{column}"
    if os.environ.get("WRITE_SNAPSHOTS"):
        path.write_text(told, "utf-8")
    assert told == path.read_text("utf-8")


def test_a_dirty_column_tells_what_the_rules_say(explained: Any) -> None:
    told = explained("fct_reach.payload_email")
    assert "It holds contact.email in clear: whoever reads the column reads the value." in told
    assert "\nPII001 error: Column `payload_email` of the safe model `fct_reach` holds" in told


def test_a_masked_column_names_the_mask_its_place_and_its_secret(explained: Any) -> None:
    told = explained("fct_reach.email_hash")
    assert "It holds contact.email as a pseudonym: nobody reads the value without" in told
    assert (
        "masked in stg_customers.email_hash by sha2, under the secret source.shop.raw.secrets.salt"
        in told
    )
    assert "at models/staging/stg_customers.sql:2:12" in told


def test_a_mask_that_is_none_says_why(explained: Any) -> None:
    told = explained("fct_reach.email_md5")
    assert "It holds contact.email under a mask that is none" in told
    assert "by md5: the digest has no key, so anyone can recompute it" in told
    assert "under the secret" not in told


def test_a_clean_column_shows_what_flows_in_down_to_its_source(explained: Any) -> None:
    told = explained("fct_reach.country")
    assert "It is clean: no personal data arrives in it." in told
    rows = [line.split() for line in told.splitlines() if line.startswith("  ")]
    assert [(row[0], row[1], *row[4:]) for row in rows[1:]] == [
        ("stg_customers.country", "copy", "clean"),
        ("raw.customers.country", "copy", "declared", "clean"),
    ]
    assert "No rule objects to it." in told


def test_a_column_that_nobody_looked_at_is_told_from_one_declared_clean(explained: Any) -> None:
    assert "never reviewed: neither tagged nor declared clean" in explained("fct_reach.plan")
    assert "never reviewed" not in explained("fct_reach.country")


def test_labels_that_end_are_named_with_what_ended_them(explained: Any) -> None:
    told = explained("stg_customers.payload_plan")
    assert "It is clean" in told
    assert (
        "raw.customers.payload keeps back contact.email (clear): "
        "only another field is taken out of it."
    ) in told


def test_a_value_of_which_nothing_is_taken_doesn_t_flow_in(explained: Any) -> None:
    assert "No column's value flows into it" in explained("stg_customers.nothing")


def test_labels_that_end_are_named_below_a_clean_column_too(explained: Any) -> None:
    assert "raw.customers.payload keeps back contact.email" in explained("fct_reach.payload_plan")


def test_a_salt_that_is_used_up_is_no_part_of_the_hash(explained: Any) -> None:
    told = explained("stg_customers.email_hash")
    assert "raw.secrets.salt keeps back secret (clear): it is the key of a digest" in told


def test_a_literal_has_nothing_above_it_and_isn_t_shown(explained: Any) -> None:
    told = explained("stg_customers.fixed")
    assert "No column's value flows into it" in told
    assert "Anna" not in told


def test_a_source_column_is_where_its_label_was_born(explained: Any) -> None:
    told = explained("raw.customers.email")
    assert "of the raw source source.shop.raw.customers" in told
    assert "origin  clear" in told


def test_a_clean_source_column_says_who_looked_at_it(explained: Any) -> None:
    for column, looked in (("country", "declared clean"), ("plan", "never reviewed")):
        told = explained(f"raw.customers.{column}")
        assert f"It is where data comes in, and it is {looked}" in told
        assert "No column's value" not in told


def test_the_rows_can_be_asked_for(explained: Any) -> None:
    told = explained("fct_reach.*")
    assert "which rows there are" in told
    assert "Which rows it has was decided with: contact.email (filter)." in told


def test_a_column_is_found_by_every_name_of_its_relation(explained: Any) -> None:
    answers = {
        explained(f"{name}.country")
        for name in ("stg_customers", "model.shop.stg_customers", "main.stg_customers")
    }
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        (
            "fct_raech.country",
            "no relation `fct_raech` in the manifest: did you mean `fct_reach`?",
        ),
        ("fct_reach.countri", "`fct_reach` has no column `countri`: did you mean `country`?"),
        ("fct_reach.xyz", "`fct_reach` has no column `xyz`: it has `email_hash`, `email_md5`,"),
        ("zzz.qqq", "There is no relation `zzz` in the manifest: `pii-lint inventory` lists them"),
        ("PII00", "There is no rule PII00: did you mean PII"),
        ("nonsense", "a column is asked for as MODEL.COLUMN"),
        ("a.\x1b[31m", "There is no relation `a` in the manifest"),
    ],
)
def test_a_typo_gets_a_hint(
    project: list[str], capsys: pytest.CaptureFixture[str], asked: str, hint: str
) -> None:
    assert main(["explain", asked, *project]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert hint in told.err
    assert told.err.count("\n") == 1
    assert "\x1b" not in told.err


def test_a_name_of_two_relations_is_asked_back(
    project: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(project[1])
    content = json.loads(path.read_text("utf-8"))
    twin = dict(content["nodes"]["model.shop.stg_customers"], package_name="other")
    twin |= {"schema": "other", "relation_name": '"shop"."other"."stg_customers"'}
    content["nodes"]["model.other.stg_customers"] = twin
    path.write_text(json.dumps(content), "utf-8")
    assert main(["explain", "stg_customers.country", *project]) == 2
    told = capsys.readouterr().err
    assert "`model.other.stg_customers`, `model.shop.stg_customers`: give the unique_id" in told
    assert main(["explain", "model.other.stg_customers.country", *project]) == 0
