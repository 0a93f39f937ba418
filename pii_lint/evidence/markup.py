"""How evidence is written down, whatever it is of."""

from __future__ import annotations

import hashlib


def digest(text: str) -> str:
    """The SHA-256 by which a filed copy is recognised."""
    return hashlib.sha256(text.encode()).hexdigest()


def code(text: str) -> str:
    """A name in Markdown."""
    return "`" + cell(text).replace("`", "'") + "`"


def cell(text: str) -> str:
    """Text in a table of Markdown."""
    return " ".join(text.replace("|", "\\|").split())
