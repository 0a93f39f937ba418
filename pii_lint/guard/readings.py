"""What a text says once its writing is undone: escapes, entities, look-alike letters, base64."""

from __future__ import annotations

import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

_ROUNDS = 3
# Of undoing: `%2540` is `%40` is `@`.
_ENTITY = re.compile(r"&(?:#|[A-Za-z]{2,31};)")
_BLANKS = re.compile("[\x00-\x1f\x7f-\U0010ffff]|  ")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([nrt\"/\\]))")
_SPACES = re.compile(r"\s+")
_DASHES = re.compile("[\u2010-\u2015\u2043\u2212\ufe58]")
_DOTS = re.compile("[\u3002\uff61\u2024]")
_DIGITS = re.compile(r"[^\D0-9]")
# Of other scripts.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)

_CODE = (
    # what nine letters below 128 and more look like, so that few identifiers need a second look
    r"[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]"
    r"(?:[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]){2}"
)
_BASE64 = re.compile(rf"(?<![A-Za-z0-9]){_CODE}[A-Za-z0-9+/_-]*+")
MARKS = "%&\\\x7f" + "".join(map(chr, range(0x20)))
"""Characters of ASCII by which a text may stand for another."""
BLANKS = "  "
"""So may what holds a value apart."""
CODE = f"[^A-Za-z0-9]{_CODE}"
"""And base64, behind a border."""
_marks = re.compile(f"[{re.escape(MARKS)}]|{BLANKS}").search


def coded(text: str) -> bool:
    """False for a text that stands for itself alone."""
    return not text.isascii() or _marks(text) is not None or _BASE64.search(text) is not None


def readings(text: str) -> Iterator[str]:
    """Every other text that this one stands for, base64 aside."""
    seen = text
    for _ in range(_ROUNDS):
        undone = _undone(seen)
        if undone == seen:
            return
        yield undone
        seen = undone


def writings(text: str, level: int = 1) -> list[str]:
    """Every other text that this one stands for, base64 in it included."""
    if not coded(text):
        return []
    found = list(readings(text))
    for each in (text, *found[-1:]):
        for token in _BASE64.findall(each):
            inner = _decoded(token)
            if inner is not None:
                found.append(inner)
                if level < _ROUNDS:
                    found += writings(inner, level + 1)
    return found


def _undone(text: str) -> str:
    if "%" in text and _PERCENT.search(text):
        text = unquote(text, errors="replace")
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    if not text.isascii():
        text = _DOTS.sub(".", _DASHES.sub("-", unicodedata.normalize("NFKC", text)))
        text = _DIGITS.sub(lambda digit: str(int(digit[0])), text)
    if _BLANKS.search(text) is None:
        return text
    return _SPACES.sub(" ", _UNSEEN.sub("", text))


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code:
        return chr(int(code, 16))
    return {"n": "\n", "r": "\n", "t": "\t"}.get(match[3], match[3])


def _decoded(token: str) -> str | None:
    plain = token.replace("-", "+").replace("_", "/")
    # a token may run on into words that were joined to it: whole groups of four are read
    plain = plain[: -1 if len(plain) % 4 == 1 else None]
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4)).decode("utf-8", "replace")
    except ValueError:
        return None
