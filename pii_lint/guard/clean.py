"""Is anything personal in a payload? Most hold nothing, so what counts is how soon that shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set

import msgspec

from pii_lint.data.payloads import blocked
from pii_lint.data.values import matches, spared
from pii_lint.guard.detect import found_in, keyless, suspects
from pii_lint.guard.judging import (
    CARD,
    PAIR_VALUES,
    SMALL,
    bears,
    context,
    in_number,
    key_patterns,
    pair,
)
from pii_lint.guard.readings import writings

_ENDLESS = 20_000
# Levels that no parser hands on: the payload holds itself.
_LAYERS = 4
# JSON in a string of JSON in a string.
_JSON_LIKE = re.compile(r"\s*[{\[\"]")
_spared = spared().fullmatch
_spared_at_once = re.compile(spared().pattern, re.ASCII).fullmatch
# Finds less, in less time.
_NONE: Set[object] = frozenset()
# Of the keys of an object.


class TooDeepError(ValueError):
    """The payload holds itself."""


def clean(payload: object, layer: int = 0, key: str | None = None) -> int:
    """How many texts, keys among them, a payload has; -1 where something personal stands in it."""
    texts = 0
    silent, known = _silent_keys, _known_texts
    fresh: list[str] = []
    places: list[str | None] = []
    pending: list[tuple[str | None, object, int]] = [(key, payload, 0)]
    while pending:
        above, value, depth = pending.pop()
        if depth > _ENDLESS:
            raise TooDeepError
        if isinstance(value, dict):
            texts += len(value)
            heard = _NONE
            if not silent.issuperset(value):
                heard = {key for key in value if key not in silent}
                if not (all(map(clean_key, heard)) and _no_pair(value)):
                    return -1
            for key, each in value.items():
                kind = type(each)
                if kind is str:
                    texts += 1
                    # what begins with a digit is often a date or an amount
                    if each not in known and not ("0" <= each < ":" and _spared_at_once(each)):
                        fresh.append(each)
                        places.append(context(above, key) if key in heard else key)
                elif kind is int or kind is float:
                    long = not -SMALL <= each < CARD or (each > SMALL and key in heard)
                    if long and in_number(each, context(above, key)):
                        return -1
                elif kind is dict or kind is list:
                    if each:
                        below = context(above, key) if key in heard else key
                        pending.append((below, each, depth + 1))
                elif kind is not bool and each is not None:
                    pending.append((context(above, key), each, depth))
        elif isinstance(value, list | tuple):
            pending.extend([(above, each, depth + 1) for each in value])
        elif isinstance(value, str):
            texts += 1
            if value not in known and not _spared_at_once(value):
                fresh.append(value)
                places.append(above)
        elif value is not None and in_number(value, above):
            return -1
    return texts if not fresh or _pass(fresh, places, layer) else -1


def _no_pair(value: Mapping[object, object]) -> bool:
    return PAIR_VALUES.isdisjoint(value) or pair(value) is None


def clean_key(key: object) -> bool:
    """Whether a key is neither listed nor holds anything itself."""
    if key in _silent_keys or key in _bearing_keys:
        return True
    name = key if isinstance(key, str) else str(key)
    if blocked(name) is not None or key_patterns(name):
        return False
    if len(name) <= _SHORT_KEY and isinstance(key, str):
        known = _bearing_keys if bears(key) else _silent_keys
        if len(known) >= _MOST_KEYS:
            known.clear()
        known.add(key)
    return True


def clean_text(text: str, key: str | None, layer: int = 0) -> bool:
    """Whether a text holds nothing, in no writing and no JSON within it."""
    if _spared(text):
        return True
    others = writings(text)
    if found_in(text, others, key):
        return False
    within = inner(text, others)
    if layer >= _LAYERS:
        # nobody looks on, so nothing that could be opened passes
        return not within
    return all(clean(each, layer + 1) >= 0 for each in within)


def inner(text: str, others: Sequence[str]) -> list[object]:
    """What a text holds that is JSON itself, as it is or once its writing is undone."""
    found: list[object] = []
    for writing in (text, *others):
        if _JSON_LIKE.match(writing):
            try:
                found.append(msgspec.json.decode(writing.encode("utf-8", "replace")))
            except (msgspec.DecodeError, RecursionError, ValueError):
                continue
    return found


def _pass(texts: Sequence[str], keys: Sequence[str | None], layer: int) -> bool:
    """Whether all texts are clean; short ones that are so anywhere are remembered."""
    suspected = suspects(texts)
    for at, odd in suspected.items():
        if not _fits(texts[at], keys[at], layer, odd=odd):
            return False
    if suspected:
        texts = [text for at, text in enumerate(texts) if at not in suspected]
    _room(_known_texts)
    _known_texts.update([text for text in texts[:_MOST_TEXTS] if len(text) <= _SHORT_TEXT])
    return True


def _fits(text: str, key: str | None, layer: int, *, odd: bool) -> bool:
    """Whether a suspicious text is clean under its key; `odd` unless it only holds digits."""
    if not odd:
        return _spared_at_once(text) is not None or not matches(text, key)
    if not clean_text(text, key, layer):
        return False
    if len(text) <= _LONGER_TEXT and keyless(text) and not inner(text, writings(text)):
        _room(_known_texts)
        _known_texts.add(text)
    return True


def _room(known: set[str]) -> None:
    """What is remembered doesn't grow for ever."""
    if len(known) >= _MOST_TEXTS:
        known.clear()


_SHORT_KEY, _MOST_KEYS = 64, 8192
_SHORT_TEXT, _LONGER_TEXT, _MOST_TEXTS = 40, 160, 8192
_silent_keys: set[object] = set()
_bearing_keys: set[object] = set()
# Keys that are clean, and bear on the value beneath them or don't.
_known_texts: set[str] = set()
# Short texts that are clean under any key.
