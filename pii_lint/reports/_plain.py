"""Names from outside, made fit for a terminal."""

from __future__ import annotations

import unicodedata

_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# controls and escapes, bidirectional and zero-width marks, lone surrogates, line separators


def plain(text: str) -> str:
    """`text` on one line; what could move, hide or colour other text is written as its code."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if unicodedata.category(char) not in _UNPRINTABLE else _code(char) for char in text
    )


def _code(char: str) -> str:
    number = ord(char)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
