"""Lines of a template, fit to be shown: literals as `?`, comments gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import sqlglot
from sqlglot.errors import SqlglotError

from .sql import LITERALS

MOST_LINES = 4
"""Of one snippet; a longer expression is shown by how it begins."""
LONGEST_OWNER = 100

_STRING = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_JINJA = re.compile(
    rf"\{{#.*?#\}}|\{{\{{(?:{_STRING}|(?!\}}\}})[^'\"])*\}}\}}|\{{%(?:{_STRING}|(?!%\}})[^'\"])*%\}}",
    re.DOTALL,
)
_OWNER = re.compile(r"[\w.]+\.\Z")
_NAMED = re.compile(r"(?:ref|source)\s*\((?:[^()'\"]|'\w*'|\"\w*\")*\)")
_VALUE = re.compile(rf"{_STRING}|(?<![\w.])\d[\w.]*", re.DOTALL)
_LITERAL = re.compile(r"'|--|/\*|\$\w*\$")
# where one begins for some dialect
_ESCAPED = re.compile(r"\\['\"]")

Piece = tuple[int, str, str, str]
"""A line's number, what stands before the marked text, the marked text, what comes after."""


class _Edit(NamedTuple):
    """Characters that are shown as something else."""

    start: int
    end: int
    shown: str


def snippet(
    text: str,
    dialect: str,
    start: tuple[int, int],
    end: tuple[int, int],
    names: frozenset[str] = frozenset(),
) -> list[Piece]:
    """The lines from `start` to `end` (line and column, from 1; the end is exclusive) of a
    template or of plain SQL. Empty where the text can't be told apart from its literals. A string
    in Jinja is shown where it is one of `names`, or what `ref` and `source` ask for.
    """
    edits = _edits(text, dialect, names)
    if edits is None:
        return []
    starts = [0, *(found.end() for found in re.finditer("\n", text)), len(text) + 1]
    if not start[0] <= end[0] < len(starts):
        return []
    first, last = starts[start[0] - 1] + start[1] - 1, starts[end[0] - 1] + end[1] - 1
    if text[first:last] == "*":
        # it is marked with the table that it belongs to
        owner = _OWNER.search(text, max(starts[start[0] - 1], first - LONGEST_OWNER), first)
        first = owner.start() if owner else first
    marked = range(first, last)
    pieces: list[Piece] = []
    for number in range(start[0], min(end[0], start[0] + MOST_LINES - 1) + 1):
        piece = _line(text, range(starts[number - 1], starts[number] - 1), marked, edits)
        if piece[1].strip():
            pieces.append((number, *piece))
    return pieces


def _line(text: str, line: range, marked: range, edits: Sequence[_Edit]) -> tuple[str, str, str]:
    whole = text[line.start : line.stop]
    indent = line.start + len(whole) - len(whole.lstrip())
    first = min(max(marked.start, indent), line.stop)
    last = max(first, min(marked.stop, line.stop))
    return (
        _shown(text, line.start, first, edits),
        _shown(text, first, last, edits).rstrip(),
        _shown(text, last, line.stop, edits).rstrip(),
    )


def _shown(text: str, start: int, end: int, edits: Sequence[_Edit]) -> str:
    written, at = "", start
    for edit in edits:
        if edit.end <= start or edit.start >= end:
            continue
        written += text[at : max(edit.start, at)]
        # what reaches over from elsewhere was said there
        written += edit.shown if edit.start >= start else ""
        at = max(at, edit.end)
    return (written + text[at:end]).replace("\t", " ").replace("\r", "")


@lru_cache(maxsize=16)
def _edits(text: str, dialect: str, names: frozenset[str]) -> tuple[_Edit, ...] | None:
    """What isn't shown as it stands, in order; None where the text can't be read."""
    edits: list[_Edit] = []
    plain = list(text)
    statements: list[range] = []
    for found in _JINJA.finditer(text):
        span = range(found.start(), found.end())
        outputs = found[0].startswith("{{")
        # an expression stands for a name, a statement for nothing
        plain[span.start : span.stop] = ("J" if outputs else " ") * len(span)
        if found[0].startswith("{#"):
            edits.append(_Edit(span.start, span.stop, ""))
            continue
        if not outputs:
            statements.append(span)
        edits += _in_jinja(found[0], span.start, names)
    masked = "".join(plain)
    if "{{" in masked or "{%" in masked or "{#" in masked:
        return None
    try:
        tokens = sqlglot.tokenize(masked, read=dialect)
    except SqlglotError:
        return None
    at = 0
    for token in tokens:
        edits += _comments(masked, at, token.start)
        at = token.end + 1
        if token.token_type in LITERALS:
            if any(token.start < span.start < at for span in statements) or _ESCAPED.search(
                masked, token.start, at
            ):
                # its end may stand in another branch, or elsewhere for another dialect
                return None
            edits.append(_Edit(token.start, at, "?"))
    edits += _comments(masked, at, len(masked))
    told = tuple(_outermost(edits))
    return None if _LITERAL.search(_without(masked, told)) else told


def _without(text: str, edits: Sequence[_Edit]) -> str:
    rest, at = "", 0
    for edit in edits:
        rest += f"{text[at : edit.start]} "
        at = edit.end
    return rest + text[at:]


def _outermost(edits: list[_Edit]) -> Iterator[_Edit]:
    """In order, without those inside of another one."""
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if edit.end > at:
            yield edit
            at = edit.end


def _in_jinja(tag: str, at: int, names: frozenset[str]) -> Iterator[_Edit]:
    named = [range(found.start(), found.end()) for found in _NAMED.finditer(tag)]
    for found in _VALUE.finditer(tag):
        known = found[0][1:-1].lower() in names or any(found.start() in span for span in named)
        if not known or found[0][0].isdigit():
            yield _Edit(at + found.start(), at + found.end(), "?")


def _comments(text: str, start: int, end: int) -> Iterator[_Edit]:
    """Between two tokens stands white space, or a comment."""
    for found in re.finditer(r"[^\s](?:[^\n]*[^\s])?", text[start:end]):
        yield _Edit(start + found.start(), start + found.end(), "")
