"""Texts that hold what looks like real personal data: how much of what, and where first."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from pii_lint.data.values import Match, looks_real
from pii_lint.findings import Location


class Found(NamedTuple):
    """What a text holds; never the values."""

    hits: tuple[Match, ...]
    line: int
    # of the first

    def __str__(self) -> str:
        counts = Counter(hit.kind for hit in self.hits)
        return ", ".join(f"{kind} ({count})" for kind, count in sorted(counts.items()))


def search(text: str) -> Found | None:
    """What in a text looks real; None where nothing does."""
    hits = tuple(sorted(looks_real(text), key=lambda hit: hit.start))
    return Found(hits, text.count("\n", 0, hits[0].start) + 1) if hits else None


def hidden_place(file: str, line: int = 1) -> Location:
    """A line of a file that no report may quote."""
    return Location(file, line, 1, line, 1, kind="data")
