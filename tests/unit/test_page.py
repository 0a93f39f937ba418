"""What the page holds, read without a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from pii_lint.cli import main
from pii_lint.reports.page.html import SCRIPTS
from tests.unit.test_blast_radius import shop
from tests.unit.test_cli import manifest

Read = Callable[..., Any]
SOON = str(datetime.now(tz=UTC).date() + timedelta(days=300))


class Told:
    """The page's document, its numbers looked up."""

    def __init__(self, page: str) -> None:
        self.page = page
        found = re.search(r'<script type="application/json" id="facts">(.*?)</script>', page, re.S)
        assert found
        self.packed = json.loads(found[1])
        self.texts = self.packed["texts"]
        self.nodes = {self.texts[node[1]]: node for node in self.packed["nodes"]}
        self.columns = [
            f"{self.texts[node[1]]}.{self.texts[name]}"
            for node in self.packed["nodes"]
            for name in node[-1]
        ]

    def stands(self, column: str) -> list[tuple[str, str, str]]:
        """Kind, form and expression of each label of a column."""
        return [
            (self.texts[one[3]], self.packed["forms"][one[5]], self.texts[one[9]])
            for one in self.packed["stands"]
            if self.columns[one[0]] == column
        ]

    def way(self, column: str) -> list[str]:
        """The columns of the first label's way, origin first."""
        stands = self.packed["stands"]
        at = next(one for one in stands if self.columns[one[0]] == column)
        found = [self.columns[at[0]]]
        while at[7] >= 0:
            at = stands[at[7]]
            found.insert(0, self.columns[at[0]])
        return found

    def made_of(self, column: str) -> set[str]:
        edges = self.packed["made"][self.columns.index(column)]
        numbers = [edge[0] if isinstance(edge, list) else edge for edge in edges]
        return {self.columns[number] for number in numbers if number >= 0}


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Write the page of a manifest and read it."""
    monkeypatch.chdir(tmp_path)

    def write(content: object, policy: str = "", *options: str) -> Told:
        (tmp_path / "manifest.json").write_text(json.dumps(content), "utf-8")
        line = ["report", "--manifest", "manifest.json", "--output", "page.html", *options]
        if policy:
            (tmp_path / "policy.yml").write_text(policy, "utf-8")
            line += ["--config", "policy.yml"]
        assert main(line) == 0
        return Told((tmp_path / "page.html").read_text("utf-8"))

    return write


# --- lineage ---


def test_labels_come_with_form_expression_and_way(read: Read) -> None:
    told = read(shop())
    assert told.stands("fct_reach.contact") == [("contact.email", "clear", "email as contact")]
    (hashed,) = told.stands("stg_customers.email_hash")
    assert hashed[:2] == ("contact.email", "pseudonym")
    assert "sha256(email ||" in hashed[2]
    assert told.way("fct_reach.contact") == [
        *("raw.customers.email", "stg_customers.email", "fct_reach.contact"),
    ]


def test_clean_columns_say_what_they_are_made_of(read: Read) -> None:
    told = read(shop())
    assert told.stands("fct_reach.plan") == []
    assert told.made_of("fct_reach.plan") == {"stg_customers.plan"}
    assert told.made_of("stg_customers.plan") == {"raw.customers.plan"}


def test_what_a_scan_met_is_told_and_that_there_was_none_too(read: Read, tmp_path: Path) -> None:
    assert read(shop()).packed["scan"] is None
    seen = {"node": "model.shop.fct_reach", "column": "plan", "pattern": "email", "rows": 3}
    seen |= {"kind": "contact.email", "looked": 9, "zone": "safe", "standing": "unexpected"}
    found = {"scan_version": 1, "relations": [], "sightings": [seen]}
    (tmp_path / "scan.json").write_text(json.dumps(found), "utf-8")
    told = read(shop(), "", "--scan", "scan.json")
    ((node, column, pattern, *rest),) = told.packed["scan"]
    assert told.texts[told.packed["nodes"][node][1]] == "fct_reach"
    assert [told.texts[column], told.texts[pattern], *rest] == ["plan", "email", 3, 9, "unexpected"]


def test_a_secret_is_nobody_s_data(read: Read) -> None:
    told = read(shop())
    assert told.texts[told.nodes["raw.secrets"][2]] == "secret"
    assert told.stands("raw.secrets.salt") == []
    (mask,) = (mask for mask in told.packed["masks"] if mask[3] == "keyed")
    assert [told.texts[secret] for secret in mask[5]] == ["source.shop.raw.secrets.salt"]


def test_which_rows_there_are_counts_as_a_column(read: Read) -> None:
    told = read(shop("select plan from shop.main.stg_customers where email is not null"))
    ((kind, form, _),) = told.stands("fct_reach.(rows)")
    assert (kind, form) == ("contact.email", "signal")
    assert told.made_of("fct_reach.(rows)") == {"stg_customers.email"}


def test_source_columns_say_who_looked_at_them(read: Read) -> None:
    told = read(shop())
    standing = dict(zip(told.columns, told.packed["standing"], strict=True))
    assert standing["raw.customers.email"] == "1"
    assert standing["raw.customers.country"] == "2"
    assert standing["raw.customers.plan"] == "3"
    assert standing["fct_reach.plan"] == "0"


def test_a_model_that_cannot_be_read_is_named(read: Read) -> None:
    told = read(shop("select (((((("))
    assert [node for node, _, _ in told.packed["blind"]] == [
        list(told.nodes).index("fct_reach"),
    ]


# --- what lets findings pass ---


def states(told: Told) -> list[tuple[str, str]]:
    return [(leave[0], leave[1]) for leave in told.packed["leaves"]]


DECLARED = """\
version: 1
declassified:
  - node: model.shop.fct_reach
    columns: [contact]
    kinds: [email]
    reason: agreed with the office
    by: privacy
    until: {until}
