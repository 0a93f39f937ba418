"""What personal values look like: the shapes of `values.yml`, for every layer of defence."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, NamedTuple, TypeAlias

from pii_lint.data.names import catalogue, guess, snake_case, words
from pii_lint.data.payloads import plain_key

When: TypeAlias = Literal["sure", "loose", "weak"]
Stand: TypeAlias = Literal["for", "against", "silent"]
Check: TypeAlias = Callable[[str, int, int], int]
"""Where in a text a candidate ends that proves itself; -1 where it doesn't."""

_BEFORE = 48
# Characters before a value in which a word may speak for or against it.
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_LIKE, _MOST_ALIKE = 120, 8192
# Of a text whose likes are known again: those that differ in their digits alone.
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_unhinted: set[tuple[bytes, str | None]] = set()
# Texts, all digits zeros, in which no shape can stand under this key; of others nothing is kept.
_LONGEST_KEY = 64
# Of a key whose bearing is worth remembering; a sender may invent any number of long ones.


class Match(NamedTuple):
    """Where a text holds a personal value; the value itself goes nowhere."""

    kind: str
    start: int
    end: int
    pattern: str
    # the shape's name


@dataclass(frozen=True, slots=True)
class ValuePattern:
    """One kind of value and the shapes it comes in; `values.yml` explains the attributes."""

    name: str
    kind: str
    repo: bool
    digits: bool
    hints: tuple[re.Pattern[str], ...]
    shapes: tuple[tuple[When, re.Pattern[str]], ...]
    check: Check | None
    keys: frozenset[str]
    words: frozenset[str]
    cues: frozenset[str]
    # the last word of each of them
    not_keys: re.Pattern[str] | None
    not_words: frozenset[str]
    harmless: re.Pattern[str] | None

    @property
    def weak(self) -> bool:
        return self.shapes[-1][0] == "weak"

    def hinted(self, text: str) -> bool:
        return any(hint.search(text) is not None for hint in self.hints)


Awaited: TypeAlias = tuple[ValuePattern, Stand, When, re.Pattern[str]]


def matches(text: str, key: str | None = None) -> tuple[Match, ...]:
    """Every personal value in a text as it is written, in order; `key` is what it stands under."""
    found: list[Match] = []
    taken = bytearray()
    for pattern, stand, when, shape in _awaited(text, key):
        for start, end in _spans(pattern, shape, text):
            if taken.find(1, start, end) < 0 and _counts(pattern, when, stand, text, start):
                taken = taken or bytearray(len(text))
                taken[start:end] = b"\1" * (end - start)
                found.append(Match(pattern.kind, start, end, pattern.name))
    if not found or spared().fullmatch(text):
        return ()
    return tuple(sorted(found, key=lambda one: one.start))


def _awaited(text: str, key: str | None) -> tuple[Awaited, ...]:
    """The shapes that may stand in a text; where none does, other digits would change nothing."""
    if len(text) > _LONGEST_LIKE or len(key or "") > _LONGEST_KEY or not text.isascii():
        return _hinted(text, key)
    alike = text.encode("ascii").translate(_ZEROS), key
    if alike in _unhinted:
        return ()
    found = _hinted(text, key)
    if not found:
        if len(_unhinted) >= _MOST_ALIKE:
            _unhinted.clear()
        _unhinted.add(alike)
    return found


def _hinted(text: str, key: str | None) -> tuple[Awaited, ...]:
    many = _MANY_DIGITS.search(text) is not None
    spoken = _WORD.findall(text.lower()) if many else ()
    heard = many and (favours(key) or not _all_cues().isdisjoint(spoken))
    found: list[Awaited] = []
    for pattern in value_patterns() if many else _short_patterns():
        hinted = pattern.hinted(text)
        if not (hinted or (heard and pattern.weak)):
            continue
        stand: Stand = bearing(pattern.name, key) if key else "silent"
        weak = heard and (stand == "for" or not pattern.cues.isdisjoint(spoken))
        found += (
            (pattern, stand, when, shape)
            for when, shape in pattern.shapes
            if (weak if when == "weak" else hinted) and not (when == "loose" and stand == "against")
        )
    return tuple(found)


