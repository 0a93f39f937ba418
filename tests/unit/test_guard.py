"""Layer 1: what is accepted, stripped and rejected, and what is kept of it."""

from __future__ import annotations

import base64
import json
import string
from dataclasses import replace
from decimal import Decimal
from re import _parser
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_lint.data.payloads import blocklist, surfaces
from pii_lint.data.values import value_patterns
from pii_lint.guard import Accepted, Rejected, Stripped, find, screen, screen_text, surface
from pii_lint.guard.paths import path
from tests.corpus import values

REJECT = surface("attribution_events")
STRIP = replace(REJECT, policy="strip")

quick = settings(max_examples=40, deadline=None)


def patterns(payload: object) -> list[tuple[str, str]]:
    verdict = screen(payload)
    return [] if isinstance(verdict, Accepted) else [tuple(each) for each in verdict.findings]


# ---- the contract ------------------------------------------------------------------------------


@pytest.mark.parametrize("where", surfaces(), ids=lambda each: each.name)
@pytest.mark.parametrize(
    ("payload", "accepted"),
    [
        ({"order_id": "123", "total": 99.99}, True),
        ({"order_id": "123", "email": "user@test.com"}, False),
        ({"notes": "email: user@test.com"}, False),
        ({"notes": "call 555-1234"}, False),
        ({"notes": "SSN: 123-45-6789"}, False),
    ],
    ids=["TC-1", "TC-2", "TC-3", "TC-4", "TC-5"],
)
def test_the_five_contract_cases(where: Any, payload: object, accepted: bool) -> None:
    verdict = screen(payload, where)
    assert isinstance(verdict, Accepted if accepted else Rejected)
    assert isinstance(screen_text(json.dumps(payload), where), type(verdict))


def test_a_rejected_event_becomes_a_row_without_its_values() -> None:
    verdict = screen({"order_id": 7, "email": "a@x.de", "notes": "write to ann@x.de"})
    assert isinstance(verdict, Rejected)
    assert verdict.record() == {
        "error_code": "PII_DETECTED",
        "error_detail": {
            "field": "$.email",
            "pattern": "key:email",
            "also": [{"field": "$.notes", "pattern": "email"}],
        },
        "raw_payload": {"order_id": 7, "notes": "write to [redacted]"},
    }


def test_the_payload_given_is_never_changed() -> None:
    payload = {"email": "a@x.de", "items": [{"phone": 1, "note": "a@x.de"}]}
    before = json.dumps(payload)
    for policy in (REJECT, STRIP):
        screen(payload, policy)
    assert json.dumps(payload) == before


# ---- keys --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [each.name for each in blocklist()])
def test_every_listed_key_is_refused_at_any_depth_and_in_any_spelling(key: str) -> None:
    camel = key.split("_")[0] + "".join(word.title() for word in key.split("_")[1:])
    for name in {key, key.upper(), camel, camel[0].upper() + camel[1:], key.replace("_", "-")}:
        for value in ("x", "", None, 0, [], {}):
            for payload in ({name: value}, {"a": [{"b": {name: value}}]}):
                assert isinstance(screen(payload), Rejected), (name, payload)
                assert screen(payload, STRIP).payload != payload


def test_elements_of_arrays_and_values_are_not_keys() -> None:
    assert patterns({"fields": ["email", "phone"], "kind": "ssn"}) == []
    assert patterns(["email"]) == []
    assert patterns("email") == []


@pytest.mark.parametrize("key", ["email_sent", "shipping", "tip", "addresses", "zip", "city", ""])
def test_keys_that_only_sound_alike_pass(key: str) -> None:
    assert patterns({key: "x"}) == []


def test_a_pair_of_name_and_value_is_a_key() -> None:
    pair = {"name": "first_name", "value": "Ann"}
    assert patterns({"note_attributes": [pair]}) == [
        ("$.note_attributes[0].value", "key:first_name")
    ]
    assert patterns({"meta": [{"key": "_billing_phone", "value": "5551234567"}]})
    assert patterns({"form": [{"name": "first_name", "value": ""}, {"name": "first_name"}]}) == []
    assert patterns({"name": "gift", "value": "Ann"}) == []


def test_strip_removes_keys_and_keeps_the_rest() -> None:
    verdict = screen({"id": 1, "Email": "a@x.de", "c": [{"phone": 2, "city": "Rom"}]}, STRIP)
    assert isinstance(verdict, Stripped)
    assert verdict.payload == {"id": 1, "c": [{"city": "Rom"}]}
    assert [each.field for each in verdict.findings] == ["$.Email", "$.c[0].phone"]


