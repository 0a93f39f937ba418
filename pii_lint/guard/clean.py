"""Is anything personal in a payload? Most are clean, so that all depends on how soon that is seen."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from pii_lint.data.payloads import blocked
from pii_lint.data.values import spared
from pii_lint.guard.detect import found_in, suspicious
from pii_lint.guard.judging import CARD, PAIR_VALUES, SMALL, bears, context, in_number, pair
from pii_lint.guard.judging import key_patterns as patterns
from pii_lint.guard.readings import writings

_ENDLESS = 20_000
# Levels that no parser hands on: the payload holds itself.
_LAYERS = 4
# JSON in a string of JSON in a string.
_JSON_LIKE = re.compile(r"\s*[{\[\"]")
_spared = spared().fullmatch


class TooDeepError(ValueError):
    """The payload holds itself."""


def clean(payload: object, layer: int = 0, key: str | None = None) -> int:
    """How many texts, keys among them, a payload has; -1 where something personal stands in it."""
    texts = 0
    known_keys, known_texts = _known_keys, _known_texts
    pending: list[tuple[str | None, object, int]] = [(key, payload, 0)]
    while pending:
        above, value, depth = pending.pop()
        if isinstance(value, dict):
            if depth > _ENDLESS:
                raise TooDeepError
            texts += len(value)
            paired = False
            for key, each in value.items():
                below, most = key, CARD
                speaks = known_keys.get(key)
                if speaks is None:
                    if not clean_key(key):
                        return -1
                    speaks = True
                if speaks:
                    paired = True
                    below, most = context(above, key), SMALL
                kind = type(each)
                if kind is str:
                    texts += 1
                    if each not in known_texts and not _passes(each, below, layer):
                        return -1
                elif kind is int:
                    if not -SMALL <= each < most and in_number(each, below):
                        return -1
                elif kind is dict or kind is list:
                    if each:
                        pending.append((below, each, depth + 1))
                elif kind is not bool and each is not None:
                    pending.append((below, each, depth + 1))
            if paired and not PAIR_VALUES.isdisjoint(value) and pair(value):
                return -1
        elif isinstance(value, list | tuple):
            if depth > _ENDLESS:
                raise TooDeepError
            pending.extend((above, each, depth + 1) for each in value)
        elif isinstance(value, str):
            texts += 1
            if value not in known_texts and not _passes(value, above, layer):
                return -1
        elif value is not None and in_number(value, above):
            return -1
    return texts


def clean_key(key: object) -> bool:
    """Whether a key is neither listed nor holds anything itself."""
    name = key if isinstance(key, str) else str(key)
    if blocked(name) is not None or patterns(name):
        return False
    if len(name) <= _SHORT_KEY and isinstance(key, str):
        if len(_known_keys) >= _MOST_KEYS:
            _known_keys.clear()
        _known_keys[key] = bears(key)
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


def _passes(text: str, key: str | None, layer: int) -> bool:
    """The same as `clean_text`, sooner, and short texts are remembered."""
    if not suspicious(text):
        if len(text) <= _SHORT_TEXT:
            if len(_known_texts) >= _MOST_TEXTS:
                _known_texts.clear()
            _known_texts.add(text)
        return True
    if _spared(text):
        return True
    placed = (text, key)
    if placed in _known_below and layer == 0:
        return True
    if not clean_text(text, key, layer):
        return False
    if layer == 0 and len(text) <= _LONGER_TEXT and (key is None or len(key) <= _SHORT_KEY):
        if len(_known_below) >= _MOST_TEXTS:
            _known_below.clear()
        _known_below.add(placed)
    return True


_SHORT_KEY, _MOST_KEYS = 64, 8192
_SHORT_TEXT, _LONGER_TEXT, _MOST_TEXTS = 40, 160, 8192
_known_keys: dict[object, bool] = {}
# Keys that were looked at and are clean, and whether they bear on the value beneath them.
_known_texts: set[str] = set()
# Short texts that are clean under any key.
_known_below: set[tuple[str, str | None]] = set()
# Texts that are clean under this key.
