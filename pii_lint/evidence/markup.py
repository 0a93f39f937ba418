"""How evidence is written down, whatever it is of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator


def digest(text: str) -> str:
    """The SHA-256 by which a filed copy is recognised."""
    return hashlib.sha256(text.encode()).hexdigest()


def code(text: str) -> str:
    """A name in Markdown."""
    return "`" + cell(text).replace("`", "'") + "`"


def cell(text: str) -> str:
    """Text in a table of Markdown."""
    return " ".join(text.replace("|", "\\|").split())


def stood_on(commit: str | None, manifest: str, policy: str | None, sha256: str) -> Iterator[str]:
    """The table of what the evidence speaks of, without its last rows."""
    yield "| what | which |"
    yield "|---|---|"
    yield f"| commit | {commit or 'not in version control'} |"
    yield f"| manifest, SHA-256 | {manifest} |"
    yield f"| policy, SHA-256 | {policy or 'the policy that ships'} |"
    yield f"| evidence as JSON, SHA-256 | {sha256} |"
