"""What the YAML should say."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pii_lint.artifacts.model import Node
from pii_lint.errors import ConfigError
from pii_lint.files import real
from pii_lint.fixing import Fix
from pii_lint.fixing import fix as mended
from pii_lint.fixing.homes import SORTS, file_of
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather, refuse_nothing_to_follow
from pii_lint.rules import Facts


def fix(options: Options, under: Collection[Path] = (), *, sources: bool = False) -> Fix:
    """What the project's YAML should say, as edited files; `under`: of these files and folders."""
    facts = gather(options)
    if facts.project_dir is None:
        raise ConfigError(
            "There is no dbt project around the manifest, so there is no YAML to fix: run this in "
            "the folder with dbt_project.yml, or give it with --project-dir."
        )
    refuse_nothing_to_follow(facts)
    nodes = _under(facts, facts.project_dir, under) if under else facts.nodes.values()
    return mended(facts, facts.project_dir, nodes, sources=sources)


def _under(facts: Facts, folder: Path, under: Collection[Path]) -> list[Node]:
    places = {
        uid: (real(folder / node.path), real(folder / file_of(facts, node)))
        for uid, node in facts.nodes.items()
        if node.resource_type in SORTS
    }
    found: set[str] = set()
    for path in under:
        there = {
            uid
            for uid, known in places.items()
            if any(
                place.is_relative_to(asked)
                for place in known
                for asked in (real(path), real(folder / path))
            )
        }
        if not there:
            raise ConfigError(
                f"No source, model, snapshot or seed lies under {path}: give files or folders of "
                "the project, as seen from here or from its root."
            )
        found |= there
    return [facts.nodes[uid] for uid in sorted(found)]