def test_strip_rejects_where_a_value_is_left() -> None:
    verdict = screen({"email": "a@x.de", "notes": "a@x.de"}, STRIP)
    assert isinstance(verdict, Rejected)
    assert verdict.payload == {"notes": "[redacted]"}
    assert isinstance(screen({"ann@x.de": 1}, STRIP), Rejected)


# ---- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("+1-555-123-4567", "phone"),
        ("555-1234", "phone"),
        ("(555) 123-4567", "phone"),
        ("555 123-4567", "phone"),
        ("+44 20 7946 0958", "phone"),
        ("06 12 34 56 78", "phone"),
        ("(0171) - 1234567", "phone"),
        ("\u0665\u0665\u0665-\u0661\u0662\u0663\u0664", "phone"),
        ("call me at 5551234567", "phone"),
        ("fax:5551234567", "phone"),
        ("ssn 123456789", "ssn"),
        ("no. 123 45 6789", "ssn"),
        ("4111 1111 1111 1111", "card"),
        ("paid with 378282246310005.", "card"),
        ("DE89 3704 0044 0532 0130 00 PAID", "iban"),
        ("de89370400440532013000", "iban"),
        ("from 203.0.113.9:443", "ip"),
        ("2001:db8::1", "ip"),
        ("jörg@müller.de", "email"),
        ("o'brien@x.ie", "email"),
        ('"ann roe"@x.com', "email"),
    ],
)
def test_a_personal_value_is_found(text: str, pattern: str) -> None:
    assert [each.pattern for each in find(text)] == [pattern]
    assert patterns({"note": text}) == [("$.note", pattern)]


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-05",
        "2024-01-05T10:00:00.123Z",
        "from 2024-01-05 to 05.02.2024 10:30",
        "call on 2024-01-05",
        "1700000000",
        "1700000000123",
        "12345678",
        "9f3b2c11-4d5e-4f60-8a7b-123456789012",
        "v1.2.3.4",
        "1.2.3.4-beta",
        "Chrome/120.0.0.0 Safari/537.36",
        "127.0.0.1 and 255.255.255.0",
        "1.3.6.1.4.1.311",
        "1,234,567.89",
        "logo@2x.png",
        "lodash@4.17.21",
        "https://social.example/@ann",
        "std::string::npos",
        "10:30:00",
        "order 555-1234",
        "4111111111111112",
        "DE89370400440532013001",
        "113-1234567-1234567",
        "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "gid://shopify/Order/4500000000123",
        "000000000000000000",
    ],
)
def test_a_lookalike_is_spared(text: str) -> None:
    assert find(text) == ()
    assert patterns({"note": text}) == []


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"mobile": 5551234567}, True),
        ({"mobile": {"value": 5551234567}}, True),
        ({"customer_ssn": 123456789}, True),
        ({"pan": 4111111111111111}, True),
        ({"pan": 4111111111111111.0}, True),
        ({"anything": 4111111111111111}, True),
        ({"order_id": 5551234567}, False),
        ({"phone_verified_at": 1700000000}, False),
        ({"created": 1700000000123}, False),
        ({"sku": "555-1234"}, False),
        ({"app_version": "1.2.3.4"}, False),
        ({"client": "1.2.3.4"}, True),
        ({"amount": 10**400}, False),
        ({"amount": float("inf"), "rate": float("nan"), "x": Decimal("NaN")}, False),
    ],
)
def test_a_key_speaks_for_the_value_beneath_it(payload: object, found: bool) -> None:
    assert bool(patterns(payload)) is found


@pytest.mark.parametrize(
    "written",
    [
        "ann%40x.com",
        "ann%2540x.com",
        "/?mail=ann%40x.com",
        "ann&#64;x.com",
        "ann&commat;x.com",
        "ann\\u0040x.com",
        "ann\uff20x.com",
        "ann\u200b@x.com",
        "a\u00adnn@x\u3002com",
        base64.b64encode(b"write to ann@x.com").decode(),
        base64.urlsafe_b64encode(b'{"sub": 1, "email": "Ann"}').decode(),
        base64.b64encode(base64.b64encode(b"write to ann@x.com")).decode(),
        "Bearer eyJhbGciOiJIUzI1NiJ9." + base64.b64encode(b'{"email":"Ann"}').decode() + ".c2ln",
        json.dumps({"email": "Ann"}),
        json.dumps(json.dumps({"note": "ann@x.com"})),
        quote(json.dumps({"email": "Ann"})),
        "/checkout?first_name=Ann&step=2",
        "customer[email]=Ann",
    ],
)
def test_a_value_is_found_however_it_is_written(written: str) -> None:
    verdict = screen({"blob": written})
    assert isinstance(verdict, Rejected)
    assert isinstance(verdict.payload, dict)
    assert "[redacted]" in verdict.payload["blob"]
    assert "ann" not in verdict.payload["blob"].lower()


