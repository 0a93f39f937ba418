"""Which tier holds for a run: the strictest that a policy or the environment states."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pii_lint.artifacts.load import project_around
from pii_lint.artifacts.project_dir import find_project_dir
from pii_lint.config import load_config
from pii_lint.errors import ConfigError
from pii_lint.tiers import Standing, Tier

VARIABLE = "PII_LINT_TIER"
"""Whoever starts a tool may bind it further than the policy does, never less."""


def standing(
    config: Path | None,
    project_dir: Path | None,
    manifests: Iterable[Path] = (),
    *,
    warn: Callable[[str], None],
    environ: Mapping[str, str] = os.environ,
) -> Standing:
    """What holds for a run that is given these.

    Every policy that could be meant counts, the caller's own among them: another `--config` or
    `--manifest` frees nobody.
    """
    stated = list(_by_policies(config, project_dir, manifests))
    stated += _by_environment(environ)
    if not stated:
        return Standing(warn=warn)
    tier, by = max(stated, key=lambda one: one[0])
    return Standing(tier, by, warn)


def _by_policies(
    config: Path | None, project_dir: Path | None, manifests: Iterable[Path]
) -> Iterable[tuple[Tier, str]]:
    folders = [project_around(project_dir) or Path.cwd(), project_around(None)]
    folders += [find_project_dir(path) for path in manifests]
    chosen = [(config, None)] if config is not None else []
    for file, folder in (*chosen, *((None, folder) for folder in dict.fromkeys(folders) if folder)):
        found = load_config(file, folder)
        if found.tier is not None:
            yield found.tier, found.file or str(file)


def _by_environment(environ: Mapping[str, str]) -> Iterable[tuple[Tier, str]]:
    given = environ.get(VARIABLE, "").strip()
    if not given:
        return
    if given not in {str(int(tier)) for tier in Tier}:
        raise ConfigError(f"{VARIABLE} must be 1, 2 or 3: set it anew, or take it away.")
    yield Tier(int(given)), VARIABLE