"""


@pytest.mark.parametrize(
    ("until", "state"),
    # the last one lasts longer than the policy allows
    [(SOON, "holds"), ("2020-01-01", "expired"), ("2199-01-01", "unusable")],
)
def test_what_somebody_signed_holds_until_its_day(read: Read, until: str, state: str) -> None:
    told = read(shop(), DECLARED.format(until=until))
    assert states(told) == [("declassified", state)]
    (leave,) = told.packed["leaves"]
    assert leave[5:9] == ["contact.email", "agreed with the office", "privacy", until]


def test_a_comment_that_says_nothing_is_no_exception_that_holds(read: Read) -> None:
    content = shop()
    content["nodes"]["model.shop.fct_reach"]["raw_code"] = (
        "-- pii-lint: ignore[PII001] because\n"
        + content["nodes"]["model.shop.fct_reach"]["raw_code"]
    )
    assert states(read(content)) == [("suppressed", "unusable")]


def test_a_policy_milder_than_the_shipped_one_is_an_exception(read: Read) -> None:
    told = read(shop(), "version: 1\npolicy: {safe: {weak: note}}\nrules: {TAG001: off}\n")
    assert states(told) == [("milder policy", "weakens")] * 2
    assert states(read(shop(), "version: 1\npolicy: {safe: {statistic: error}}\n")) == []


def test_what_a_baseline_knows_is_counted(read: Read, tmp_path: Path) -> None:
    told = read(shop())
    assert told.packed["failed"]
    line = ["baseline", "--manifest", "manifest.json", "--output", "known.json"]
    assert main(line) == 0
    told = read(shop(), "", "--baseline", "known.json")
    assert not told.packed["failed"]
    assert ("known before", "weakens") in states(told)


# --- uses ---


@pytest.mark.parametrize(
    ("meta", "state"),
    [
        ({}, "unsigned"),
        ({"until": SOON, "forms": ["clear", "weak", "pseudonym"]}, "signed"),
        ({"until": "2020-01-01", "forms": ["clear", "weak", "pseudonym"]}, "expired"),
        ({"until": SOON, "forms": ["pseudonym"]}, "signed in part"),
    ],
)
def test_a_use_says_whether_somebody_signed(read: Read, meta: dict[str, Any], state: str) -> None:
    signed = {"approved_by": "office", "approved_on": "2020-01-01", "kinds": ["email"], **meta}
    told = read(shop(feed={"meta": {"sign_off": signed} if meta else {}}))
    ((_, type_, recipient, said, sentence),) = told.packed["uses"]
    assert (type_, recipient, said) == ("application", "feed", state)
    assert "contact.email (clear)" in sentence


def test_a_use_of_nothing_personal_needs_no_word(read: Read) -> None:
    told = read(shop("select plan from shop.main.stg_customers", feed={}))
    assert told.packed["uses"][0][3] == "nothing to sign"


# --- the file ---


def test_the_verdict_is_that_of_check(read: Read, capsys: pytest.CaptureFixture[str]) -> None:
    for mart in ("select email from shop.raw.customers", "select country from shop.raw.customers"):
        told = read(manifest(mart))
        assert told.packed["failed"] == main(["check", "--manifest", "manifest.json"])


def test_nothing_but_its_own_script_and_style_may_run(read: Read) -> None:
    page = read(shop()).page
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)


def test_each_script_is_part_of_the_page() -> None:
    there = {path.name for path in (files("pii_lint.reports.page") / "script").iterdir()}
    assert there == {f"{name}.js" for name in SCRIPTS}


def test_no_name_ends_the_document_or_begins_markup(read: Read) -> None:
    content = shop(**{"</script><script>": {"owner": {"name": "<!--<b>&amp;\u2028"}}})
    told = read(content)
    inside = told.page.partition('id="facts">')[2].partition("</script>")[0]
    assert not set("<>&\u2028") & set(inside)
    assert "</script><script>" in told.nodes


def test_no_literal_no_comment_and_no_place_of_this_machine_stands_in_it(
    read: Read, tmp_path: Path
) -> None:
    mart = (
        "select case when email = 'canary@example.com' then 'canary-two' end as c -- canary-three\n"
        "from shop.main.stg_customers where plan <> 'canary-four'"
    )
    page = read(shop(mart)).page
    assert "canary" not in page
    assert str(tmp_path) not in page


def test_nothing_to_guard_gives_no_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("manifest.json").write_text(json.dumps(manifest(tagged=False)), "utf-8")
    assert main(["report", "--manifest", "manifest.json"]) == 2
    assert "nothing to follow" in capsys.readouterr().err
    assert not Path("pii-lint-report.html").exists()


def test_it_goes_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("manifest.json").write_text(json.dumps(manifest()), "utf-8")
    assert main(["report", "--manifest", "manifest.json"]) == 0
    assert "pii-lint-report.html: open it in a browser." in capsys.readouterr().err
    assert main(["report", "--manifest", "manifest.json", "--output", "-"]) == 0
    assert capsys.readouterr().out == Path("pii-lint-report.html").read_text("utf-8")
    assert main(["report", "--manifest", "manifest.json", "--output", "no/folder.html"]) == 2
    assert "--output" in capsys.readouterr().err
