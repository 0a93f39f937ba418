"""The payload registry: keys and surfaces that every layer of defence reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from pii_lint.data import payloads
from pii_lint.data.payloads import SurfaceError, blocked, plain_key, read_surfaces
from pii_lint.data.registry import load_registry

DATA = Path(payloads.__file__).parent


def test_thirteen_keys_on_three_surfaces_are_39_enforcement_points() -> None:
    assert len(payloads.blocklist()) == 13
    assert [surface.name for surface in payloads.surfaces()] == [
        "attribution_events.raw_payload",
        "dead_events.raw_payload",
        "revenue_ledger.metadata",
    ]
    assert len(set(payloads.enforcement_points())) == 39


def test_every_key_has_a_category_and_a_known_kind() -> None:
    kinds = load_registry().kinds
    assert len({key.category for key in payloads.blocklist()}) == 6
    assert all(key.kind in kinds for key in payloads.blocklist())


def test_no_two_keys_are_one_where_they_are_compared() -> None:
    assert len(payloads.plain_blocklist()) == len(payloads.blocklist())


def test_surfaces_are_what_the_reference_fixes() -> None:
    events, dead, ledger = payloads.surfaces()
    assert (events.risk, dead.risk, ledger.risk) == ("high", "high", "medium")
    assert {surface.policy for surface in payloads.surfaces()} == {"reject"}
    assert (events.nullable, dead.nullable, ledger.nullable) == (False, False, True)
    assert (ledger.event, ledger.wording) == ("Write", "metadata")
    assert [each.append_only for each in payloads.surfaces()] == [True, False, True]


def test_dead_letters_roles_and_reference_are_named() -> None:
    assert payloads.dead_letters() == payloads.DeadLetters("dead_events", "PII_DETECTED")
    assert payloads.dead_letters().table in {each.table for each in payloads.surfaces()}
    assert payloads.roles().ingest != payloads.roles().owner
    assert payloads.reference().endswith(".md")


WIDE = "".join(chr(ord(char) + 0xFEE0) for char in "email_address")
"""Letters of full width, as they are typed in East Asia."""


@pytest.mark.parametrize(
    "spelling",
    "email_address emailAddress EmailAddress Email-Address EMAIL_ADDRESS _email_address_ "
    f"émail_address e\u200bmail_address {WIDE}".split(),
)
def test_a_key_is_blocked_in_any_spelling(spelling: str) -> None:
    found = blocked(spelling)
    assert found is not None
    assert found.name == "email_address"


@pytest.mark.parametrize(
    "other",
    [
        "_",
        "emails",
        "email_sent",
        "customer_email",
        "shipping",
        "zip",
        "tip",
        "addresses",
        "city",
        "region",
        "address1",
        "ip_country",
        "name",
        "order_id",
        "💥",
    ],
)
def test_other_keys_are_not_blocked(other: str) -> None:
    assert blocked(other) is None


def test_a_long_key_is_compared_whole() -> None:
    assert blocked("e" + "\u200b" * 10_000 + "mail") is not None
    assert blocked("email" + "x" * 10_000) is None
    assert plain_key("-" * 10_000) == ""


def test_the_shipped_file_fits_its_schema() -> None:
    schema = payloads.schema()
    Draft7Validator.check_schema(dict(schema))
    content = yaml.safe_load((DATA / "payloads.yml").read_text("utf-8"))
    assert list(Draft7Validator(dict(schema)).iter_errors(content)) == []


def test_a_project_names_its_own_surfaces(tmp_path: Path) -> None:
    file = tmp_path / "surfaces.yml"
    listed = [{"table": "inbox", "column": "body", "policy": "strip"}]
    file.write_text(json.dumps({"surfaces": listed}), "utf-8")
    (own,) = read_surfaces(file)
    assert (own.name, own.policy, own.record_key) == ("inbox.body", "strip", "id")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must be"),
        ("surfaces: []", "at least one surface"),
        ("surfaces: [{table: a}]", "lacks `column`"),
        ("surfaces: [{table: a, column: b, policy: drop}]", "one of reject, strip"),
        ("surfaces: [{table: 'a; drop table b', column: b}]", "small letters"),
        ('surfaces: [{table: "a\\n", column: b}]', "small letters"),
        ("surfaces: [{table: a, column: b}, {table: a, column: b}]", "lists `a.b` twice"),
        ("surfaces: &x [", "line 1"),
    ],
)
def test_a_list_of_surfaces_that_cannot_be_used_says_why(
    tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "surfaces.yml"
    file.write_text(text, "utf-8")
    with pytest.raises(SurfaceError, match=sentence):
        read_surfaces(file)


def test_a_missing_or_binary_list_of_surfaces_says_so(tmp_path: Path) -> None:
    with pytest.raises(SurfaceError, match="can't be read"):
        read_surfaces(tmp_path / "none.yml")
    (tmp_path / "binary.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SurfaceError, match="UTF-8"):
        read_surfaces(tmp_path / "binary.yml")
