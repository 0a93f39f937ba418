"""The registry's keys as regular expressions of PostgreSQL, over a payload's text.

Looking at the text is exact: PostgreSQL writes every jsonb alike, with `": "` behind keys alone, an
opening quote behind `{` or a space alone, and every quote inside a string behind a backslash. It is
linear as well, where walking the tree copies each subtree once a level.
"""

from __future__ import annotations

from typing import TypeAlias

from pii_lint.data.payloads import PayloadKey

# Whatever plain ASCII stands between the letters of a key and isn't a letter or digit. Quotes and
# backslashes stand there as escapes, like every other control character; see `ODD_KEY`.
_BETWEEN = r"[] !#-/:-@[^-`{-~\x7f]*"

# Beyond ASCII: punctuation, symbols, marks and what nobody sees. Of other scripts' own marks it
# names none, so a key that holds one of them isn't the listed key here.
_UNSEEN = (
    (0x80, 0xBF),
    (0xD7, 0xD7),
    (0xF7, 0xF7),
    (0x2C2, 0x2C5),
    (0x2D2, 0x2DF),
    (0x2E5, 0x2EB),
    (0x2ED, 0x2ED),
    (0x2EF, 0x344),
    (0x346, 0x36F),
    (0x483, 0x489),
    (0x591, 0x5C7),
    (0x600, 0x61F),
    (0x64B, 0x65F),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x200B, 0x206F),
    (0x20A0, 0x20F0),
    (0x2100, 0x2101),
    (0x2103, 0x2106),
    (0x2108, 0x2109),
    (0x2114, 0x2114),
    (0x2116, 0x2118),
    (0x211E, 0x2123),
    (0x2125, 0x2125),
    (0x2127, 0x2127),
    (0x2129, 0x2129),
    (0x212E, 0x212E),
    (0x213A, 0x213B),
    (0x2140, 0x2144),
    (0x214A, 0x214D),
    (0x214F, 0x214F),
    (0x218A, 0x244A),
    (0x2500, 0x2775),
    (0x2794, 0x2BFF),
    (0x2E00, 0x2E2E),
    (0x2E30, 0x3004),
    (0x3008, 0x3020),
    (0x302A, 0x3030),
    (0x303D, 0x303F),
    (0x3099, 0x309C),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFD),
    (0x1F000, 0x1F0FF),
    (0x1F10D, 0x1FAFF),
    (0xE0001, 0xE01EF),
)

STRING = r'"(?:[^"\\]|\\.)*"(?:: )?'
"""A string of a jsonb's text; a key with the colon and the space behind it."""
ESCAPE = r"\\(?:u[0-9a-f]{4}|.)"
ODD_KEY = r'(?:[^\x01-\x7f]|\\.)(?:[^"\\]|\\.)*": '
"""Matches wherever a key holds a character beyond ASCII or an escape, and seldom elsewhere."""

_Trie: TypeAlias = "dict[str, _Trie]"
_END = ""


def plain_keys(keys: tuple[PayloadKey, ...]) -> str:
    """Matches a payload's text where a listed key stands in it, in any spelling of plain ASCII."""
    return f'[{{ ]"{_BETWEEN}{_spelled(_trie(keys))}": '


def dropped() -> str:
    """Matches the characters of a key that don't count."""
    ranges = "".join(_written(low) + "-" + _written(high) for low, high in _UNSEEN)
    return rf"[\x01-/:-@[-`{{-\x7f{ranges}]+"


def separators() -> str:
    """The same for a key of plain ASCII without an escape, as single characters."""
    return "".join(char for char in map(chr, range(0x20, 0x80)) if not char.isalnum())


def _trie(keys: tuple[PayloadKey, ...]) -> _Trie:
    """Keys by their letters: PostgreSQL follows every branch anew, so beginnings are shared."""
    root: _Trie = {}
    for key in keys:
        branch = root
        for letter in key.plain:
            branch = branch.setdefault(letter, {})
        branch[_END] = {}
    return root


def _spelled(trie: _Trie) -> str:
    branches = [
        # NOTE: no flag and no collation decides what is a capital
        (f"[{letter}{letter.upper()}]" if letter.isalpha() else letter) + _BETWEEN + _spelled(rest)
        for letter, rest in trie.items()
        if letter != _END
    ]
    told = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})" if branches else ""
    return f"(?:{told})?" if _END in trie and branches else told


def _written(point: int) -> str:
    return rf"\U{point:08x}"
