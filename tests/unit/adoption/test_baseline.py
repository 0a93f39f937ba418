"""Known findings: a baseline file and an earlier manifest. What is new always counts."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pii_lint import baseline
from pii_lint.cli import main
from pii_lint.errors import ConfigError
from pii_lint.options import Options
from pii_lint.pipeline.check import check as judged

LEAK = "select email from shop.main.stg"
MORE = "select email, phone from shop.main.stg"
BLIND = "select * from somewhere.undeclared"
ShopOf = Callable[..., Any]


def check(shop: Any, *options: str) -> int:
    return main(["check", "--manifest", str(shop.manifest), *options])


def write(shop: Any, file: Path, *options: str) -> int:
    return main(["baseline", "--manifest", str(shop.manifest), "--output", str(file), *options])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "known.json"


def test_a_known_finding_passes_and_stays_visible(
    shop: ShopOf, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leaky = shop(mart=LEAK)
    assert check(leaky) == 1
    assert write(leaky, file) == 0
    capsys.readouterr()
    assert check(leaky, "--baseline", str(file)) == 0
    told = capsys.readouterr().out
    assert "suppressed: known to the baseline known.json" in told
    assert check(leaky, "--baseline", str(file), "--format", "json") == 0
    (found,) = [f for f in json.loads(capsys.readouterr().out)["findings"] if f["code"] == "PII001"]
    assert found["suppressed"]["source"] == "baseline"


def test_a_new_flow_counts(shop: ShopOf, file: Path) -> None:
    write(shop(mart=LEAK), file)
    assert check(shop(mart=MORE), "--baseline", str(file)) == 1


def test_a_finding_with_one_new_flow_among_known_ones_counts(shop: ShopOf, file: Path) -> None:
    write(shop(mart=LEAK), file)
    joined = shop(mart="select email || phone as email from shop.main.stg")
    assert check(joined, "--baseline", str(file)) == 1


def test_a_worse_form_of_a_known_flow_counts(shop: ShopOf, file: Path) -> None:
    write(shop(mart="select md5(email) as email from shop.main.stg"), file)
    assert check(shop(mart=LEAK), "--baseline", str(file)) == 1


def test_another_part_of_a_known_value_counts(shop: ShopOf, file: Path) -> None:
    first = shop(mart="select left(email, 1) as email from shop.main.stg")
    longer = shop(mart="select left(email, 5) as email from shop.main.stg")
    write(first, file)
    assert check(first, "--baseline", str(file)) == 0
    assert check(longer, "--baseline", str(file)) == 1
    assert check(longer, "--since", str(first.manifest)) == 1


def test_a_further_raw_table_counts(shop: ShopOf, file: Path) -> None:
    one = shop(mart="select country from shop.raw.people")
    write(one, file, "--fail-on", "note")
    assert check(one, "--baseline", str(file)) == 0
    two = shop(mart="select p.country from shop.raw.people p, shop.raw.more m")
    manifest = json.loads(two.manifest.read_text("utf-8"))
    people = manifest["sources"]["source.shop.raw.people"]
    manifest["sources"]["source.shop.raw.more"] = {
        **people,
        "name": "more",
        "relation_name": '"shop"."raw"."more"',
        "columns": {"country": {"name": "country", "meta": {"pii": False}}},
    }
    manifest["nodes"][two.uid]["depends_on"]["nodes"].append("source.shop.raw.more")
    two.manifest.write_text(json.dumps(manifest), "utf-8")
    assert check(two, "--baseline", str(file)) == 1


def test_lost_sight_is_never_known(
    shop: ShopOf, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blind = shop(mart=BLIND)
    assert write(blind, file) == 0
    assert "Not in it is lost sight" in capsys.readouterr().out
    assert check(blind, "--baseline", str(file)) == 1


def test_a_forged_entry_lets_no_lost_sight_pass(shop: ShopOf, file: Path) -> None:
    blind = shop(mart=BLIND)
    found = judged(Options(manifests=(blind.manifest,))).findings
    file.write_text(baseline.render(baseline.known(found), "shop"), "utf-8")
    assert json.loads(file.read_text("utf-8"))["findings"]
    assert check(blind, "--baseline", str(file)) == 1


def test_an_expired_promise_is_never_known(shop: ShopOf, file: Path) -> None:
    sql = "select email -- pii-lint: ignore[PII001] until=2020-01-01 a test\nfrom shop.main.stg"
    stale = shop(mart=sql)
    write(stale, file)
    assert "SUP001" not in file.read_text("utf-8")
    assert check(stale, "--baseline", str(file), "--fail-on", "warn") == 1


def test_it_is_the_same_from_run_to_run_and_holds_no_value(shop: ShopOf, tmp_path: Path) -> None:
    leaky = shop(mart="select email, 'a literal' as note from shop.main.stg")
    texts = []
    for name in ("one.json", "two.json"):
        write(leaky, tmp_path / name)
        texts.append((tmp_path / name).read_text("utf-8"))
    assert texts[0] == texts[1]
    assert "a literal" not in texts[0]


def test_update_only_drops(shop: ShopOf, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(shop(mart=MORE), file)
    before = json.loads(file.read_text("utf-8"))["findings"]
    other = shop(mart="select email, email as again from shop.main.stg")
    assert check(other, "--baseline", str(file)) == 1
    assert "1 flow that is gone" in capsys.readouterr().out
    assert write(other, file, "--update") == 0
    after = json.loads(file.read_text("utf-8"))["findings"]
    assert after == [entry for entry in before if entry["column"] != "phone"]
    assert check(other, "--baseline", str(file)) == 1


def test_adding_needs_the_word(shop: ShopOf, file: Path) -> None:
    write(shop(mart=LEAK), file)
    before = file.read_text("utf-8")
    more = shop(mart=MORE)
    assert write(more, file) == 2
    assert file.read_text("utf-8") == before
    assert write(more, file, "--add") == 0
    assert check(more, "--baseline", str(file)) == 0


def test_notes_are_taken_in_only_where_they_fail(shop: ShopOf, tmp_path: Path) -> None:
    quiet = shop(mart="select avg(length(email)) as n from shop.main.stg")
    for name, options in (("plain", ()), ("all", ("--fail-on", "note"))):
        write(quiet, tmp_path / name, *options)
        assert ("PII005" in (tmp_path / name).read_text("utf-8")) == bool(options)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"baseline_version": 2, "project": "shop", "findings": []}',
        b'{"baseline_version": 1, "project": "other", "findings": []}',
        b'{"baseline_version": 1, "project": "shop", "findings": [1]}',
        b'{"baseline_version": 1, "project": "other", "project": "shop", "findings": []}',
        b'{"baseline_version": 1, "project": "shop", "findings": [{"code": "PII001"}]}',
        b'{"baseline_version": 1, "project": "shop", "findings": [], "allow": "all"}',
        b"[" * 100_000,
        b'{"baseline_version": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_damaged_or_foreign_file_is_one_sentence(
    shop: ShopOf, file: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(content)
    leaky = shop(mart=LEAK)
    for run in (
        lambda: check(leaky, "--baseline", str(file)),
        lambda: write(leaky, file, "--update"),
    ):
        assert run() == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.count("\n") == 1
        assert "known.json" in told.err
    assert file.read_bytes() == content


def test_a_missing_file_is_refused(shop: ShopOf, file: Path) -> None:
    assert check(shop(), "--baseline", str(file)) == 2
    assert check(shop(), "--baseline", str(file.parent)) == 2


def test_ten_thousand_damaged_baselines_raise_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = bytearray()
    monkeypatch.setattr("pii_lint.files.read", lambda path, most: bytes(data))
    entry = baseline.Entry("PII001", "model.shop.m", "email", "0" * 16, ("1" * 16,))
    text = baseline.render(baseline.Known((entry,) * 3), "shop").encode()
    chance = random.Random(7)
    path = Path("known.json")
    loaded, sentences = 0, set()
    for _ in range(10_000):
        data = bytearray(text)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            kind = chance.randrange(4)
            if kind == 0:
                data[at] = chance.randrange(256)
            elif kind == 1:
                del data[at : at + chance.randint(1, 40)]
            elif kind == 2:
                data[at:at] = chance.choice([b"{", b"]", b'"', b"null", b"1e999", b",", b"\\ud800"])
            else:
                data[at:at] = data[: chance.randint(1, 60)]
            data = data or bytearray(b"x")
        try:
            baseline.load(path, "shop")
        except ConfigError as wrong:
            sentences.add(str(wrong).partition(" is ")[2][:12])
        else:
            loaded += 1
    assert 0 < loaded < 10_000
    assert len(sentences) > 2


# --- since ------------------------------------------------------------------------------------


def test_since_counts_new_flows_only(shop: ShopOf) -> None:
    before = str(shop(mart=LEAK).manifest)
    assert check(shop(mart=LEAK), "--since", before) == 0
    assert check(shop(mart=MORE), "--since", before) == 1


def test_since_judges_the_old_state_by_today_s_policy(shop: ShopOf) -> None:
    off = "version: 1\npolicy: {safe: {clear: off}}\n"
    before = str(shop(mart=LEAK, policy=off).manifest)
    assert check(shop(mart=LEAK), "--since", before) == 0
    assert check(shop(mart=MORE), "--since", before) == 1


def test_since_knows_lost_sight_only_where_the_sql_is_what_it_was(shop: ShopOf) -> None:
    before = str(shop(mart=BLIND).manifest)
    assert check(shop(mart=BLIND), "--since", before) == 0
    assert check(shop(mart=BLIND + " where true"), "--since", before) == 1
    assert check(shop(mart=BLIND), "--since", str(shop().manifest)) == 1


def test_since_refuses_another_project_s_manifest(
    shop: ShopOf, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(shop(), "--since", str(shop(name="other").manifest)) == 2
    assert "different projects" in capsys.readouterr().err


# --- select, ignore, exit-zero ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 1),
        (("--select", "PII"), 1),
        (("--select", "pii001,STG"), 1),
        (("--select", "STG"), 0),
        (("--ignore", "PII001"), 0),
        (("--ignore", "P"), 0),
        (("--select", "PII", "--ignore", "PII001"), 0),
        (("--exit-zero",), 0),
        (("--select", "PII01"), 2),
        (("--ignore", ""), 2),
        (("--ignore", "PII001,"), 2),
    ],
)
def test_a_run_can_be_narrowed_to_rules(shop: ShopOf, options: tuple[str, ...], code: int) -> None:
    assert check(shop(mart=LEAK), *options) == code


def test_a_typo_is_suggested_and_what_is_left_out_is_said(
    shop: ShopOf, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(shop(), "--select", "PPI001") == 2
    assert "did you mean `PII001`?" in capsys.readouterr().err
    assert check(shop(), "--ignore", "STG") == 0
    assert "left out STG001, STG002" in capsys.readouterr().out


def test_exit_zero_hides_no_error_of_use(shop: ShopOf) -> None:
    assert check(shop(policy="version: 2\n"), "--exit-zero") == 2
    assert main(["check", "--manifest", "nowhere.json", "--exit-zero"]) == 3


def test_the_cache_tells_options_apart(shop: ShopOf, file: Path) -> None:
    leaky = shop(mart=LEAK)
    assert check(leaky) == 1
    write(leaky, file)
    assert check(leaky, "--baseline", str(file)) == 0
    file.write_text(baseline.render(baseline.Known(()), "shop"), "utf-8")
    assert check(leaky, "--baseline", str(file)) == 1
    assert check(leaky, "--ignore", "PII001") == 0


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    entries = tuple(
        baseline.Entry("PII001", "model.shop.m", column, "a" * 16, ("b" * 16,))
        for column in ("é", 'a"b', "\x1b[31m", "\ud800")
    )
    path = tmp_path / "known.json"
    path.write_text(baseline.render(baseline.Known(entries), "shop"), "utf-8")
    assert baseline.load(path, "shop").entries == entries


def test_known_findings_are_a_count_for_people_and_whole_for_machines(
    shop: ShopOf, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leaky = shop(mart=MORE)
    write(leaky, file)
    capsys.readouterr()
    for format_ in ("text", "markdown"):
        assert check(leaky, "--baseline", str(file), "--format", format_) == 0
        told = capsys.readouterr().out
        assert "known to the baseline known.json (whole in the JSON format)" in told
        assert "PII001 suppressed" not in told
    assert check(leaky, "--baseline", str(file), "--format", "sarif") == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    suppressed = [result["suppressions"] for result in run["results"] if result["suppressions"]]
    assert {each[0]["kind"] for each in suppressed} == {"external"}
    assert len(suppressed) >= 2


def test_a_policy_that_is_no_file_is_not_passed_over(
    shop: ShopOf, capsys: pytest.CaptureFixture[str]
) -> None:
    leaky = shop(mart=LEAK, policy=None)
    assert check(leaky) == 1
    (leaky.home / "pii_lint.yml").symlink_to("nowhere.yml")
    assert check(leaky) == 2
    assert "pii_lint.yml is there and is no file" in capsys.readouterr().err


def test_what_never_ends_is_not_read(
    shop: ShopOf, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(file)
    leaky = shop(mart=LEAK)
    assert check(leaky, "--baseline", str(file)) == 2
    assert "no plain file" in capsys.readouterr().err
    (tmp_path / "endless.json").symlink_to("/dev/zero")
    assert main(["check", "--manifest", str(tmp_path / "endless.json")]) == 3
    template = leaky.home / "models/marts/safe/reach.sql"
    template.parent.mkdir(parents=True)
    template.symlink_to("/dev/zero")
    assert check(leaky) == 1


@pytest.mark.parametrize(
    "options", [("--select", "PII001", "--ignore", "PII001"), ("--ignore", "P,T,S,L,D,A,R")]
)
def test_a_run_by_no_rule_at_all_is_refused(
    shop: ShopOf, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(shop(mart=LEAK), *options) == 2
    assert "leave no rule" in capsys.readouterr().err
