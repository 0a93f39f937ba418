"""What every run begins with: load, follow the labels, refuse what can only mislead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from pii_lint.artifacts.freshness import check_freshness
from pii_lint.artifacts.load import load_projects
from pii_lint.artifacts.manifest import load_manifest
from pii_lint.artifacts.model import Project
from pii_lint.artifacts.scan import load_scan
from pii_lint.config import POLICY_FILE, Config, load_config
from pii_lint.data.registry import load_registry
from pii_lint.data.shape import nearest
from pii_lint.errors import ConfigError
from pii_lint.findings import ManifestInput
from pii_lint.labels import Form
from pii_lint.options import Options
from pii_lint.policy import SAFE, Policy
from pii_lint.propagation.link import Origins, follow
from pii_lint.rules import RULES, Facts


def gather(options: Options) -> Facts:
    """Load what a run is told to look at, and follow the labels through it."""
    return gather_linked(options)[0]


def gather_linked(
    options: Options,
    load: Callable[[Path], Project] = load_manifest,
    before: tuple[Facts, Origins] | None = None,
) -> tuple[Facts, Origins]:
    """The same, with what columns are made of. `before`: what this process found last."""
    projects, folder = load_projects(options.manifests, options.catalog, options.project_dir, load)
    config = policy_of(options.config, folder)
    _refuse_strangers(config, {uid for project in projects for uid in project.nodes})
    _refuse_strange_columns(config, projects)
    return linked(projects, config, folder, options, before)


def followed(
    projects: tuple[Project, ...], config: Config, folder: Path | None, options: Options
) -> Facts:
    return linked(projects, config, folder, options)[0]


def linked(
    projects: tuple[Project, ...],
    config: Config,
    folder: Path | None,
    options: Options,
    before: tuple[Facts, Origins] | None = None,
) -> tuple[Facts, Origins]:
    facts, origins = before or (None, None)
    known = facts.policy if facts is not None and facts.config == config else None
    registry = facts.registry if facts is not None and known else load_registry(config.kinds)
    inventory, origins = follow(
        projects, config, registry, remember=options.use_cache, before=origins
    )
    facts = Facts(
        projects=projects,
        config=config,
        policy=known or Policy(config, registry),
        registry=registry,
        inventory=inventory,
        today=options.today or datetime.now(tz=UTC).date(),
        sightings=load_scan(options.scan, folder),
        project_dir=folder,
        remember=options.use_cache,
    )
    return facts, origins


def policy_of(path: Path | None, folder: Path | None) -> Config:
    config = load_config(path, folder)
    config.refuse_unknown_rules([rule.code for rule in RULES])
    return config


def _refuse_strangers(config: Config, known: Collection[str]) -> None:
    """A policy that speaks of a relation which isn't there guards nothing."""
    named = [(uid, spec.line) for uid, specs in config.labels.items() for spec in specs.values()]
    named += [(secret.name, secret.line) for secret in config.secrets if secret.sort == "relation"]
    named += [
        (secret.name.rpartition(".")[0], secret.line)
        for secret in config.secrets
        if secret.sort == "column"
    ]
    for uid, line in named:
        if uid not in known:
            meant = _meant(uid, known)
            raise ConfigError(f"{config.file}:{line}: `{uid}` is in no manifest{meant}")


def _refuse_strange_columns(config: Config, projects: Collection[Project]) -> None:
    """A label on a column that isn't there leaves the one that was meant unguarded."""
    for uid, specs in config.labels.items():
        shapes = [project.catalog[uid] for project in projects if uid in project.catalog]
        known = {column.name.lower() for shape in shapes for column in shape}
        for name, spec in specs.items():
            if known and name.lower() not in known:
                raise ConfigError(
                    f"{config.file}:{spec.line}: the catalogue's `{uid}` has no column `{name}`"
                    f"{_meant(name, known)}"
                )


def _doubtful_labels(facts: Facts) -> Iterator[str]:
    """Without a catalogue nobody knows whether a column that the YAML leaves out is there."""
    for uid, specs in facts.config.labels.items():
        if any(uid in project.catalog for project in facts.projects):
            continue
        nodes = [project.nodes[uid] for project in facts.projects if uid in project.nodes]
        declared = {name.lower() for node in nodes for name in node.columns}
        for name, spec in specs.items():
            if declared and name.lower() not in declared:
                yield (
                    f"{facts.config.file}:{spec.line}: the YAML of `{uid}` declares no column "
                    f"`{name}`{_meant(name, declared)}"
                )


def _meant(word: str, valid: Collection[str]) -> str:
    end = nearest(word, sorted(valid))
    return end if end.endswith("?") else f"{end}."


def refuse_nothing_to_guard(facts: Facts) -> None:
    """A gate that has nothing to look for, or nothing to guard, must not be green."""
    refuse_nothing_to_follow(facts)
    if not any(facts.zone_of(uid) == SAFE for uid in facts.nodes):
        raise ConfigError(
            "No model is in the safe zone, so there is nothing to guard: put the marts that "
            "everybody may read under models/marts/safe, or say where they are in "
            f"{POLICY_FILE} under `zones: {{safe: {{paths: [...]}}}}`."
        )


def refuse_nothing_to_follow(facts: Facts) -> None:
    born = any(
        via is None and label.form not in (Form.UNKNOWN, Form.SIGNAL)
        for uid in facts.nodes
        if not facts.is_secret(uid)
        for column in facts.labelled(uid).values()
        for label, via in column.labels.items()
    )
    if not born:
        raise ConfigError(
            "No column is tagged as personal, so there is nothing to follow: set `config: {tags: "
            "[pii], meta: {pii: true, pii_type: ...}}` on the personal columns of your sources, or "
            f"list them under `labels` in {POLICY_FILE}."
        )


def inputs(facts: Facts) -> tuple[ManifestInput, ...]:
    return tuple(
        ManifestInput(
            sha256=project.sha256,
            dbt_version=project.dbt_version,
            adapter_type=project.adapter_type,
            target=project.target,
            freshness=project.freshness,
        )
        for project in facts.projects
    )


def notes(facts: Facts) -> tuple[str, ...]:
    sentences = [
        check_freshness(project, facts.project_dir).sentence
        for project in facts.projects
        if project.freshness == "unchecked"
    ]
    if facts.config.file is None:
        sentences.append(f"There is no {POLICY_FILE}, so the policy that ships holds.")
    sentences += _doubtful_labels(facts)
    waiver = facts.config.allow_literal_keys
    if waiver is not None:
        sentences.append(f"The policy accepts literal keys until {waiver.until}: {waiver.reason}")
    return tuple(dict.fromkeys(sentences))