@pytest.mark.parametrize(
    "written",
    [
        "100%25",
        "Tom &amp; Jo",
        "caf\u00e9",
        "{not json",
        '{"plan": "team"}',
        "/?utm_source=news",
        "QUJDREVGR0hJSktM",
    ],
)
def test_other_writings_pass(written: str) -> None:
    assert patterns({"blob": written}) == []


def test_json_in_json_without_end_is_refused() -> None:
    payload, levels = "fine", []
    for _ in range(8):
        payload = json.dumps([payload])
        levels.append(isinstance(screen(payload), Accepted))
    assert levels[0]
    assert not levels[-1]


def test_phone_numbers_in_odd_dashes_spaces_and_digits_are_found() -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) for char in "555-123-4567")
    assert find(wide)
    assert find("555\u2011123\u20114567")
    assert find("555-123\n-4567") == ()
    assert find("+1\t555\u00a0123\n4567")


# ---- what is kept and told ---------------------------------------------------------------------


def test_a_key_that_holds_a_value_is_never_told() -> None:
    verdict = screen({"ann@x.com": {"bob@x.com": 1, "note": "c@x.com"}, "[redacted]": 2})
    assert isinstance(verdict, Rejected)
    told = json.dumps(verdict.record())
    assert "@" not in told
    assert [each.field for each in verdict.findings] == ["$.*", "$.*.*", "$.*.note"]
    assert len(verdict.payload) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        ((), "$"),
        (("a", 0, "b_c"), "$.a[0].b_c"),
        (("x-y",), "$['x-y']"),
        (("a'] or ['b",), "$.*"),
        (("ann@x.com",), "$.*"),
        (("\x1b[31m",), "$.*"),
        (("order12345678",), "$.*"),
        (("",), "$.*"),
        (("x" * 5000,), "$.*"),
        (tuple("abcdefghijklmnopqrstuvwxyz"), "$.a.b.c.d.e.f.g.h.i.j.k.l..o.p.q.r.s.t.u.v.w.x.y.z"),
    ],
)
def test_a_path_names_plain_words_only(steps: tuple[str | int, ...], shown: str) -> None:
    assert path(steps) == shown


def test_many_findings_are_counted_not_listed() -> None:
    verdict = screen([f"a{n}@x.com" for n in range(50)])
    assert isinstance(verdict, Rejected)
    detail = verdict.record()["error_detail"]
    assert isinstance(detail, dict)
    assert (len(detail["also"]), detail["more"]) == (20, 29)


def nested(depth: int, inner: object) -> object:
    for _ in range(depth):
        inner = {"a": [inner]}
    return inner


@pytest.mark.parametrize("depth", [1, 90, 110, 5000])
def test_depth_hides_nothing(depth: int) -> None:
    assert isinstance(screen(nested(depth, {"plan": "team"})), Accepted)
    verdict = screen(nested(depth, {"email": "ann@x.com"}))
    assert isinstance(verdict, Rejected)
    assert isinstance(screen(verdict.payload), Accepted)


def test_a_payload_that_holds_itself_is_refused() -> None:
    payload: dict[str, Any] = {}
    payload["self"] = payload
    verdict = screen(payload)
    assert isinstance(verdict, Rejected)
    assert verdict.payload == {}


@pytest.mark.parametrize("value", [{"a": {1, 2}}, {"a": object()}, b"x"])
def test_what_json_does_not_know_is_an_error_of_the_caller(value: object) -> None:
    with pytest.raises(TypeError, match="JSON has no"):
        screen(value)


# ---- JSON text ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"[NaN]", "malformed"),
        (b"{'a': 1}", "malformed"),
        (b'{"a": 1} {"email": 2}', "malformed"),
        (b'"\\ud800"', "malformed"),
        (b'"\xff"', "encoding"),
        (b"[1e999]", "number"),
        (b"1" * 5000, "number"),
        (b"[" * 100_000 + b"]" * 100_000, "deep"),
        (b'{"a":' * 100_000, "deep"),
        ('"\ud800"', "encoding"),
    ],
)
def test_what_nobody_can_read_is_rejected_and_not_kept(raw: bytes | str, reason: str) -> None:
    verdict = screen_text(raw)
    assert isinstance(verdict, Rejected)
    assert verdict.record() == {
        "error_code": "UNREADABLE_PAYLOAD",
        "error_detail": {"field": "$", "pattern": reason},
        "raw_payload": {},
    }


