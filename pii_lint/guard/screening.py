"""Judge one payload: a quick look that most pass, then a slow one that says what and where."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

import msgspec

from pii_lint.data.payloads import Surface, blocked, plain_key
from pii_lint.data.values import Match, favours, neutral_keys, pair_keys, spared
from pii_lint.guard.detect import find, found_in, suspicious
from pii_lint.guard.model import Accepted, Finding, Stripped, Verdict, refused, unreadable
from pii_lint.guard.paths import Step, path
from pii_lint.guard.readings import readings, writings

REDACTED = "[redacted]"
"""Stands where a value stood; no shape matches it under any key."""
DEEPEST = 200
"""Levels of nesting in what is kept of a rejected payload."""
_ENDLESS = 20_000
# Levels that no parser hands on: the payload holds itself.
_MOST_FINDINGS = 1000
_SMALL, _HUGE = 999_999, 10**20
# Whole numbers up to and from here have too few and too many digits for any shape.
_JSON_LIKE = re.compile(r"\s*[{\[\"]")
_spared = spared().fullmatch
_CARD_DIGITS = (15, 16)
_CARD = 10**14
# Of a number that is a card's under any key.
_LONG_NEUTRAL = 20
_LAYERS = 4
# JSON in a string of JSON in a string.
_SHORT_KEY, _MOST_KEYS = 64, 8192
_SHORT_TEXT, _MOST_TEXTS = 40, 8192

DEFAULT = Surface("payload", "payload")


class _TooDeepError(ValueError):
    pass


def screen(payload: object, surface: Surface = DEFAULT) -> Verdict:
    """Judge a payload by the surface's policy; the payload itself is never changed.

    It is made of what JSON is made of: dicts, lists, strings, numbers, booleans and None. Raises
    TypeError for anything else.
    """
    try:
        return Accepted(payload) if clean(payload) >= 0 else dismantled(payload, surface)
    except _TooDeepError:
        return unreadable("deep")


def clean(payload: object, layer: int = 0, key: str | None = None) -> int:
    """How many texts, keys among them, a payload has; -1 where something personal stands in it."""
    texts = 0
    known_keys, known_texts = _known_keys, _known_texts
    pending: list[tuple[str | None, object, int]] = [(key, payload, 0)]
    while pending:
        above, value, depth = pending.pop()
        if isinstance(value, dict):
            if depth > _ENDLESS:
                raise _TooDeepError
            texts += len(value)
            for key, each in value.items():
                speaks = known_keys.get(key)
                if speaks is None:
                    if not _clean_key(key):
                        return -1
                    speaks = True
                kind = type(each)
                if kind is str:
                    texts += 1
                    if each in known_texts:
                        continue
                    if not suspicious(each):
                        if len(each) <= _SHORT_TEXT:
                            if len(known_texts) >= _MOST_TEXTS:
                                known_texts.clear()
                            known_texts.add(each)
                    elif not _clean_text(each, _context(above, key), layer):
                        return -1
                elif kind is int:
                    much = each > _SMALL if speaks else each >= _CARD
                    if (much or each < -_SMALL) and _number(each, _context(above, key)):
                        return -1
                elif kind is dict or kind is list:
                    if each:
                        below = _context(above, key) if speaks else key
                        pending.append((below, each, depth + 1))
                elif kind is not bool and each is not None:
                    pending.append((_context(above, key), each, depth + 1))
            if not _PAIR_VALUES.isdisjoint(value) and _pair(value):
                return -1
        elif isinstance(value, list | tuple):
            if depth > _ENDLESS:
                raise _TooDeepError
            pending.extend((above, each, depth + 1) for each in value)
        elif isinstance(value, str):
            texts += 1
            if not _clean_text(value, above, layer):
                return -1
        elif value is not None and _number(value, above):
            return -1
    return texts


def dismantled(payload: object, surface: Surface) -> Verdict:
    """The verdict on a payload that isn't clean."""
    if surface.policy == "strip":
        look = _Look(strip=True)
        left = look.value(payload, (), None)
        if not look.refused and clean(left) >= 0:
            return Stripped(left, tuple(look.findings))
    look = _Look()
    left = look.value(payload, (), None)
    # fail closed: what still isn't clean is not kept at all
    kept = left if clean(left) >= 0 else {}
    return refused(kept, tuple(look.findings) or (Finding("$", "unknown"),))


def patterns_of(payload: object, key: str | None = None) -> frozenset[str]:
    """The shapes and listed keys in a payload that stands under a key or column."""
    if clean(payload, key=key) >= 0:
        return frozenset()
    look = _Look()
    look.value(payload, (), key)
    return frozenset(finding.pattern for finding in look.findings)


