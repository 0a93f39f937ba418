"""Two states of a project, each under its own policy."""

from __future__ import annotations

from pathlib import Path

from pii_lint.artifacts.load import load_former, load_projects
from pii_lint.artifacts.project_dir import find_project_dir
from pii_lint.baseline import Known
from pii_lint.baseline import load as load_baseline
from pii_lint.diff import Diff, GateChange, State, compare
from pii_lint.diff.places import Places
from pii_lint.errors import ConfigError
from pii_lint.files import real
from pii_lint.options import DiffOptions, Options
from pii_lint.pipeline.gathering import followed, inputs, policy_of, refuse_nothing_to_guard


def diff(options: DiffOptions) -> Diff:
    """Compare two states of a project, each under its own policy."""
    run = Options(use_cache=options.use_cache, today=options.today)
    after, folder = load_projects((options.head,), None, None)
    before = load_former((options.base,))
    around = find_project_dir(options.base)
    head_config = policy_of(options.head_config, folder)
    notes: list[str] = []
    if options.base_config is not None or (around is not None and not _same(around, folder)):
        base_config = policy_of(options.base_config, around)
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
    head = followed(after, head_config, folder, run)
    base = followed(before, base_config, around, run)
    try:
        refuse_nothing_to_guard(head)
    except ConfigError:
        # a change that takes all tags away, or the safe zone, is a weakening, and the worst
        refuse_nothing_to_guard(base)
    former = names.config(base_config)
    return compare(
        State(base, *inputs(base)),
        State(head, *inputs(head)),
        head if former == head_config else followed(after, former, folder, run),
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


def _same(folder: Path, other: Path | None) -> bool:
    return other is not None and real(folder) == real(other)
