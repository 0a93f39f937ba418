"""The dbt projects of a workspace: which there are, and whose a file is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol.types import Diagnostic

from pii_lint import files
from pii_lint.artifacts.load import MANIFEST
from pii_lint.artifacts.project_dir import PROJECT_FILE
from pii_lint.config import POLICY_FILE
from pii_lint.editor.actions import Shown
from pii_lint.editor.analysis import Analysis

DEEPEST = 6
"""Folders below a workspace's in which projects are looked for."""
_ELSEWHERE = frozenset({"dbt_packages", "dbt_modules", "target", "node_modules", "venv"})
_SOURCES = (".sql", ".yml", ".yaml", ".csv", ".py")
_OF_TARGET = frozenset({"manifest.json", "catalog.json"})


@dataclass(slots=True)
class Watched:
    """One project as the editor knows it."""

    folder: Path
    analysis: Analysis | None = None
    # the last that went well
    stale: frozenset[str] = frozenset()
    # files that differ from what that was made of
    sentence: str = ""
    # what stands in the way of a newer one
    told: str = ""
    looked: bool = False
    shown: dict[Path, list[Shown]] = field(default_factory=dict)
    published: dict[Path, list[Diagnostic]] = field(default_factory=dict)

    @property
    def manifest(self) -> Path:
        """Where dbt writes what is read here."""
        return self.folder / MANIFEST


class Projects:
    """Projects by folder."""

    def __init__(self) -> None:
        self._known: dict[Path, Watched] = {}

    def __iter__(self) -> Iterator[Watched]:
        return iter(tuple(self._known.values()))

    def add(self, folder: Path) -> list[Watched]:
        """The projects in a folder of the workspace, those already known left out."""
        found = [place for place in _below(folder, DEEPEST) if place not in self._known]
        return [self._kept(place) for place in found]

    def drop(self, folder: Path) -> list[Watched]:
        """Forget the projects in a folder."""
        gone = [one for one in self if one.folder.is_relative_to(folder)]
        for one in gone:
            del self._known[one.folder]
        return gone

    def of(self, path: Path) -> Watched | None:
        """The project nearest above a file; a workspace may be a folder inside of one."""
        for folder in path.parents:
            if folder in self._known:
                return self._known[folder]
            if files.is_file(folder / PROJECT_FILE):
                return self._kept(folder)
        return None

    def _kept(self, folder: Path) -> Watched:
        self._known[folder] = Watched(folder)
        return self._known[folder]


def matters(project: Watched, path: Path) -> bool:
    """True where a change of the file may change what is found in the project."""
    inside = path.relative_to(project.folder).parts
    if inside[0] == "target":
        return len(inside) == 2 and inside[1] in _OF_TARGET
    if _ELSEWHERE.intersection(inside[:-1]):
        return False
    return path.name == POLICY_FILE or path.name.lower().endswith(_SOURCES)


def patterns() -> Iterable[str]:
    """What an editor is asked to watch."""
    return (
        "**/target/{manifest,catalog}.json",
        f"**/*{{{','.join(_SOURCES)}}}",
    )


def _below(folder: Path, depth: int) -> Iterator[Path]:
    if files.is_file(folder / PROJECT_FILE):
        yield folder
    for name, is_folder in files.entries(folder) if depth else ():
        if is_folder and name not in _ELSEWHERE and not name.startswith("."):
            yield from _below(folder / name, depth - 1)
