"""The whole run, as a story: load, trace, judge, suppress, report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pii_lint.artifacts.freshness import check_freshness
from pii_lint.artifacts.load import load_former, load_projects, project_around
from pii_lint.artifacts.model import Node, Project
from pii_lint.artifacts.project_dir import below_repository, find_project_dir
from pii_lint.artifacts.same_project import same_project
from pii_lint.baseline import How, Known, Passes, Written, known, written
from pii_lint.baseline import load as load_baseline
from pii_lint.config import POLICY_FILE, Config, as_written, load_config
from pii_lint.config.model import LabelSpec
from pii_lint.config.render import resolved as everything
from pii_lint.data.registry import load_registry
from pii_lint.data.shape import nearest
from pii_lint.diff import Diff, GateChange, State, compare
from pii_lint.diff.places import Places
from pii_lint.errors import ConfigError
from pii_lint.files import real
from pii_lint.findings import Finding, Listing, ManifestInput, Persona, Report, Severity
from pii_lint.fixing import Fix
from pii_lint.fixing import fix as mended
from pii_lint.fixing.homes import SORTS, file_of
from pii_lint.labels import Form
from pii_lint.options import DiffOptions, Options
from pii_lint.policy import Policy
from pii_lint.propagation.declared import UNNAMED_KIND
from pii_lint.propagation.link import Origins, trace
from pii_lint.proposal import Proposal
from pii_lint.proposal import propose as suggestion
from pii_lint.reports.basis import coverage, masks
from pii_lint.reports.explanation import Explanation, explanation
from pii_lint.reports.listing import listing
from pii_lint.reports.lookup import find_column
from pii_lint.reports.radius import BlastRadius, is_personal, radius
from pii_lint.reports.radius_questions import questions
from pii_lint.reports.snippets import with_snippets
from pii_lint.rules import RULES, Facts, chosen, judge
from pii_lint.suppressions import suppress


def check(options: Options) -> Report:
    """Judge a project."""
    facts = replace(gather(options), persona=options.persona)
    _refuse_nothing_to_guard(facts)
    codes = chosen([rule.code for rule in RULES], options.select, options.ignore)
    passes = _passes(options, facts)
    found = passes.passing(findings_of(facts))
    meant = _meant_for(options.persona, (f for f in found if f.code in codes))
    findings = with_snippets(meant, facts)
    return Report(
        manifests=_inputs(facts),
        findings=findings,
        masks=masks(facts),
        coverage=coverage(facts),
        notes=(*_notes(facts), *passes.notes(found), *_left_out(options, codes)),
        failed=_failed(findings, options.fail_on or facts.config.fail_on),
        folder=below_repository(facts.project_dir),
    )


def findings_of(facts: Facts) -> tuple[Finding, ...]:
    """What every rule has to say, suppressed findings among it, in order of place."""
    return tuple(sorted(suppress(judge(facts), facts), key=_order))


def inventory(options: Options) -> Listing:
    """List what every column holds, and judge nothing."""
    facts = gather(options)
    return listing(facts, _inputs(facts), _notes(facts))


def explain(options: Options, asked: str) -> Explanation:
    """Say why a column carries what it carries; `asked` is MODEL.COLUMN."""
    facts = gather(options)
    node, column = find_column(facts, asked)
    origins = Origins(facts.projects, facts.config, facts.registry, remember=options.use_cache)
    return explanation(facts, origins, findings_of(facts), node, column)


def blast_radius(
    options: Options,
    asked: Iterable[str],
    subjects: Sequence[str] = (),
    countries: Sequence[str] = (),
) -> BlastRadius:
    """Say what the columns reach; each is asked for as MODEL.COLUMN. `subjects` and `countries` are
    columns by which a warehouse can tell people apart, and where they live."""
    facts = gather(options)
    columns = tuple(dict.fromkeys(find_column(facts, one) for one in asked))
    untagged = [at for at in columns if not is_personal(facts, *at)]
    if untagged:
        # whoever asks for its reach has a reason to think otherwise
        config = _as_if_personal(facts, untagged)
        facts = _followed(facts.projects, config, facts.project_dir, options)
    origins = Origins(facts.projects, facts.config, facts.registry, remember=options.use_cache)
    told = radius(facts, origins, columns, untagged, _inputs(facts), _notes(facts))
    return replace(told, questions=questions(facts, told, subjects, countries))


def _as_if_personal(facts: Facts, columns: Iterable[tuple[str, str]]) -> Config:
    labels = {uid: dict(specs) for uid, specs in facts.config.labels.items()}
    for uid, column in columns:
        guess = facts.registry.guess(column)
        kind = guess[0] if guess else facts.registry.resolve(UNNAMED_KIND)
        held = facts.inventory.relations[uid].columns.get(column)
        labels.setdefault(uid, {})[held.name if held else column] = LabelSpec(kind)
    return replace(facts.config, labels=labels)


def diff(options: DiffOptions) -> Diff:
    """Compare two states of a project, each under its own policy."""
    run = Options(use_cache=options.use_cache, today=options.today)
    after, folder = load_projects((options.head,), None, None)
    before = load_former((options.base,))
    around = find_project_dir(options.base)
    head_config = _policy(options.head_config, folder)
    notes: list[str] = []
    if options.base_config is not None or (around is not None and not _same(around, folder)):
        base_config = _policy(options.base_config, around)
    else:
        base_config = head_config
        notes.append(
            "BASE's policy isn't known, for its project's files are not beside it: HEAD's was "
            "taken for both, and what changed in it can't be seen. Give it with --base-config."
        )
    names = Places(before[0].name, after[0].name)
    if names.base != names.head:
        notes.append(
            f"The project was called {names.base}, now {names.head}: its nodes are compared as if "
            "it had been renamed."
        )
    head = _followed(after, head_config, folder, run)
    base = _followed(before, base_config, around, run)
    try:
        _refuse_nothing_to_guard(head)
    except ConfigError:
        # a change that takes all tags away, or the safe zone, is a weakening, and the worst
        _refuse_nothing_to_guard(base)
    former = names.config(base_config)
    return compare(
        State(base, *_inputs(base)),
        State(head, *_inputs(head)),
        head if former == head_config else _followed(after, former, folder, run),
        fail_on=options.fail_on,
        notes=tuple(notes),
        known=_baselines(options, names),
    )


def _baselines(options: DiffOptions, names: Places) -> tuple[GateChange, ...]:
    """A baseline that grew lets pass what came with this very change."""
    before, after = (
        load_baseline(file, project) if file else Known(())
        for file, project in (
            (options.base_baseline, names.base),
            (options.head_baseline, names.head),
        )
    )
    added, gone = after.beyond(before), before.beyond(after)
    if not (added or gone):
        return ()
    name = (options.head_baseline or options.base_baseline or Path()).name
    return (GateChange("baseline", name, f"{gone} flows less", f"{added} flows more", added > 0),)


def _policy(path: Path | None, folder: Path | None) -> Config:
    config = load_config(path, folder)
    config.refuse_unknown_rules([rule.code for rule in RULES])
    return config


def _same(folder: Path, other: Path | None) -> bool:
    return other is not None and real(folder) == real(other)


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
    config = _policy(file, folder)
    return everything(config) if resolved else as_written(file, folder)


def baseline(options: Options, file: Path, how: How) -> Written:
    """The baseline that a run would know all its findings by, or what is left of the one there."""
    facts = gather(options)
    _refuse_nothing_to_guard(facts)
    mildest = max(Severity.WARN, options.fail_on or facts.config.fail_on, key=list(Severity).index)
    return written(findings_of(facts), file, facts.projects[0].name, how, mildest)


def fix(options: Options, under: Collection[Path] = (), *, sources: bool = False) -> Fix:
    """What the project's YAML should say, as edited files; `under`: of these files and folders."""
    facts = gather(options)
    if facts.project_dir is None:
        raise ConfigError(
            "There is no dbt project around the manifest, so there is no YAML to fix: run this in "
            "the folder with dbt_project.yml, or give it with --project-dir."
        )
    _refuse_nothing_to_follow(facts)
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


