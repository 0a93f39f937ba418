"""Findings with the lines of the project that they speak of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pii_lint.findings import Finding, Line, Severity
from pii_lint.lineage import snippet
from pii_lint.rules import Facts

WIDEST = 80
"""Characters of each piece of a line."""


def with_snippets(findings: Iterable[Finding], facts: Facts) -> tuple[Finding, ...]:
    """All findings; those that decide or could decide a verdict come with their lines."""
    shown = list(findings)
    if all(finding.severity == Severity.NOTE for finding in shown):
        return tuple(shown)
    names = frozenset(
        name.lower() for node, held in facts.relations() for name in (node.name, *held.columns)
    )
    return tuple(
        finding
        if finding.severity == Severity.NOTE
        else replace(finding, snippet=_lines(finding, facts, names))
        for finding in shown
    )


def _lines(finding: Finding, facts: Facts, names: frozenset[str]) -> tuple[Line, ...]:
    place = finding.location
    if place is None or (place.line, place.col) == (place.end_line, place.end_col):
        return ()
    if place.kind == "data":
        # what stands there is the very thing that no report may say
        return ()
    text = facts.places.text(finding.node, place)
    if text is None:
        return ()
    start, end = (place.line, place.col), (place.end_line, place.end_col)
    return tuple(
        Line(number, _end_of(before), _start_of(marked), _start_of(after))
        for number, before, marked, after in snippet(text, facts.places.dialect, start, end, names)
    )


def _start_of(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _end_of(text: str) -> str:
    return text if len(text) <= WIDEST else f"…{text[1 - WIDEST :]}"
