"""Judge a payload that is still JSON text, and write JSON without loss."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from pii_lint.data.payloads import Surface
from pii_lint.guard.model import Accepted, Verdict, unreadable
from pii_lint.guard.screening import DEFAULT, clean, dismantled, screen

_BOM = b"\xef\xbb\xbf"
_KEY = re.compile(rb'"[ \t\r\n]*:')
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
        keys = clean(payload)
        if keys < 0:
            return dismantled(_exactly(data), surface)
        if keys != _written_keys(data):
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


def _written_keys(data: bytes) -> int:
    """At least as many as there are keys in the text; more only where strings look like keys."""
    if b" :" in data or b"\n:" in data or b"\t:" in data or b"\r:" in data:
        return len(_KEY.findall(data))
    count = data.count(b'":')
    if b'\\":' in data and b'\\\\"' not in data:
        count -= data.count(b'\\":')
    return count


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
