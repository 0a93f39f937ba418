"""The quick look at a payload: what it passes is what the thorough look finds nothing in."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from re import _constants, _parser
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_lint.data import values as registry
from pii_lint.data.values import hints, value_patterns
from pii_lint.guard import Accepted, clean, screen_text, screening
from pii_lint.guard import text as reading
from pii_lint.guard.clean import clean as quickly
from pii_lint.guard.detect import find, found_in, suspects, suspicious
from pii_lint.guard.readings import writings
from tests.corpus import values

thorough = settings(max_examples=120, deadline=None)

WRITTEN = """\
| || = a=b email=x first_name=Ann %40 &#64; @ x.de ann call tel ssn order - + . : :: / ( ) _ evt_
1.2.3.4 10.0.0.7 2001:db8::1 fe80: 0 00 555 1234 4111 1111 555-1234 123-45-6789 2024-01-05 T10:00
DE89370400440532013000 YW5uQHguY29t eyJlbWFpbCI6IkFubiJ9 Zm9v http:// \\ " { [ {"a":1} 0/1)
9f3b2c11-4d5e-4f60-8a7b-123456789012 deadbeefdeadbeefdeadbeefdeadbeef
"""
NAMES = """\
id note mobile value name data sku email phoneNumber items app_version 0 card iban key ip client_ip
content a|b ann@x.com label answer tel created first_name pan user \xe9
"""
UNSEEN = (
    " ",
    "  ",
    "\n",
    "\x00",
    "\x7f",
    "\xe9",
    "\u0665" * 3,
    "\uff15" * 3,
    "\u200b",
    "\U0001f600",
)
FRAGMENTS = [*WRITTEN.split(), *UNSEEN]
KEYS = [*NAMES.split(), "x" * 70]
KNOWN: list[set[Any]] = [
    clean._silent_keys,
    clean._bearing_keys,
    clean._known_texts,
    registry._unhinted,
]
NUMBERS = [
    *(0, -1, 999_999, 1_000_000, -1_000_000, 5551234567, 123456789, 10**14 - 1, 10**14, 10**20),
    *(4111111111111111, -4111111111111111, 378282246310005, 4111111111111111.0, 5551234567.0),
    *(1.5, -0.0, 1e15, 1e30, 10**60),
]

texts = (
    st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=5).map("".join)
    | st.builds(lambda seed: values.personal(seed)[1], st.integers(0, 10_000))
    | st.builds(lambda seed: values.lookalike(seed)[1], st.integers(0, 10_000))
    | st.text("abcdefXYZ0123456789_-", max_size=30)
)
keys = st.sampled_from(KEYS) | texts
leaves = texts | st.sampled_from(NUMBERS) | st.sampled_from([None, True, False])


@st.composite
def json_texts(draw: st.DrawFn) -> str:
    """JSON as senders write it: keys may stand twice, letters as escapes, blanks between."""
    ascii_only, between, colon = draw(
        st.tuples(st.booleans(), st.sampled_from([",", ", "]), st.sampled_from([":", " : "]))
    )

    def joined(members: list[tuple[str, str]]) -> str:
        written = (f"{json.dumps(key, ensure_ascii=ascii_only)}{colon}{of}" for key, of in members)
        return "{" + between.join(written) + "}"

    return draw(
        st.recursive(
            leaves.map(lambda leaf: json.dumps(leaf, ensure_ascii=ascii_only)),
            lambda inner: (
                st.lists(inner, max_size=3).map(lambda each: f"[{between.join(each)}]")
                | st.lists(st.tuples(keys, inner), max_size=4).map(joined)
            ),
            max_leaves=10,
        )
    )


def thoroughly_clean(raw: str) -> bool:
    """What the thorough look says, of every value of a key that stands twice."""
    look = screening._Look()
    with patch.object(screening, "suspicious", lambda _: True):
        look.value(reading._all_members(raw.encode("utf-8")), (), None)
    return not look.findings


@pytest.fixture
def nothing_known() -> None:
    forget()


def forget() -> None:
    for known in KNOWN:
        known.clear()


# ---- the same verdict, sooner ------------------------------------------------------------------


@thorough
@given(json_texts())
def test_what_passes_is_what_the_thorough_look_finds_nothing_in(raw: str) -> None:
    forget()
    new = isinstance(screen_text(raw), Accepted)
    assert new is isinstance(screen_text(raw), Accepted), "what is known again is judged alike"
    assert new is thoroughly_clean(raw)


def test_the_thorough_look_is_asked_about_both_kinds() -> None:
    chance = random.Random(5)
    said = [
        thoroughly_clean(json.dumps({chance.choice(KEYS): chance.choice(FRAGMENTS)}))
        for _ in range(200)
    ]
    assert 20 < sum(said) < 180


@pytest.mark.parametrize(
    ("raw", "accepted"),
    [
        (r'{"note": "ann\u0040x.com"}', False),
        (r'{"\u0065mail": 1}', False),
        (r'{"note": "\u0035\u0035\u0035-1234"}', False),
        ('{"note": "\\ud83d\\ude00 fine"}', True),
        ('{"note": "a|b", "more": "ann@x.com"}', False),
        ('{"note": "a|b", "more": "fine"}', True),
        ('{"note": "fine", "note": "ann@x.com"}', False),
        ('{"a": "555-", "b": "1234"}', True),
        ('["555", "1234"]', True),
        ('["555-1234"]', False),
        ('{"n": [["fine", ["call 555-1234"]]]}', False),
        ('{"note": "\u0665\u0665\u0665-123-4567"}', False),
        ('{"note": "fine\\u0000"}', True),
        ('{"note": "ann\\u0000@x.com"}', False),
        ('{"mobile": 5551234567.0}', False),
        ('{"total": 5551234567.5}', True),
        ('{"total": 4111111111111111.0}', False),
        ('{"mobile": {"data": {"value": 5551234567}}}', False),
        ('{"order": {"data": {"value": 5551234567}}}', True),
        ('{"amount": 1%s}' % ("0" * 60), True),
    ],
)
def test_what_hides_in_the_way_it_is_written_is_seen(raw: str, accepted: bool) -> None:
    assert isinstance(screen_text(raw), Accepted) is accepted
    assert thoroughly_clean(raw) is accepted


def test_a_text_known_from_one_key_is_judged_anew_under_another(nothing_known: None) -> None:
    for text, speaks in (
        ("A 4500000123", "mobile"),
        ("a=5551234567", "phone_home"),
        ("x 1.2.3.4", "ip"),
    ):
        spared = {"ip": "app_version"}.get(speaks, "order_id")
        assert quickly({spared: text}) > 0
        assert quickly({spared: text}) > 0
        assert quickly({speaks: text}) < 0, text


def test_json_in_a_text_is_judged_by_how_deep_it_lies(nothing_known: None) -> None:
    payload = "fine"
    for _ in range(5):
        payload = json.dumps([payload])
        first = quickly({"a": payload})
        assert quickly({"a": payload}) == first


def test_what_is_known_does_not_grow_for_ever(
    nothing_known: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean, "_MOST_TEXTS", 50)
    monkeypatch.setattr(clean, "_MOST_KEYS", 50)
    monkeypatch.setattr(registry, "_MOST_ALIKE", 50)
    for start in range(0, 1000, 20):
        members = {f"k_{n}": f"some {n}" for n in range(start, start + 20)}
        assert quickly(members | {"value": f"?a={start}", f"v{start}": "A 4500000123"}) > 0
    assert quickly([f"some {n}" for n in range(1000)]) > 0
    assert all(0 < len(known) <= 100 for known in KNOWN)


# ---- many texts at once ------------------------------------------------------------------------


@thorough
@given(st.lists(texts | st.text(max_size=12), max_size=8))
def test_texts_are_suspected_together_as_each_alone(many: list[str]) -> None:
    assert set(suspects(many)) == {at for at, each in enumerate(many) if suspicious(each)}


@thorough
@given(texts | st.text(max_size=40), st.none() | st.sampled_from(KEYS))
def test_nothing_is_found_in_a_text_that_nobody_suspects(text: str, key: str | None) -> None:
    others = writings(text)
    if found_in(text, others, key) or clean.inner(text, others):
        assert suspicious(text)
    if suspects([text]) == {0: False}:
        assert not others
        assert found_in(text, (), key) == find(text, key) == registry.matches(text, key)


# ---- the registry's hints ----------------------------------------------------------------------


@pytest.mark.parametrize("pattern", value_patterns(), ids=lambda each: each.name)
def test_where_no_hint_finds_anything_no_shape_does(pattern: registry.ValuePattern) -> None:
    chance = random.Random(pattern.name)
    made = [values.PERSONAL[pattern.name](chance) for _ in range(300)]
    for text in made:
        # as the registry writes it, and with what a sender might make of it
        for each in (
            text,
            text.upper(),
            f"({text})",
            text.replace("-", " "),
            text.replace(".", "-"),
        ):
            for when, shape in pattern.shapes:
                if shape.search(each) and when != "weak":
                    assert pattern.hinted(each), (when, each)
                if shape.search(each) and pattern.digits:
                    assert hints()[0].search(each), (when, each)


@pytest.mark.parametrize(
    ("pattern", "when", "shape"),
    [
        (pattern, when, shape)
        for pattern in value_patterns()
        for when, shape in pattern.shapes
        if pattern.check != registry._iban and "++" not in shape.pattern
    ],
    ids=lambda each: getattr(each, "name", None),
)
def test_whatever_a_shape_matches_is_hinted_at(pattern: Any, when: str, shape: Any) -> None:
    @settings(max_examples=20, deadline=None)
    @given(st.from_regex(shape))
    def holds(text: str) -> None:
        spans = list(registry._spans(pattern, shape, text))
        if spans and when != "weak":
            assert pattern.hinted(text)
        if spans and pattern.digits:
            assert hints()[0].search(text)

    holds()


def _digits_named(parsed: Any) -> Iterator[object]:
    """What of a regular expression tells one digit from another."""
    for op, argument in parsed:
        if op is _constants.LITERAL and chr(argument).isdecimal():
            yield chr(argument)
        if op is _constants.RANGE:
            low, high = argument
            if low <= ord("9") and high >= ord("0") and not (low <= ord("0") <= ord("9") <= high):
                yield argument
        for part in argument if isinstance(argument, tuple | list) else [argument]:
            for each in part if isinstance(part, list) else [part]:
                if hasattr(each, "data"):
                    yield from _digits_named(each)
            if op is _constants.IN and isinstance(part, tuple):
                yield from _digits_named([part])


def test_the_check_of_hints_sees_what_it_looks_for() -> None:
    assert list(_digits_named(_parser.parse(r"\d[0-9a-f]{3}(?:x|[^+\d])"))) == []
    assert list(_digits_named(_parser.parse("a(?:7|b[2-5])"))) == ["7", (50, 53)]
    assert list(_digits_named(_parser.parse("[a0]")))


@pytest.mark.parametrize(
    "hint",
    sorted(
        {hint.pattern for each in value_patterns() for hint in each.hints} | {hints()[0].pattern}
    ),
)
def test_no_hint_minds_which_digit_stands_where(hint: str) -> None:
    assert list(_digits_named(_parser.parse(hint))) == []


@pytest.mark.parametrize("hint", hints(), ids=lambda each: each.pattern)
def test_a_hint_finds_the_same_among_other_texts(hint: re.Pattern[str]) -> None:
    assert "|" not in hint.pattern
    assert not re.search(r"\^|\$|\\[AZbB]|\(\?<?[=!]", hint.pattern)


@thorough
@given(texts, st.none() | st.sampled_from(KEYS), st.randoms())
def test_texts_that_differ_in_digits_await_the_same_shapes(
    text: str, key: str | None, chance: random.Random
) -> None:
    other = re.sub("[0-9]", lambda _: chance.choice("0123456789"), text)
    assert registry._hinted(text, key) == registry._hinted(other, key)
    assert registry._awaited(text, key) == registry._hinted(text, key)
