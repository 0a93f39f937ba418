"""What `fix` would do: files before and after, and what it leaves to people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileChange:
    """One properties file."""

    path: str
    # from the project's root, with forward slashes
    place: Path
    before: str | None
    # None for a file that isn't there yet
    after: str


@dataclass(frozen=True, slots=True)
class Paste:
    """A staging model that takes its columns by a star, and the columns to name instead."""

    path: str
    columns: tuple[str, ...]
    complete: bool
    # False where there may be more than these


@dataclass(frozen=True, slots=True)
class Fix:
    """Everything that a run would write, and a sentence for each thing that it doesn't."""

    changes: tuple[FileChange, ...]
    left: tuple[str, ...]
    pastes: tuple[Paste, ...]
