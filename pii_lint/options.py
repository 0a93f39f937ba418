"""What a run is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pii_lint.findings import Persona, Severity


@dataclass(frozen=True, slots=True)
class Options:
    """Where a path is missing, dbt's usual places are looked at."""

    manifests: tuple[Path, ...] = ()
    catalog: Path | None = None
    config: Path | None = None
    project_dir: Path | None = None
    persona: Persona = Persona.DEFAULT
    fail_on: Severity | None = None
    # None: as the policy says
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    # codes of rules, or their beginnings; several may stand in one word, with commas
    baseline: Path | None = None
    since: tuple[Path, ...] = ()
    # manifests of an earlier state
    scan: Path | None = None
    # what `pii-lint scan` wrote; None: the one in the project, if there is one
    use_cache: bool = True
    today: date | None = None
    # None: the day it runs


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """Two manifests, each with its policy."""

    base: Path
    head: Path
    base_config: Path | None = None
    head_config: Path | None = None
    # None: pii_lint.yml in the project around the manifest
    base_baseline: Path | None = None
    head_baseline: Path | None = None
    fail_on: Severity | None = None
    use_cache: bool = True
    today: date | None = None
