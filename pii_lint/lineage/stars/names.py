"""Conditions on a column's name, by which some columns are chosen among all."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

Keep = Callable[[str], bool | None]
"""Whether a column of that name is wanted; None where that can't be worked out."""
MATCHES: dict[type[exp.Expr], str] = {
    exp.Like: "like",
    exp.ILike: "like",
    exp.Glob: "glob",
    exp.SimilarTo: "regex",
    exp.RegexpLike: "regex",
    exp.RegexpFullMatch: "whole",
}
OPTIONS = ("flag", "options", "modifiers")
"""Further arguments of a match, under which a pattern may mean something else."""
SEARCHED = "searched"
"""What a match of which a part of the name is enough is marked with."""


def holds(e: exp.Expr, name: str) -> bool | None:
    """Whether a condition on a column's name holds; None where that can't be worked out."""
    if isinstance(e, exp.Paren):
        return holds(e.this, name)
    if isinstance(e, exp.Not):
        inner = holds(e.this, name)
        return None if inner is None else not inner
    if isinstance(e, exp.And | exp.Or):
        sides = (holds(e.this, name), holds(e.expression, name))
        decisive = isinstance(e, exp.Or)
        return decisive if decisive in sides else (None if None in sides else not decisive)
    sign = ""
    if isinstance(e, exp.Escape) and isinstance(e.this, exp.Like | exp.ILike):
        if not (isinstance(e.expression, exp.Literal) and len(e.expression.name) == 1):
            return None
        e, sign = e.this, e.expression.name
    subject = e.args.get("this")
    if isinstance(subject, exp.Lower | exp.Upper):
        if not name.isascii():
            return None
        name = name.lower() if isinstance(subject, exp.Lower) else name.upper()
        subject = subject.this
    if not isinstance(subject, exp.Identifier | exp.Column | exp.Star):
        # not the name itself, but something made of it
        return None
    found = _passes(e, name, sign)
    return found if found is None or not e.args.get("negate") else not found


def _passes(e: exp.Expr, name: str, sign: str) -> bool | None:
    """Whether a name passes one test; `sign`: by which a pattern escapes its wildcards."""
    if type(e) in MATCHES:
        if any(e.args.get(key) is not None for key in OPTIONS):
            return None
        style = "search" if e.meta.get(SEARCHED) else MATCHES[type(e)]
        return fits(style + sign, e.expression, name)
    if isinstance(e, exp.StartsWith | exp.EndsWith | exp.Contains):
        return _has(e, name)
    if isinstance(e, exp.In) and all(isinstance(x, exp.Literal) for x in e.expressions):
        return _among([x.name for x in e.expressions], name)
    if isinstance(e, exp.EQ | exp.NEQ) and isinstance(e.expression, exp.Literal):
        same = _among([e.expression.name], name)
        return same if same is None else same is isinstance(e, exp.EQ)
    return None


def _among(texts: list[str], name: str) -> bool | None:
    """Whether a name is listed; None where only case decides, for a YAML's case proves nothing."""
    loosely = name.lower() in {text.lower() for text in texts}
    return loosely if loosely == (name in texts) else None


def _has(e: exp.Expr, name: str) -> bool | None:
    """Whether a name begins with, ends in or holds a literal; None where only case decides."""
    if not (isinstance(e.expression, exp.Literal) and e.expression.is_string):
        return None
    found = set()
    for text, inside in ((e.expression.name, name), (e.expression.name.lower(), name.lower())):
        at_start, at_end = inside.startswith(text), inside.endswith(text)
        if isinstance(e, exp.StartsWith | exp.EndsWith):
            found.add(at_start if isinstance(e, exp.StartsWith) else at_end)
        else:
            found.add(text in inside)
    return found.pop() if len(found) == 1 else None


def fits(style: str, pattern: exp.Expr, name: str) -> bool | None:
    """Whether a name fits a literal pattern, with and without regard to case alike."""
    source = as_regex(style, pattern)
    if source is None:
        return None
    found = set()
    for pattern_ in (re.compile(source), re.compile(source, re.IGNORECASE)):
        # a regular expression of which nobody says whether it has to fit the whole name: both
        if style in ("search", "regex"):
            found.add(bool(pattern_.search(name)))
        if style != "search":
            found.add(bool(pattern_.fullmatch(name)))
    return found.pop() if len(found) == 1 else None


PLAIN_REGEX = re.compile(r"(?:[A-Za-z0-9_.|(^$]|\)(?![*+?])|\[[a-z0-9_-]+\]|[*+?](?![*+?]))*")
"""What every engine's regular expressions and Python's surely read alike, and fast."""
MOST_WILDCARDS = 4
_WILDCARDS = {"%": ".*", "_": "."}
LONGEST_PATTERN = 200


def as_regex(style: str, pattern: exp.Expr) -> str | None:
    """A literal pattern as a regular expression; None for a computed or foreign one."""
    if not isinstance(pattern, exp.Literal):
        return None
    text = pattern.name
    if len(text) > LONGEST_PATTERN or sum(text.count(c) for c in "%*+?") > MOST_WILDCARDS:
        return None
    if style.startswith("like"):
        sign = re.escape(style.removeprefix("like"))
        pieces = re.findall(f"{sign}.|." if sign else ".", text, re.DOTALL)
        return "".join(_WILDCARDS.get(piece) or re.escape(piece[-1]) for piece in pieces)
    if style == "glob" and not set(text) & set("[]!\\"):
        return "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in text)
    if not PLAIN_REGEX.fullmatch(text):
        return None
    try:
        re.compile(text)
    except re.error:
        return None
    return text
