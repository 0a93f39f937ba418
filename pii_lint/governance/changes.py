"""What became different since a reviewed file was written."""

from __future__ import annotations

from difflib import unified_diff


def changes(before: str, after: str, called: str) -> str:
    """A unified diff; empty where both are the same."""
    told = unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        fromfile=called,
        tofile="as of now",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in told)
