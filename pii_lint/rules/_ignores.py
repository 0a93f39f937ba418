"""Findings that somebody lets pass: comments in a model's SQL, and `ignore` in the policy file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from pii_lint.artifacts.comments import Comment
from pii_lint.artifacts.locate import Locator
from pii_lint.artifacts.model import Node
from pii_lint.config import Config
from pii_lint.data.reading import named
from pii_lint.data.shape import nearest
from pii_lint.findings import Finding, Location
from pii_lint.rules._approvals import as_date
from pii_lint.rules._places import WHOLE

USUAL = "`-- pii-lint: ignore[PII001] until=2027-03-01 why`"

_SPEAKS = re.compile(
    r"\bpii[-_ ]?lint\b(?:\s*:|(?=\s+(?:ignore|noqa|disable|allow|skip)\b))", re.IGNORECASE
)
_SHAPE = re.compile(r"\s*(ignore(?:-file)?)\s*\[([^\]]*)\]\s*", re.IGNORECASE)
_CODE = re.compile(r"[A-Z]{3}[0-9]{3}")
_WORD = re.compile(r"(\w+)=(\S*)\s*")
_WORDS = ("until", "by", "columns")


@dataclass(frozen=True, slots=True)
class Ignore:
    """Leave for findings of some rules in one node, until a day."""

    codes: tuple[str, ...]
    node: str
    columns: tuple[str, ...]
    # lower case; empty: all, or on a line those that the line names
    reason: str
    by: str | None
    until: date | None
    source: Literal["inline", "policy"]
    location: Location | None
    line: int | None = None
    # the line of code that it speaks of; None: the whole node
    code: str = ""
    # that line, lower case
    wrong: str | None = None
    # why it doesn't count

    def holds(self, today: date) -> bool:
        """True where it is whole and not expired."""
        return self.wrong is None and self.until is not None and today <= self.until

    def at(self, finding: Finding) -> bool:
        """True where the finding stands where this speaks of, whatever its column is."""
        if finding.node != self.node:
            return False
        place = finding.location
        if self.line is None:
            return True
        if place is None or place.kind != "template":
            return False
        return place.line <= self.line <= max(place.line, place.end_line)

    def names(self, column: str) -> bool:
        """True where the column is meant. A star in a line of SQL names none of those it brings."""
        wanted = column.lower()
        if wanted == WHOLE or WHOLE in self.columns or wanted in self.columns:
            return True
        if self.line is None:
            return not self.columns
        return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", self.code) is not None


def of_policy(config: Config) -> Iterator[Ignore]:
    """The entries of the policy file."""
    for given in config.ignored:
        place = None
        if config.file is not None:
            place = Location(config.file, given.line, 1, given.line, 1, exact=True, kind="yaml")
        yield Ignore(
            codes=(given.rule,),
            node=given.node,
            columns=tuple(column.lower() for column in given.columns),
            reason=given.reason,
            by=given.by,
            until=given.until,
            source="policy",
            location=place,
        )


def of_templates(nodes: Iterable[Node], locator: Locator, project: str) -> Iterator[Ignore]:
    """The comments that speak to the linter, malformed ones included."""
    for node in nodes:
        if node.language != "sql" or not _may_speak(node.raw_code or ""):
            continue
        for comment, place in locator.comments(node):
            speaks = _SPEAKS.search(comment.text)
            if speaks is not None:
                said = _read(comment, comment.text[speaks.end() :], node.unique_id, place)
                yield said if node.package == project else _a_stranger_s(said, node)


def _may_speak(template: str) -> bool:
    """False for nearly all, without a long look; outside ASCII, `i` has more than two cases."""
    silent = template.isascii() and "lint" not in template.lower()
    return not silent and _SPEAKS.search(template) is not None


def unknown_rule(code: str, known: Iterable[str]) -> str | None:
    """Why a code names no rule."""
    codes = sorted(known)
    if code in codes:
        return None
    return f"there is no rule {named(code)}{nearest(code, codes, case=str.upper)}"


def _a_stranger_s(said: Ignore, node: Node) -> Ignore:
    wrong = (
        f"stands in the package {named(node.package)}, whose comments don't count here; "
        "if you answer for it, write it into the policy file"
    )
    return replace(said, wrong=wrong)


def _read(comment: Comment, said: str, node: str, place: Location) -> Ignore:
    shape = _SHAPE.match(said)
    word = shape[1].lower() if shape else ""
    codes = tuple(code.strip().upper() for code in shape[2].split(",")) if shape else ()
    told: dict[str, str] = {}
    twice = None
    at = shape.end() if shape else len(said)
    while pair := _WORD.match(said, at):
        twice = pair[1].lower() if pair[1].lower() in told else twice
        told[pair[1].lower()] = pair[2]
        at = pair.end()
    # a Jinja comment may end with `-#}`
    reason = " ".join(said[at:].split()).rstrip("- ")
    until = as_date(told.get("until"))
    columns = tuple(filter(None, told.get("columns", "").lower().split(",")))
    wrong = (
        f"can't be read; write it like {USUAL}" if shape is None else _wrong(codes, told, reason)
    )
    if wrong is None and twice is not None:
        wrong = f"says {named(twice)} twice"
    if wrong is None and word == "ignore" and WHOLE in columns:
        wrong = "must name its columns; a star stands for those of tomorrow, too"
    if wrong is None and word == "ignore-file" and not comment.heads:
        wrong = "must stand before the first line of code to hold for the whole file"
    if wrong is None and word == "ignore" and comment.line is None:
        wrong = "has no line of code below it"
    return Ignore(
        codes=codes,
        node=node,
        columns=columns,
        reason=reason,
        by=told.get("by") or None,
        until=until,
        source="inline",
        location=place,
        line=comment.line if word == "ignore" else None,
        code=comment.code.lower(),
        wrong=wrong,
    )


def _wrong(codes: tuple[str, ...], told: dict[str, str], reason: str) -> str | None:
    if not all(_CODE.fullmatch(code) for code in codes):
        return "must name its rules by code, as in `ignore[PII001]`"
    for word in told:
        if word not in _WORDS:
            return f"holds {named(word)}, which means nothing{nearest(word, _WORDS)}"
    if not told.get("until"):
        return "lacks `until`, the last day on which it holds"
    if not re.search(r"\w", reason):
        return "lacks a reason"
    if as_date(told["until"]) is None:
        return "must give `until` as a day such as 2027-03-01"
    return None
