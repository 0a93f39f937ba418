"""The policy itself: proposed, or as it is understood."""

from __future__ import annotations

from pathlib import Path

from pii_lint.artifacts.load import load_projects, project_around
from pii_lint.config import POLICY_FILE, as_written
from pii_lint.config.render import resolved as everything
from pii_lint.data.registry import load_registry
from pii_lint.errors import ConfigError
from pii_lint.options import Options
from pii_lint.pipeline.gathering import policy_of
from pii_lint.proposal import Proposal
from pii_lint.proposal import propose as suggestion


def propose(options: Options) -> tuple[Path, Proposal]:
    """A first policy for a project, and the file where it belongs."""
    projects, folder = load_projects(options.manifests, options.catalog, options.project_dir)
    if folder is None:
        raise ConfigError(
            "There is no dbt project around the manifest: run this in the folder with "
            "dbt_project.yml, or give it with --project-dir."
        )
    return folder / POLICY_FILE, suggestion(projects[0], load_registry())


def policy(file: Path | None, project_dir: Path | None, *, resolved: bool) -> str:
    """The policy as written, or with the shipped one under it: a policy file either way."""
    folder = project_around(project_dir)
    config = policy_of(file, folder)
    return everything(config) if resolved else as_written(file, folder)
