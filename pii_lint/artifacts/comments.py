"""Comments in a template, SQL's and Jinja's own, and the line of code that each speaks of."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

_OPEN = re.compile(r"\{#|\{\{|\{%|--|/\*|'|\"|`")
_CLOSE = {"{#": "#}", "{{": "}}", "{%": "%}", "--": "\n", "/*": "*/"}
_BLANKED = re.compile(r"[^\n]")
_COMMENTS = frozenset({"{#", "--", "/*"})


class Comment(NamedTuple):
    """One comment. Lines count from 1."""

    start: int
    end: int
    # character offsets of its text, without the marks around it
    text: str
    line: int | None
    # the code line that it stands on, else the next one; None where no code follows
    code: str
    # that line's text, comments left out
    heads: bool
    # nothing but comments stands before it


def comments(template: str) -> list[Comment]:
    """Every comment of a template whose line ends are plain; what stands in a string is none."""
    found = list(_pieces(template))
    bare = _without(template, found)
    lines = bare.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    following = _following(lines)
    first = len(lines) if following[0] is None else following[0]
    placed: list[Comment] = []
    for outer, start, end, after in found:
        begins, ends = bisect_right(starts, outer) - 1, bisect_right(starts, max(after - 1, 0)) - 1
        at = following[begins] if following[begins] == begins else following[ends]
        placed.append(
            Comment(
                start,
                end,
                template[start:end],
                None if at is None else at + 1,
                "" if at is None else lines[at],
                ends < first,
            )
        )
    return placed


def _pieces(template: str) -> Iterator[tuple[int, int, int, int]]:
    """Each comment: where its mark begins, where its text begins and ends, where it is over."""
    at = 0
    # marks that nothing closes any more, so that no text is searched twice in vain
    never: set[str] = set()
    while match := _OPEN.search(template, at):
        mark = match[0]
        close = _CLOSE.get(mark, mark)
        end = -1 if mark in never else template.find(close, match.end())
        if end < 0:
            never.add(mark)
            if mark == "--":
                yield match.start(), match.end(), len(template), len(template)
                return
            at = match.end()
            continue
        # the end of a line isn't part of the comment
        at = end if mark == "--" else end + len(close)
        if mark in _COMMENTS:
            yield match.start(), match.end(), end, at


def _without(template: str, found: list[tuple[int, int, int, int]]) -> str:
    """The code alone; blanks stand for comments, so that offsets stay what they are."""
    kept: list[str] = []
    at = 0
    for outer, _, _, after in found:
        kept += (template[at:outer], _BLANKED.sub(" ", template[outer:after]))
        at = after
    return "".join((*kept, template[at:]))


def _following(lines: list[str]) -> list[int | None]:
    """For each line, itself or the next that holds code."""
    found: list[int | None] = []
    at: int | None = None
    for number in range(len(lines) - 1, -1, -1):
        at = number if lines[number].strip() else at
        found.append(at)
    return found[::-1]
