"""The artifacts of one project, from where dbt puts them or from where the caller says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pii_lint import files
from pii_lint.artifacts.catalog import with_catalog
from pii_lint.artifacts.freshness import with_freshness
from pii_lint.artifacts.manifest import load_manifest
from pii_lint.artifacts.model import Project
from pii_lint.artifacts.paths import ProjectFiles
from pii_lint.artifacts.project_dir import PROJECT_FILE, find_project_dir, read_layout
from pii_lint.artifacts.same_project import same_project
from pii_lint.errors import ConfigError

MANIFEST, RUN_RESULTS = "target/manifest.json", "target/run_results.json"
CATALOG = "catalog.json"


def load_projects(
    manifests: Sequence[Path],
    catalog: Path | None,
    project_dir: Path | None,
    load: Callable[[Path], Project] = load_manifest,
) -> tuple[tuple[Project, ...], Path | None]:
    """Each manifest with its catalogue; the folder of the project's files, where it is known."""
    paths = manifests or [usual_manifest(project_dir)]
    around = find_project_dir(paths[0], project_dir)
    projects = [load(path) for path in paths]
    same_project(projects)
    folder = around or _caller_s(projects[0])
    return tuple(
        with_freshness(_with_catalog(project, path, catalog), folder)
        for project, path in zip(projects, paths, strict=True)
    ), folder


def load_former(manifests: Sequence[Path]) -> tuple[Project, ...]:
    """Each manifest of an earlier state, with its catalogue. Today's files say nothing of it."""
    projects = [_with_catalog(load_manifest(path), path, None) for path in manifests]
    same_project(projects)
    return tuple(projects)


def project_around(project_dir: Path | None) -> Path | None:
    """The folder that is given, else the nearest project around the caller."""
    return project_dir or _nearest()


def _with_catalog(project: Project, manifest: Path, catalog: Path | None) -> Project:
    if catalog is not None:
        return with_catalog(project, catalog)
    beside = manifest.with_name(CATALOG)
    return with_catalog(project, beside) if files.is_file(beside) else project


def usual_manifest(project_dir: Path | None) -> Path:
    """Where dbt puts the manifest of the project that is given, or of the nearest around."""
    folder = project_dir or _nearest()
    if folder is None:
        raise ConfigError(
            f"There is no {PROJECT_FILE} here or in a folder above: run this in a dbt project, or "
            "give --project-dir or --manifest."
        )
    return folder / MANIFEST


def _caller_s(project: Project) -> Path | None:
    """The folder around the caller, if it is of the same project: another's policy won't count."""
    folder = _nearest()
    layout = read_layout(ProjectFiles(folder)) if folder else None
    return folder if layout is not None and layout.name == project.name else None


def _nearest() -> Path | None:
    folders = (Path.cwd(), *Path.cwd().parents)
    return next((folder for folder in folders if files.is_file(folder / PROJECT_FILE)), None)
