"""Paths as dbt writes them, and the files behind them.

A manifest may come from a stranger: no path in it leads out of the project.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache
from pathlib import Path

from pii_lint import files


def slashed(path: str) -> str:
    """A path with forward slashes and without detours, whichever system wrote it."""
    return posixpath.normpath(path.replace("\\", "/")) if path else ""


def from_root(path: str | None, package: str, project: str) -> str:
    """A node's file from the project's root; an installed package lies under `dbt_packages`."""
    own = slashed(path or "")
    return own if package in ("", project) or not own else f"dbt_packages/{package}/{own}"


# the same files are asked for again and again
@lru_cache(maxsize=8192)
def inside(root: Path, path: str) -> Path | None:
    """The file at `path` below `root`; None where it would lie elsewhere."""
    below = slashed(path)
    first = below.partition("/")[0]
    # without detours, `..` can only come first
    if first in ("", ".", "..") or "\0" in below or ":" in first:
        return None
    return root / below


class ProjectFiles:
    """The text files of one project, each read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._texts: dict[str, str | None] = {}

    def exists(self, path: str) -> bool:
        """True where there is such a file."""
        if self._texts.get(path) is not None:
            return True
        place = inside(self.root, path)
        return place is not None and files.is_file(place)

    def text(self, path: str) -> str | None:
        """The file's text, line ends as they are; None where there is none that is UTF-8."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> str | None:
        place = inside(self.root, path)
        if place is None:
            return None
        try:
            return files.read(place).decode("utf-8")
        except (OSError, UnicodeDecodeError, ValueError):
            return None
