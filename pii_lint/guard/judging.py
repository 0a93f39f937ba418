"""What keys and numbers give away, and which key speaks for a value."""

from __future__ import annotations

from collections.abc import Mapping, Set
from decimal import Decimal
from functools import lru_cache

from pii_lint.data.payloads import blocked, plain_key
from pii_lint.data.values import Match, favours, neutral_keys, pair_keys
from pii_lint.guard.detect import find
from pii_lint.guard.readings import readings

SMALL = 999_999
"""Whole numbers up to this have too few digits for any shape."""
CARD = 10**14
"""Whole numbers from this on may be a card's under any key."""
_HUGE = 10**20
# From here on they have too many digits.
_CARD_DIGITS = (15, 16)
_LONG_NEUTRAL = 20

_NAMES, _VALUES = pair_keys()
PAIR_VALUES: Set[object] = frozenset(_VALUES)
"""Keys whose value another key beside them may name."""


def key_patterns(name: str) -> tuple[str, ...]:
    """What stands in a key itself, or how a listed key is disguised."""
    found = [match.pattern for match in find(name)]
    for reading in readings(name):
        listed = blocked(reading)
        if listed is not None:
            found.append(f"key:{listed.name}")
    return tuple(dict.fromkeys(found))


def bears(key: str) -> bool:
    """False for a key that changes nothing of how the value beneath it is judged."""
    return favours(key) or _neutral(key) or key in PAIR_VALUES


def context(above: str | None, key: object) -> str | None:
    """The key that speaks for a value: its own, or the one above where that says nothing."""
    if not isinstance(key, str):
        return above
    return above if above is not None and len(key) < _LONG_NEUTRAL and _neutral(key) else key


@lru_cache(maxsize=4096)
def _neutral(key: str) -> bool:
    return plain_key(key) in neutral_keys()


def in_number(value: object, key: str | None) -> tuple[Match, ...]:
    """What a number shows that has enough digits; a fraction shows nothing."""
    if isinstance(value, float | Decimal):
        value = _whole(value)
    if value is None or isinstance(value, bool):
        return ()
    if not isinstance(value, int):
        raise TypeError(f"JSON has no {type(value).__name__}: turn it into a text or number first.")
    number: int = value
    if not SMALL < abs(number) < _HUGE:
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


def pair(value: Mapping[object, object]) -> tuple[str, object] | None:
    """The name and the key of the value where an object is a pair, and its value is personal."""
    name = next((each for key in _NAMES if isinstance(each := value.get(key), str)), None)
    if name is None:
        return None
    for key in _VALUES:
        each = value.get(key)
        if each is None or isinstance(each, bool) or each in ("", [], {}):
            continue
        if blocked(name) is not None:
            return name, key
        if isinstance(each, str):
            if find(each, name):
                return name, key
        elif not isinstance(each, dict | list | tuple) and in_number(each, name):
            return name, key
    return None