def gather(options: Options) -> Facts:
    """Load what a run is told to look at, and follow the labels through it."""
    projects, folder = load_projects(options.manifests, options.catalog, options.project_dir)
    config = _policy(options.config, folder)
    _refuse_strangers(config, {uid for project in projects for uid in project.nodes})
    return _followed(projects, config, folder, options)


def _followed(
    projects: tuple[Project, ...], config: Config, folder: Path | None, options: Options
) -> Facts:
    registry = load_registry(config.kinds)
    return Facts(
        projects=projects,
        config=config,
        policy=Policy(config, registry),
        registry=registry,
        inventory=trace(projects, config, registry, remember=options.use_cache),
        today=options.today or datetime.now(tz=UTC).date(),
        project_dir=folder,
    )


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
            sentence = (
                f"{config.file}:{line}: `{uid}` is in no manifest{nearest(uid, sorted(known))}"
            )
            raise ConfigError(sentence if sentence.endswith("?") else f"{sentence}.")


def _refuse_nothing_to_guard(facts: Facts) -> None:
    """A gate that has nothing to look for, or nothing to guard, must not be green."""
    _refuse_nothing_to_follow(facts)
    if not facts.policy.guarded(facts.nodes.values()):
        raise ConfigError(
            "No model is in the safe zone, so there is nothing to guard: put the marts that "
            "everybody may read under models/marts/safe, or say where they are in "
            f"{POLICY_FILE} under `zones: {{safe: {{paths: [...]}}}}`."
        )


