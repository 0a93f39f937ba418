"""What stands in a project's folder beside what dbt compiled: seeds, profiles, settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pii_lint import files
from pii_lint.artifacts.paths import ProjectFiles, inside
from pii_lint.artifacts.project_dir import read_layout

LARGEST = 8_000_000
"""Bytes that are read of one file; dbt calls a seed of one megabyte large."""
DEEPEST = 12
_SETTINGS = ("dbt_project", "packages", "dependencies", "selectors", "profiles")
_YAML = (".yml", ".yaml")
_KEYS = (".pem", ".p8", ".key", ".json")


def seed_files(folder: Path) -> Iterator[tuple[str, str]]:
    """Every seed with its text, those that the project switched off among them."""
    layout = read_layout(ProjectFiles(folder))
    for root in layout.seeds if layout else ("seeds",):
        place = inside(folder, root)
        for path in _below(place, root, DEEPEST) if place else ():
            if path.lower().endswith(".csv"):
                yield path, text_of(folder / path)


def setting_files(folder: Path) -> Iterator[tuple[str, str]]:
    """Profiles, `dbt_project.yml` and its like, and key files that lie beside them."""
    for name, is_folder in files.entries(folder):
        stem, dot, ending = name.lower().rpartition(".")
        suffix = dot + ending
        settings = suffix in _YAML and stem.partition(".")[0] in _SETTINGS
        if not is_folder and (settings or suffix in _KEYS):
            yield name, text_of(folder / name)


def text_of(path: Path) -> str:
    """A file's text; nothing where it can't be read."""
    try:
        return files.read(path, LARGEST).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _below(folder: Path, path: str, depth: int) -> Iterator[str]:
    for name, is_folder in files.entries(folder):
        if not is_folder:
            yield f"{path}/{name}"
        elif depth:
            yield from _below(folder / name, f"{path}/{name}", depth - 1)
