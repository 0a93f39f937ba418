"""Counts of a blast radius in words and rows, for several formats."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.counts import Counts
from pii_lint.reports._words import short_name
from pii_lint.reports.radius import BlastRadius
from pii_lint.reports.radius_questions import ALL_EXPORTS

HEADINGS = ("where", "rows", "people", "EU", "EEA", "UK", "elsewhere", "unknown")
UNSAID = "?"
"""Stands for a number that can't be said."""


def counts_of(told: BlastRadius, node: str) -> Counts | None:
    """What was counted for a mart, a use, or all exports; None where nothing was."""
    return next((one.counts for one in told.counted or () if one.node == node), None)


def called(node: str) -> str:
    """What an answer is about."""
    return "all exports" if node == ALL_EXPORTS else short_name(node)


def rows(told: BlastRadius) -> Iterator[tuple[str, ...]]:
    """A row an answer, as `HEADINGS` say."""
    for one in told.counted or ():
        counts, lives = one.counts, one.counts.residence
        areas = (
            (lives.eu, lives.eea, lives.uk, lives.elsewhere, lives.unknown)
            if lives is not None
            else (None,) * 5
        )
        numbers = (counts.rows, counts.subjects, *areas)
        yield (called(one.node), *map(number, numbers))


def number(count: int | None) -> str:
    """A count, or that it can't be said."""
    return UNSAID if count is None else str(count)


def with_kinds(counts: Counts) -> str:
    """How many rows hold which kind: `5 with contact.email`."""
    return ", ".join(f"{count} with {kind}" for kind, count in sorted(counts.kinds.items()))


def reasons(told: BlastRadius) -> Iterator[str]:
    """Why numbers are missing."""
    for one in told.counted or ():
        if one.counts.why is not None:
            yield f"{called(one.node)}: {one.counts.why}"
