"""Judge a payload that is still JSON text, and write JSON without loss."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from pii_lint.data.payloads import Surface
from pii_lint.guard.clean import clean
from pii_lint.guard.model import Accepted, Verdict, unreadable
from pii_lint.guard.screening import DEFAULT, dismantled, screen

_BOM = b"\xef\xbb\xbf"
_decode = msgspec.json.Decoder().decode
_exactly = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def screen_text(raw: bytes | str, surface: Surface = DEFAULT) -> Verdict:
    """Judge JSON text. What nobody can read is rejected, and nothing of it is kept.

    Of a key that stands twice each value counts, whichever one a later reader would take.
    """
    try:
        data = raw if isinstance(raw, bytes) else raw.encode("utf-8")
        data = data.removeprefix(_BOM)
        payload = _decode(data)
        texts = clean(payload)
        if texts < 0:
            return dismantled(_exactly(data), surface)
        if _repeats(data, texts):
            verdict = screen(_all_members(data), surface)
            return Accepted(payload) if isinstance(verdict, Accepted) else verdict
        return Accepted(payload)
    except UnicodeError:
        return unreadable("encoding")
    except RecursionError:
        return unreadable("deep")
    except msgspec.ValidationError:
        return unreadable("number")
    except ValueError:
        # msgspec's DecodeError is one; its text may name a key, so it isn't repeated
        return unreadable("malformed")


def write_json(value: object) -> bytes:
    """A value as one line of JSON; decimals stay as exact as they came."""
    try:
        return _encode(value)
    except (OverflowError, ValueError, UnicodeError, msgspec.MsgspecError):
        return json.dumps(value, default=str).encode("ascii")


def _repeats(data: bytes, texts: int) -> bool:
    """True where the text may hold more than what was read of it: a key that stands twice.

    Every key and string has two quotes that aren't escaped.
    """
    quotes = data.count(b'"')
    if b"\\" in data:
        if b"\\\\" in data:
            return True
        quotes -= data.count(b'\\"')
    return quotes != 2 * texts


class Repeated(list[object]):
    """The values of a key that stands several times in one object."""


def _all_members(data: bytes) -> object:
    return json.loads(data, object_pairs_hook=_gathered, parse_float=Decimal)


def _gathered(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            before = found[key]
            found[key] = Repeated([*(before if isinstance(before, Repeated) else [before]), value])
        else:
            found[key] = value
    return found