def looks_real(text: str) -> Iterator[Match]:
    """What the linter asks: every place in a file that looks like real personal data."""
    for pattern in value_patterns():
        if not pattern.repo:
            continue
        if not pattern.hinted(text):
            continue
        for when, shape in pattern.shapes:
            for start, end in _spans(pattern, shape, text) if when == "sure" else ():
                if pattern.harmless is None or not pattern.harmless.fullmatch(text[start:end]):
                    yield Match(pattern.kind, start, end, pattern.name)


def bearing(name: str, key: str) -> Stand:
    """What a key says of a shape beneath it."""
    return _bearing(name, key) if len(key) <= _LONGEST_KEY else _heard(name, key)


@lru_cache(maxsize=16384)
def _bearing(name: str, key: str) -> Stand:
    return _heard(name, key)


def _heard(name: str, key: str) -> Stand:
    pattern = _by_name()[name]
    guessed = guess(key)
    if guessed is not None and guessed[0] in pattern.keys:
        return "for"
    if pattern.not_keys is not None and pattern.not_keys.search(snake_case(key)):
        return "against"
    return "silent"


@lru_cache(maxsize=16384)
def _favouring(key: str) -> bool:
    return _speaks_for_some(key)


def _speaks_for_some(key: str) -> bool:
    return any(_heard(pattern.name, key) == "for" for pattern in value_patterns())


def _counts(pattern: ValuePattern, when: When, stand: Stand, text: str, start: int) -> bool:
    if when == "sure" or stand == "for":
        return True
    before = text[max(0, start - _BEFORE) : start].rstrip(" ")
    if when == "weak":
        return _said(before, pattern.words)
    return before[-1:] not in pattern.not_words and not _said(before, pattern.not_words)


def _said(before: str, listed: frozenset[str]) -> bool:
    """True where the last word but fillers is a listed one."""
    spoken = [word for word in _WORD.findall(before.lower()) if word not in _fillers()]
    return bool(spoken) and (spoken[-1] in listed or " ".join(spoken[-2:]) in listed)


