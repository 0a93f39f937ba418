"""Suppressions: what each covers, what it doesn't, and that a bad one is a finding itself."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date

import pytest

from pii_lint.artifacts.locate import Locator
from pii_lint.artifacts.model import Node
from pii_lint.findings import Finding
from pii_lint.rules._ignores import of_templates

FindingsOf = Callable[[Mapping[str, str]], list[Finding]]

MART = "models/marts/safe/fct_reach.sql"
REACH = "model.shop.fct_reach"
FROM = "from {{ source('raw', 'customers') }}"
GOOD = "pii-lint: ignore[PII001] until=2027-03-01 a test mailbox"


def run(findings_of: FindingsOf, sql: str, **more: str) -> dict[tuple[str, str], Finding]:
    files = {MART: sql, **{name.replace("__", "."): text for name, text in more.items()}}
    return {(found.code, found.column): found for found in findings_of(files)}


@pytest.mark.parametrize(
    "sql",
    [
        f"select customer_id,\n  email -- {GOOD}\n{FROM}",
        f"select customer_id,\n  -- {GOOD}\n  email\n{FROM}",
        f"select customer_id,\n  -- {GOOD}\n\n  -- another word\n  email\n{FROM}",
        f"select customer_id,\n  /* {GOOD} */ email\n{FROM}",
        f"select customer_id,\n  /*\n  {GOOD}\n  in two lines */\n  email\n{FROM}",
        f"select customer_id,\n  email {{# {GOOD} #}}\n{FROM}",
        f"select customer_id,\n  {{#- {GOOD} -#}}\n  email\n{FROM}",
        f"select customer_id,\r\n  email -- {GOOD}\r\n{FROM}",
        f"select customer_id,\n  email -- the office knows. PII-LINT: Ignore[pii001] "
        f"until=2027-03-01 a test mailbox\n{FROM}",
        f"-- pii-lint: ignore-file[PII001] until=2027-03-01 a test mailbox\nselect email {FROM}",
        f"-- pii-lint: ignore[PII001,PII002] columns=contact until=2027-03-01 a test mailbox\n"
        f"select email as contact, md5(phone) as contact_hash {FROM}",
    ],
)
def test_a_comment_lets_a_finding_pass_on_its_line_or_the_next(
    findings_of: FindingsOf, sql: str
) -> None:
    found = [each for each in run(findings_of, sql).values() if each.code == "PII001"]
    assert [each.suppressed.source for each in found if each.suppressed] == ["inline"]
    assert len(found) == 1
    assert found[0].suppressed is not None
    assert found[0].suppressed.reason.startswith("a test mailbox")
    assert found[0].suppressed.until == "2027-03-01"


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (f"select -- {GOOD}\n  customer_id,\n  email\n{FROM}", "suppresses nothing"),
        (f"select email, -- {GOOD.replace('PII001', 'PII002')}\n  phone {FROM}", "PII002"),
        (f"select email -- {GOOD.replace('PII001', 'PII010')}\n{FROM}", "did you mean `PII0"),
        (f"select email -- {GOOD.replace('PII001', 'PII')}\n{FROM}", "by code"),
        (f"select email -- {GOOD.replace('2027', '2026')}\n{FROM}", "expired on 2026-03-01"),
        (f"select email -- {GOOD.replace('until=2027-03-01', '')}\n{FROM}", "lacks `until`"),
        (f"select email -- {GOOD.replace('a test mailbox', '...')}\n{FROM}", "lacks a reason"),
        (f"select email -- {GOOD.replace('2027-03-01', '2027-02-30')}\n{FROM}", "as a day"),
        (f"select email -- {GOOD.replace('until', 'untill')}\n{FROM}", "did you mean `until`?"),
        (f"select email -- pii-lint: disable\n{FROM}", "can't be read"),
        (f"select email -- pii_lint ignore all\n{FROM}", "can't be read"),
        (f"select email -- {GOOD.replace('ignore', 'ignore-file')}\n{FROM}", "first line of code"),
        (f"select email {FROM}\n-- {GOOD}", "no line of code below"),
        (f"select email -- {GOOD.replace('PII001', 'SUP001')}\n{FROM}", "nobody can"),
        (f"-- {GOOD}\nselect * {FROM}", "say which you mean"),
        (f"select * -- {GOOD} columns=*\n{FROM}", "suppresses nothing"),
        (f"select * -- {GOOD.replace('until', 'columns=* until')}\n{FROM}", "of tomorrow"),
        (f"select email -- {GOOD.replace('until', 'until=2020-01-01 until')}\n{FROM}", "twice"),
        (f"select email -- {GOOD.replace('2027-03-01', '2026-W53-7')}\n{FROM}", "as a day"),
        (f"-- {GOOD} columns=phone\nselect * {FROM}", "say which you mean"),
    ],
)
def test_one_that_is_wrong_or_meets_nothing_suppresses_nothing_and_is_reported(
    findings_of: FindingsOf, sql: str, why: str
) -> None:
    found = run(findings_of, sql)
    assert found["PII001", "email"].suppressed is None
    stale = [each for each in found.values() if each.code == "SUP001"]
    assert [each for each in stale if why in each.message], [each.message for each in stale]
    assert all(each.location is not None and each.location.file == MART for each in stale)


def test_a_star_is_let_pass_by_name_and_no_further(findings_of: FindingsOf) -> None:
    named = GOOD.replace("until", "columns=email until")
    found = run(findings_of, f"select * -- {named}\n{FROM}")
    assert found["PII001", "email"].suppressed is not None
    assert found["PII001", "phone"].suppressed is None
    assert not [code for code, _ in found if code == "SUP001"]


@pytest.mark.parametrize(
    "sql",
    [
        f"select '-- {GOOD}' as note, email {FROM}",
        f'select email as "-- {GOOD}" {FROM}',
        f"select email, 'it''s -- {GOOD}' as note {FROM}",
        f"select email, `{GOOD}` as note {FROM}".replace("`", "'"),
    ],
)
def test_what_stands_in_a_string_says_nothing(findings_of: FindingsOf, sql: str) -> None:
    found = run(findings_of, sql)
    assert all(each.suppressed is None for each in found.values())
    assert not [code for code, _ in found if code == "SUP001"]


def test_an_ordinary_comment_is_no_suppression(findings_of: FindingsOf) -> None:
    found = run(findings_of, f"select email -- pii-lint finds this; see the runbook\n{FROM}")
    assert not [code for code, _ in found if code == "SUP001"]


def test_two_bad_ones_in_a_model_are_two_findings(findings_of: FindingsOf) -> None:
    sql = f"-- pii-lint: ignore[PII001] one\n-- pii-lint: ignore[PII002] two\nselect email {FROM}"
    found = [each for each in findings_of({MART: sql}) if each.code == "SUP001"]
    assert len({each.id for each in found}) == 2


def policy(entry: str) -> str:
    return f"version: 1\nignore:\n  - {{{entry}, reason: Reviewed, until: 2027-01-01}}\n"


def test_the_policy_file_lets_findings_pass_too(findings_of: FindingsOf) -> None:
    sql = f"select email, phone {FROM}"
    entry = f"rule: PII001, node: {REACH}, columns: [EMAIL], by: office"
    found = run(findings_of, sql, pii_lint__yml=policy(entry))
    allowed = found["PII001", "email"].suppressed
    assert allowed is not None
    assert (allowed.source, allowed.reason, allowed.by) == ("policy", "Reviewed", "office")
    assert found["PII001", "phone"].suppressed is None
    found = run(findings_of, sql, pii_lint__yml=policy(f"rule: PII001, node: {REACH}"))
    assert found["PII001", "phone"].suppressed is not None


@pytest.mark.parametrize(
    "entry",
    [
        f"rule: PII002, node: {REACH}",
        "rule: PII001, node: model.shop.gone",
        f"rule: PII001, node: {REACH}, columns: [phone]",
    ],
)
def test_an_entry_that_meets_nothing_is_reported_at_its_line(
    findings_of: FindingsOf, entry: str
) -> None:
    found = run(findings_of, f"select email {FROM}", pii_lint__yml=policy(entry))
    assert found["PII001", "email"].suppressed is None
    (stale,) = [each for each in found.values() if each.code == "SUP001"]
    assert stale.location is not None
    assert stale.location.line == 3


def test_lost_sight_is_let_pass_only_by_its_own_name(findings_of: FindingsOf) -> None:
    sql = "-- pii-lint: ignore-file[{}] until=2027-03-01 a public list\nselect x from some.table"
    blind = [each for each in findings_of({MART: sql.format("PII001")}) if each.code == "PII003"]
    assert blind
    assert all(each.suppressed is None for each in blind)
    blind = [each for each in findings_of({MART: sql.format("PII003")}) if each.code == "PII003"]
    assert blind
    assert all(each.suppressed is not None for each in blind)


def test_an_expired_one_is_named_at_the_finding(findings_of: FindingsOf) -> None:
    sql = f"select email -- {GOOD.replace('2027', '2026')}\n{FROM}"
    leak = run(findings_of, sql)["PII001", "email"]
    assert "A suppression of it expired on 2026-03-01." in leak.message


def test_the_rule_can_be_switched_off_and_nothing_more_is_hidden(findings_of: FindingsOf) -> None:
    off = "version: 1\nrules: {SUP001: off}\n"
    found = run(findings_of, f"select email -- pii-lint: ignore[PII001]\n{FROM}", pii_lint__yml=off)
    assert found["PII001", "email"].suppressed is None
    assert not [code for code, _ in found if code == "SUP001"]


WORDS = (
    *("pii-lint:", "pii_lint", "PII-LINT :", "ignore", "ignore[", "ignore-file[", "[", "]", ","),
    *("PII001", "pii001", "PII", "SUP001", "until=", "until=2027-03-01", "until=0000-00-00"),
    *("until=2027-W01-1", "until=9999-12-31T00:00", "columns=", "columns=email,*", "by=me", "x=1"),
    *("a reason", "--", "/*", "*/", "{#", "#}", "-#}", "'", "\n", " ", "  ", "é", "\x00", "email"),
)


def test_ten_thousand_comments_are_whole_or_wrong() -> None:
    chance = random.Random(3)
    seen = Counter[bool]()
    for _ in range(10_000):
        said = " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 9)))
        start = chance.choice(
            ("-- pii-lint: ignore[PII001] until=2027-03-01 ", "-- pii-lint: ", "")
        )
        sql = f"select email -- {start}{said}\nfrom t"
        node = Node(REACH, "model", "m", "shop", MART, raw_code=sql, compiled_code=sql)
        for ignore in of_templates([node], Locator(None), "shop"):
            seen[ignore.holds(date(2026, 11, 22))] += 1
            whole = ignore.codes and ignore.reason and ignore.until
            assert whole or ignore.wrong
            assert "\n" not in (ignore.wrong or "")
            assert "\x00" not in (ignore.wrong or "")
    assert min(seen[True], seen[False]) > 500


@pytest.mark.parametrize(
    ("day", "policy", "passes"),
    [
        ("9999-12-31", "", False),
        ("2028-11-22", "", True),
        ("2028-11-23", "", False),
        ("2027-03-01", "longest_term_days: 30", False),
        ("2060-01-01", "longest_term_days: 36500", True),
    ],
)
def test_nothing_passes_for_longer_than_the_policy_s_longest_term(
    findings_of: FindingsOf, day: str, policy: str, passes: bool
) -> None:
    ways = {
        "inline": (f"select email -- {GOOD.replace('2027-03-01', day)}\n{FROM}", ""),
        "ignore": (
            f"select email {FROM}",
            f"ignore: [{{rule: PII001, node: model.shop.fct_reach, reason: x, until: {day}}}]",
        ),
        "declassified": (
            f"select email {FROM}",
            f"declassified: [{{node: model.shop.fct_reach, columns: [email], kinds: [email], "
            f"reason: x, until: {day}}}]",
        ),
    }
    for way, (sql, entry) in ways.items():
        files = {MART: sql, "pii_lint.yml": f"version: 1\n{policy}\n{entry}\n"}
        found = {finding.code: finding for finding in findings_of(files)}
        assert (found["PII001"].suppressed is not None) == passes, way
        told = found.get("TAG005" if way == "declassified" else "SUP001")
        assert (told is None) == passes, way
        assert passes or "longer than the policy allows" in told.message
