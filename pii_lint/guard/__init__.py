"""Layer 1: keep personal data out of payloads before they come to rest.

`screen` judges a payload, `screen_text` one that is still JSON text, and `find` a single text.
"""

from __future__ import annotations

from pii_lint.data.payloads import Surface, surfaces
from pii_lint.data.values import Match
from pii_lint.guard.detect import find
from pii_lint.guard.model import Accepted, Finding, Rejected, Stripped, Verdict
from pii_lint.guard.screening import screen
from pii_lint.guard.text import screen_text

__all__ = [
    "Accepted",
    "Finding",
    "Match",
    "Rejected",
    "Stripped",
    "Surface",
    "Verdict",
    "find",
    "screen",
    "screen_text",
    "surface",
]


def surface(name: str) -> Surface:
    """A shipped surface by its table, or by table and column. Raises KeyError."""
    for each in surfaces():
        if name in (each.table, each.name):
            return each
    raise KeyError(name)