def _spans(pattern: ValuePattern, shape: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    if pattern.check is None:
        group = "value" if "value" in shape.groupindex else 0
        for match in shape.finditer(text):
            yield match.span(group)
        return
    at = 0
    while (candidate := shape.search(text, at)) is not None:
        start = candidate.start()
        end = pattern.check(text, start, candidate.end())
        if end >= 0:
            yield start, end
        # what proves nothing may hide the beginning of what does
        at = end if end > start else start + 1


@cache
def value_patterns() -> tuple[ValuePattern, ...]:
    """The shipped patterns, ready to match."""
    listed = _catalogue()["values"]
    return tuple(
        ValuePattern(
            name=str(entry["name"]),
            kind=str(entry["kind"]),
            repo=entry["repo"] is True,
            digits=entry.get("digits") is True,
            hints=tuple(re.compile(hint) for hint in words(entry["hint"])),
            shapes=tuple(
                (when, re.compile(str(shape[when]), re.IGNORECASE))
                for shape in _shapes(entry["shapes"])
                for when in _WHEN
                if when in shape
            ),
            check=_CHECKS.get(str(entry.get("check"))),
            keys=frozenset(words(entry.get("keys"))),
            words=frozenset(words(entry.get("words"))),
            cues=frozenset(each.split()[-1] for each in words(entry.get("words"))),
            not_keys=_compiled(entry.get("not_keys")),
            not_words=frozenset(words(entry.get("not_words"))),
            harmless=_compiled("|".join(f"(?:{each})" for each in words(entry.get("harmless")))),
        )
        for entry in (listed if isinstance(listed, list) else [])
    )


@cache
def _short_patterns() -> tuple[ValuePattern, ...]:
    return tuple(pattern for pattern in value_patterns() if not pattern.digits)


@cache
def _all_cues() -> frozenset[str]:
    return frozenset().union(*(pattern.cues for pattern in value_patterns()))


@cache
def _fillers() -> frozenset[str]:
    return frozenset(words(_catalogue()["fillers"]))


@cache
def hints() -> tuple[re.Pattern[str], ...]:
    """Where none of these finds anything, `matches` doesn't either, whatever it stands under."""
    return _MANY_DIGITS, *(hint for pattern in _short_patterns() for hint in pattern.hints)


def favours(key: str | None) -> bool:
    """True for a key under which weak shapes of some kind count."""
    if key is None:
        return False
    return _favouring(key) if len(key) <= _LONGEST_KEY else _speaks_for_some(key)


@cache
def spared() -> re.Pattern[str]:
    """What matches as a whole is no personal value."""
    return re.compile("|".join(words(_catalogue()["spared"])))


@cache
def neutral_keys() -> frozenset[str]:
    """Keys that say nothing of their value, so that the one above them speaks."""
    return frozenset(plain_key(word) for word in words(_catalogue()["neutral_keys"]))


@cache
def pair_keys() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys whose value names what stands beside it, and those that it stands under."""
    return words(_catalogue()["pair_keys"]), words(_catalogue()["pair_values"])


def luhn(value: str) -> bool:
    """The check digit of payment cards."""
    digits = [int(char) for char in value if char.isdecimal()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def mod97(value: str) -> bool:
    """The check digits of an international bank account number."""
    plain = "".join(filter(str.isalnum, value)).upper()
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def _card(text: str, start: int, end: int) -> int:
    value = text[start:end]
    zeros = not any(char.isdecimal() and char != "0" for char in value[4:])
    return end if luhn(value) and not zeros else -1


def _iban(text: str, start: int, end: int) -> int:
    """A candidate runs on into the words behind it; its country says where it ends."""
    left = _iban_lengths().get(text[start : start + 2].upper(), 0)
    at = start
    while left and at < end:
        left -= text[at].isalnum()
        at += 1
    if left or at == start or text[at : at + 1].isalnum():
        return -1
    return at if text[start:at].isascii() and mod97(text[start:at]) else -1


def _ip(text: str, start: int, end: int) -> int:
    """Loopback, netmasks and the address that is none are nobody's."""
    try:
        address = ipaddress.ip_address(text[start:end])
    except ValueError:
        return -1
    if address.is_loopback or address.is_unspecified:
        return -1
    if address.version == 4:
        return -1 if text.startswith("255.", start) else end
    groups = [group for group in text[start:end].split(":") if group]
    return end if len(groups) > 2 or len(groups[0]) == 4 else -1


def _digits(text: str, start: int, end: int) -> int:
    value = text[start:end]
    count = sum(map(str.isdecimal, value))
    # seven: a local number; fifteen: the longest there is
    if not 7 <= count <= 15 or len({char for char in value if char.isdecimal()}) < 2:
        return -1
    return end if value[0] != "0" or count >= 9 else -1


_CHECKS: Mapping[str, Check] = {"luhn": _card, "iban": _iban, "ip": _ip, "digits": _digits}
_WHEN: tuple[When, ...] = ("sure", "loose", "weak")


@cache
def _by_name() -> Mapping[str, ValuePattern]:
    return {pattern.name: pattern for pattern in value_patterns()}


@cache
def _iban_lengths() -> Mapping[str, int]:
    listed = _catalogue()["iban_lengths"]
    pairs = listed.items() if isinstance(listed, Mapping) else ()
    return {str(country): int(str(length)) for country, length in pairs}


@cache
def _catalogue() -> Mapping[str, object]:
    return catalogue("values.yml")


def _shapes(listed: object) -> Iterator[Mapping[str, object]]:
    for shape in listed if isinstance(listed, list) else []:
        if isinstance(shape, Mapping):
            yield shape


def _compiled(pattern: object) -> re.Pattern[str] | None:
    return re.compile(str(pattern), re.IGNORECASE) if pattern else None


_MANY_DIGITS = re.compile(str(_catalogue()["digits_hint"]))
