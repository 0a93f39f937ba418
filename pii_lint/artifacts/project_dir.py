"""The dbt project behind a manifest: its folder, and where `dbt_project.yml` says its files lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from pii_lint import files
from pii_lint.artifacts.envelope import shown
from pii_lint.artifacts.paths import ProjectFiles, slashed
from pii_lint.errors import ConfigError

PROJECT_FILE = "dbt_project.yml"


@dataclass(frozen=True, slots=True)
class Layout:
    """What `dbt_project.yml` says, as far as it is plain text (no Jinja)."""

    name: str | None
    models: tuple[str, ...]
    snapshots: tuple[str, ...]
    seeds: tuple[str, ...]
    macros: tuple[str, ...]


def find_project_dir(manifest: Path, given: Path | None = None) -> Path | None:
    """The project's folder: the one given, else the parent of `target`; None where it isn't one."""
    if given is not None:
        if not files.is_file(given / PROJECT_FILE):
            raise ConfigError(
                f"{shown(given)} holds no {PROJECT_FILE}: "
                "give the folder of the dbt project with --project-dir."
            )
        return given
    parent = manifest.absolute().parent.parent
    return parent if files.is_file(parent / PROJECT_FILE) else None


def below_repository(folder: Path | None) -> str:
    """Where the project's folder stands below the root of its git repository; empty at the root,
    and where there is no repository."""
    if folder is None:
        return ""
    here = files.real(folder)
    for above in (here, *here.parents):
        # in a worktree it is a file
        if files.is_folder(above / ".git") or files.is_file(above / ".git"):
            below = here.relative_to(above).as_posix()
            return "" if below == "." else below
    return ""


def read_layout(project: ProjectFiles) -> Layout | None:
    """The project's layout; None where `dbt_project.yml` can't be read."""
    try:
        content = yaml.load(project.text(PROJECT_FILE) or "", Loader=loader())  # noqa: S506 - a safe one
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    name = content.get("name")
    return Layout(
        name=name if isinstance(name, str) else None,
        models=_folders(content.get("model-paths"), "models"),
        snapshots=_folders(content.get("snapshot-paths"), "snapshots"),
        seeds=_folders(content.get("seed-paths"), "seeds"),
        macros=_folders(content.get("macro-paths"), "macros"),
    )


def loader() -> type[yaml.SafeLoader] | type[yaml.CSafeLoader]:
    """The C loader where PyYAML was built with it: ten times faster."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _folders(value: object, default: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        return (default,)
    plain = [path for path in value if isinstance(path, str) and path and "{" not in path]
    return tuple(slashed(path) for path in plain)