def _refuse_nothing_to_follow(facts: Facts) -> None:
    born = any(
        via is None and label.form not in (Form.UNKNOWN, Form.SIGNAL)
        for node, relation in facts.relations()
        if not facts.is_secret(node.unique_id)
        for column in relation.columns.values()
        for label, via in column.labels.items()
    )
    if not born:
        raise ConfigError(
            "No column is tagged as personal, so there is nothing to follow: set `config: {tags: "
            "[pii], meta: {pii: true, pii_type: ...}}` on the personal columns of your sources, or "
            f"list them under `labels` in {POLICY_FILE}."
        )


def _inputs(facts: Facts) -> tuple[ManifestInput, ...]:
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


def _notes(facts: Facts) -> tuple[str, ...]:
    sentences = [
        check_freshness(project, facts.project_dir).sentence
        for project in facts.projects
        if project.freshness == "unchecked"
    ]
    if facts.config.file is None:
        sentences.append(f"There is no {POLICY_FILE}, so the policy that ships holds.")
    waiver = facts.config.allow_literal_keys
    if waiver is not None:
        sentences.append(f"The policy accepts literal keys until {waiver.until}: {waiver.reason}")
    return tuple(dict.fromkeys(sentences))


def _passes(options: Options, facts: Facts) -> Passes:
    """What the run is told to know already. An earlier state is judged by today's policy."""
    file = options.baseline
    kept = load_baseline(file, facts.projects[0].name) if file else None
    if not options.since:
        return Passes(kept, file.name if file else "")
    former = load_former(options.since)
    same_project([*facts.projects, *former])
    before = _followed(former, facts.config, None, options)
    return Passes(
        baseline=kept,
        file=file.name if file else "",
        since=known(judge(before)),
        manifest=", ".join(project.sha256[:12] for project in former),
        unchanged=frozenset(
            uid
            for uid, node in facts.nodes.items()
            if uid in before.nodes and node.raw_code == before.nodes[uid].raw_code
        ),
    )


def _left_out(options: Options, codes: Collection[str]) -> tuple[str, ...]:
    """A word on rules that the command line left out."""
    missing = [rule.code for rule in RULES if rule.code not in codes]
    if not (missing and (options.select or options.ignore)):
        return ()
    return (f"The command line left out {', '.join(missing)}: what they find isn't shown.",)


def _meant_for(persona: Persona, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those for this reader: an auditor hears all, everybody hears what is for everybody."""
    order = list(Persona)
    return tuple(f for f in findings if order.index(f.persona) <= order.index(persona))


def _failed(findings: Iterable[Finding], fail_on: Severity) -> bool:
    return any(
        finding.suppressed is None and finding.severity.at_least(fail_on) for finding in findings
    )


def _order(finding: Finding) -> tuple[str, int, int, str, str, str]:
    place = finding.location
    where = (place.file, place.line, place.col) if place else ("", 0, 0)
    return (*where, finding.code, finding.node, finding.column)
