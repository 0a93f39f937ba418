"""Several manifests of one project: other targets, other branches of `is_incremental()`."""

from __future__ import annotations

from collections.abc import Sequence

from pii_lint.artifacts.envelope import shown
from pii_lint.artifacts.model import Project
from pii_lint.errors import ConfigError


def same_project(projects: Sequence[Project]) -> str:
    """The name of the one project that all manifests are of."""
    names = sorted({project.name for project in projects})
    if not names:
        raise ConfigError("No manifest was given: name at least one with --manifest.")
    if len(names) > 1:
        listed = ", ".join(repr(shown(name)) for name in names)
        raise ConfigError(
            f"The manifests are of different projects ({listed}): "
            "give only manifests of one project, compiled for other targets or variables."
        )
    return names[0]