@dataclass(slots=True)
class _Look:
    """Takes a payload apart, and builds what may be kept of it."""

    strip: bool = False
    findings: list[Finding] = field(default_factory=list)
    refused: bool = False
    # something beside a listed key was found
    renamed: int = 0

    def value(self, value: object, at: tuple[Step, ...], key: str | None) -> object:
        if isinstance(value, str):
            return self._text(value, at, key)
        if isinstance(value, dict | list | tuple):
            if len(at) >= DEEPEST:
                return value if clean(value) >= 0 else self._found(at, "deep")
            if isinstance(value, dict):
                return self._object(value, at, key)
            return [self.value(each, (*at, n), key) for n, each in enumerate(value)]
        shown = _number(value, key)
        for match in shown:
            self._found(at, match.pattern)
        return REDACTED if shown else value

    def _object(
        self, value: Mapping[object, object], at: tuple[Step, ...], above: str | None
    ) -> object:
        kept: dict[object, object] = {}
        pair = _pair(value)
        for key, each in value.items():
            name = key if isinstance(key, str) else str(key)
            listed = blocked(name)
            if listed is None and pair is not None and pair[1] == key:
                listed = blocked(pair[0])
                if listed is None:
                    kept[key] = self.value(each, (*at, name), pair[0])
                    continue
            if listed is not None:
                self._found((*at, name), f"key:{listed.name}", value=False)
                continue
            context = _context(above, name)
            if _clean_key(key):
                kept[key] = self.value(each, (*at, name), context)
                continue
            for pattern in _patterns(name):
                self._found((*at, name), pattern)
            kept[self._unused(value, kept)] = self.value(each, (*at, name), context)
        return kept

    def _text(self, text: str, at: tuple[Step, ...], key: str | None) -> str:
        if _clean_text(text, key, 0):
            return text
        seen = find(text, key)
        for pattern in dict.fromkeys(match.pattern for match in seen):
            self._found(at, pattern)
        if not seen:
            for pattern in _inner_patterns(text):
                self._found(at, pattern)
            return REDACTED
        ends = [0, *(match.end for match in seen)]
        starts = [*(match.start for match in seen), len(text)]
        left = REDACTED.join(text[end:start] for end, start in zip(ends, starts, strict=True))
        return left if _clean_text(left, key, 0) else REDACTED

    def _unused(self, *taken: Mapping[object, object]) -> str:
        name = REDACTED
        while any(name in each for each in taken):
            self.renamed += 1
            name = f"{REDACTED} {self.renamed}"
        return name

    def _found(self, at: tuple[Step, ...], pattern: str, *, value: bool = True) -> str:
        self.refused = self.refused or value
        if len(self.findings) < _MOST_FINDINGS:
            self.findings.append(Finding(path(at), pattern))
        return REDACTED


def _clean_key(key: object) -> bool:
    name = key if isinstance(key, str) else str(key)
    if blocked(name) is not None or _patterns(name):
        return False
    if len(name) <= _SHORT_KEY and isinstance(key, str):
        if len(_known_keys) >= _MOST_KEYS:
            _known_keys.clear()
        _known_keys[key] = favours(key) or _neutral(key)
    return True


def _patterns(name: str) -> tuple[str, ...]:
    """What stands in a key itself, or how a listed key is disguised."""
    found = [match.pattern for match in find(name)]
    for reading in readings(name):
        listed = blocked(reading)
        if listed is not None:
            found.append(f"key:{listed.name}")
    return tuple(dict.fromkeys(found))


def _clean_text(text: str, key: str | None, layer: int) -> bool:
    if _spared(text):
        return True
    others = writings(text)
    if found_in(text, others, key):
        return False
    inner = _inner(text, others)
    if layer >= _LAYERS:
        # nobody looks on, so nothing that could be opened passes
        return not inner
    return all(clean(each, layer + 1) >= 0 for each in inner)


def _inner(text: str, others: Sequence[str]) -> list[object]:
    """What a text holds that is JSON itself, as it is or once its writing is undone."""
    found: list[object] = []
    for writing in (text, *others):
        if _JSON_LIKE.match(writing):
            try:
                found.append(msgspec.json.decode(writing.encode("utf-8", "replace")))
            except (msgspec.DecodeError, RecursionError, ValueError):
                continue
    return found


def _inner_patterns(text: str) -> tuple[str, ...]:
    look = _Look()
    for inner in _inner(text, writings(text)):
        look.value(inner, (), None)
    return tuple(dict.fromkeys(finding.pattern for finding in look.findings)) or ("json",)


def _number(value: object, key: str | None) -> tuple[Match, ...]:
    """What a number shows that has enough digits; a fraction shows nothing."""
    if isinstance(value, float | Decimal):
        value = _whole(value)
    if value is None or isinstance(value, bool):
        return ()
    if not isinstance(value, int):
        raise TypeError(f"JSON has no {type(value).__name__}: turn it into a text or number first.")
    number: int = value
    if not _SMALL < abs(number) < _HUGE:
        return ()
    digits = str(abs(number))
    return find(digits, key) if len(digits) in _CARD_DIGITS or favours(key) else ()


def _whole(value: float | Decimal) -> int | None:
    """None for a fraction, and for what is too large: writing that out would cost."""
    if isinstance(value, Decimal):
        fits = value.is_finite() and -_HUGE < value < _HUGE and value == value.to_integral_value()
    else:
        fits = -_HUGE < value < _HUGE and value.is_integer()
    return int(value) if fits else None


def _context(above: str | None, key: object) -> str | None:
    """The key that speaks for a value: its own, or the one above where that says nothing."""
    if not isinstance(key, str):
        return above
    return above if above is not None and len(key) < _LONG_NEUTRAL and _neutral(key) else key


@lru_cache(maxsize=4096)
def _neutral(key: str) -> bool:
    return plain_key(key) in neutral_keys()


def _pair(value: Mapping[object, object]) -> tuple[str, object] | None:
    """The name and the key of the value where an object is a pair, and its value is personal."""
    name = next((each for key in _PAIR_KEYS if isinstance(each := value.get(key), str)), None)
    if name is None:
        return None
    for key in _PAIR_VALUES:
        each = value.get(key)
        if each is None or isinstance(each, bool) or each in ("", [], {}):
            continue
        if blocked(name) is not None:
            return name, key
        if isinstance(each, str):
            if find(each, name):
                return name, key
        elif not isinstance(each, dict | list | tuple) and _number(each, name):
            return name, key
    return None


_known_keys: dict[object, bool] = {}
# Keys that were looked at and are clean, and whether they or the one above speak for a value.
_known_texts: set[str] = set()
# Short texts that are clean under any key.
_PAIR_KEYS, _VALUES = pair_keys()
_PAIR_VALUES = frozenset(_VALUES)