@pytest.mark.parametrize(
    "raw",
    [
        '{"note": "ann@x.com", "note": "fine"}',
        '{"note": "fine", "note" : "ann@x.com", "note" :1}',
        '{"a\\"": 1, "note":{"email":1}, "note":1, "x":"\\":"}',
        '{"a\\\\":1,"a\\\\":2,"n":"ann@x.com","n":2}',
    ],
)
def test_a_repeated_key_hides_nothing(raw: str) -> None:
    verdict = screen_text(raw)
    assert isinstance(verdict, Rejected)
    assert "ann" not in json.dumps(verdict.payload)


def test_a_repeated_key_that_hides_nothing_passes() -> None:
    assert isinstance(screen_text('{"note": "fine", "note": "good"}'), Accepted)
    assert isinstance(screen_text('{"note": ":", "x\\"": 1}'), Accepted)


def test_any_json_value_is_an_event() -> None:
    for raw in ("null", "1", '"fine"', "[]", "{}", "\ufeff{}"):
        assert isinstance(screen_text(raw), Accepted), raw
    assert isinstance(screen_text('"ann@x.com"'), Rejected)


# ---- properties --------------------------------------------------------------------------------

words = st.lists(
    st.sampled_from(["blue", "for", "Ann", "2", "-", "(x)", ",", "é"]), max_size=3
).map(" ".join)
keys = st.text(string.ascii_letters + "_-", min_size=1, max_size=12) | st.sampled_from(
    ["email", "Phone", "note", "mobile", "value", "name", "ann@x.com", "sku"]
)
personal = st.builds(lambda seed: values.personal(seed)[1], st.integers(0, 10_000))
above = st.sampled_from(["note", "customer", "items", "Ann Roe", "bo@x.com", "text"])
harmless = st.builds(lambda seed: values.lookalike(seed)[1], st.integers(0, 10_000))
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | words
    | st.text(max_size=20)
)
payloads = st.recursive(
    leaves | personal | harmless,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@quick
@given(payloads)
def test_what_is_kept_of_a_rejected_payload_is_itself_accepted(payload: object) -> None:
    for policy in (REJECT, STRIP):
        verdict = screen(payload, policy)
        assert isinstance(screen(verdict.payload, REJECT), Accepted)


@quick
@given(payloads)
def test_text_and_value_are_judged_alike(payload: object) -> None:
    assert type(screen_text(json.dumps(payload))) is type(screen(payload))


@quick
@given(personal, words, words, st.lists(above, max_size=3))
def test_no_planted_value_is_accepted(value: str, before: str, after: str, at: list[str]) -> None:
    payload: object = f"{before} {value} {after}"
    for key in at:
        payload = {key: [payload]}
    verdict = screen(payload)
    assert isinstance(verdict, Rejected)
    assert value not in json.dumps(verdict.record(), ensure_ascii=False)


@quick
@given(st.text(max_size=200), st.none() | keys)
def test_any_text_is_searched_without_harm(text: str, key: str | None) -> None:
    for match in find(text, key):
        assert 0 <= match.start < match.end <= len(text)


# ---- the shapes --------------------------------------------------------------------------------


def _repeats(parsed: Any, inside: bool = False) -> list[tuple[bool, bool]]:
    """For each repetition without an end: whether it gives back, and whether it stands in one."""
    found = []
    for op, argument in parsed:
        unbounded = False
        if str(op) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            unbounded = str(argument[1]) == "MAXREPEAT"
            if unbounded:
                found.append((str(op) != "POSSESSIVE_REPEAT", inside))
        parts = [argument] if not isinstance(argument, tuple | list) else argument
        for part in parts:
            for each in part if isinstance(part, list) else [part]:
                if hasattr(each, "data"):
                    found += _repeats(each, inside or unbounded)
    return found


def _shapes() -> list[str]:
    return [shape.pattern for each in value_patterns() for _, shape in each.shapes]


def test_the_check_of_shapes_sees_what_it_looks_for() -> None:
    assert _repeats(_parser.parse(r"(?:a+b)*")) == [(True, False), (True, True)]
    assert _repeats(_parser.parse(r"(?:a++b){1,3}(c|d*)")) == [(False, False), (True, False)]


@pytest.mark.parametrize("shape", _shapes())
def test_no_shape_can_take_more_than_linear_time(shape: str) -> None:
    found = _repeats(_parser.parse(shape))
    assert not any(gives_back or inside for gives_back, inside in found)


def test_few_lookalikes_are_taken_for_personal_and_no_personal_value_is_missed() -> None:
    found, _ = values.scores(values.texts(1500, seed=11))
    assert all(each.recall == 1 for each in found)
    assert all(each.precision > 0.97 for each in found)
