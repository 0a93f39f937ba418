"""Another value in the place of each: of the same type, shape and length, and as distinct.

Equal values stay equal and different ones different, whatever column they stand in; so do those
that differ only in case, or in blanks around them. Joins and counts of distinct people are kept.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from uuid import UUID

Scalar = str | int | float | bool | bytes | Decimal | date | datetime | time | UUID
"""What a cell with personal data may hold; anything else can't be altered."""

_DAYS = timedelta(days=37)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TRIES = 64


def others(values: Iterable[Scalar], kind: str) -> dict[Scalar, Scalar]:
    """Another value for each that can be altered; those that can't are left out."""
    given = sorted(set(values), key=repr)
    taken = {_core(value) for value in given}
    by_core: dict[object, int] = {}
    found: dict[Scalar, Scalar] = {}
    for value in given:
        core = _core(value)
        # spellings of one value take the same road
        tries = [by_core[core]] if core in by_core else range(_TRIES)
        for attempt in tries:
            new = _another(value, f"{kind}:{attempt}".encode())
            if new is None:
                break
            if core in by_core or _core(new) not in taken:
                by_core[core] = attempt
                taken.add(_core(new))
                found[value] = new
                break
    return {**_rotated([value for value in given if value not in found]), **found}


def _rotated(full: list[Scalar]) -> dict[Scalar, Scalar]:
    """Where a domain is used up, each value takes the place of another of its length."""
    alike: dict[tuple[type, int], list[Scalar]] = {}
    for value in full:
        if _another(value, b"") is not None:
            length = len(value) if isinstance(value, str) else 0
            alike.setdefault((type(value), length), []).append(value)
    return {
        value: other
        for some in alike.values()
        if some[1:] and len({_core(value) for value in some}) == len(some)
        for value, other in zip(some, some[1:] + some[:1], strict=True)
    }


def canaries(values: Iterable[Scalar], kind: str) -> dict[Scalar, Scalar]:
    """Others that stand nowhere else: long words, where the text is one that holds letters."""
    return {
        value: _word(value, kind) if isinstance(value, str) and _is_prose(value) else new
        for value, new in others(values, kind).items()
    }


def under(document: object, keys: Collection[str]) -> Iterator[Scalar]:
    """The texts and numbers of a JSON document that stand below one of these keys."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            yield from _leaves(value) if str(key).casefold() in keys else under(value, keys)
    elif isinstance(document, list):
        for value in document:
            yield from under(value, keys)


def exchanged(document: object, keys: Collection[str], into: Mapping[Scalar, Scalar]) -> object:
    """The document with those exchanged."""
    if isinstance(document, Mapping):
        return {
            key: _replaced(value, into)
            if str(key).casefold() in keys
            else exchanged(value, keys, into)
            for key, value in document.items()
        }
    if isinstance(document, list):
        return [exchanged(value, keys, into) for value in document]
    return document


def _leaves(value: object) -> Iterator[Scalar]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield value


def _replaced(value: object, into: Mapping[Scalar, Scalar]) -> object:
    if isinstance(value, Mapping):
        return {key: _replaced(each, into) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, into) for each in value]
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return into.get(value, value)
    return value


def _core(value: Scalar) -> object:
    """What two spellings of one value share."""
    return value.strip().casefold() if isinstance(value, str) else value


def _another(value: Scalar, key: bytes) -> Scalar | None:
    new: Scalar | None = None
    match value:
        case bool():
            return not value
        case str():
            new = _text(value, key)
        case datetime() | date():
            new = value + _DAYS
        case time():
            new = value.replace(minute=(value.minute + 17) % 60)
        case int() | Decimal():
            new = type(value)(_digits(str(value), key))
        case float():
            # steadily rising, so that different values stay different
            new = value * 1.001 + 0.001
        case bytes():
            new = bytes(byte ^ 1 for byte in value)
        case UUID():
            new = UUID(_hex(str(value), key))
    return None if new == value else new


def _text(value: str, key: bytes) -> str:
    core = value.strip()
    if _DATE.match(core):
        try:
            moved = date.fromisoformat(core[:10]) + _DAYS
        except (ValueError, OverflowError):
            return _letters(value, key)
        return value.replace(core[:10], moved.isoformat(), 1)
    if _UUID.fullmatch(core):
        return value.replace(core, _hex(core, key))
    try:
        address = ipaddress.ip_address(core)
    except ValueError:
        return _letters(value, key)
    low = int.from_bytes(_stream(core, key, 2), "big")
    return value.replace(core, str(type(address)((int(address) & ~0xFFFF) | low)))


def _is_prose(value: str) -> bool:
    """True for text that no type or format binds."""
    core = value.strip()
    try:
        ipaddress.ip_address(core)
    except ValueError:
        bound = _DATE.match(core) or _UUID.fullmatch(core)
        return not bound and any(one.isalpha() for one in core)
    return False


def _word(value: str, kind: str) -> str:
    core = str(_core(value))
    word = "".join(chr(97 + by % 26) for by in _stream(core, kind.encode(), 20))
    return f"{word}@{word[::-1]}.example" if "@" in core else word


def _letters(value: str, key: bytes) -> str:
    """Letters for letters, digits for digits, in the same case; all else stays."""
    core = value.strip()
    shift = _stream(core.casefold(), key, len(core))
    new = "".join(_character(one, by) for one, by in zip(core, shift, strict=True))
    return value.replace(core, new, 1)


def _character(one: str, by: int) -> str:
    if "a" <= one <= "z":
        return chr((ord(one) - 97 + 1 + by % 25) % 26 + 97)
    if "A" <= one <= "Z":
        return chr((ord(one) - 65 + 1 + by % 25) % 26 + 65)
    if "0" <= one <= "9":
        return chr((ord(one) - 48 + 1 + by % 9) % 10 + 48)
    if one.isalpha():
        # its neighbour in the alphabet, where that is a letter of the same case too
        near = chr(ord(one) ^ 1)
        return near if near.isalpha() and near.isupper() == one.isupper() else one
    return one


def _digits(text: str, key: bytes) -> str:
    """Another number of as many digits; the first one stays, for a column's range's sake."""
    places = [at for at, one in enumerate(text) if one.isdigit()]
    kept = 1 if len(places) > 1 else 0
    shift = _stream(text, key, len(places))
    new = list(text)
    for at, by in list(zip(places, shift, strict=True))[kept:]:
        new[at] = _character(text[at], by)
    return "".join(new)


def _hex(text: str, key: bytes) -> str:
    shift = _stream(text.casefold(), key, len(text))
    return "".join(
        one if one == "-" else f"{(int(one, 16) + 1 + by % 15) % 16:x}"
        for one, by in zip(text, shift, strict=True)
    )


def _stream(core: str, key: bytes, length: int) -> bytes:
    """Bytes that depend on the value and the key alone."""
    seed = blake2b(core.encode("utf-8", "surrogatepass"), key=key[:64]).digest()
    blocks = (blake2b(seed + at.to_bytes(4, "big")).digest() for at in range(length // 64 + 1))
    return b"".join(blocks)[:length]
