"""The whole of `rotate-salt`: what stands against it, the new salt, the build, the proof."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pii_lint.errors import ConfigError
from pii_lint.evidence.commit import commit, version_of
from pii_lint.evidence.rotation.record import ColumnEvidence, Evidence
from pii_lint.evidence.rotation.wish import Wish
from pii_lint.rekeying import Rekeying
from pii_lint.warehouse.profile import Target

ENGINES = ("duckdb", "postgres")


def rotate(
    project_dir: Path,
    target: Target,
    plan: Rekeying,
    wish: Wish,
    told: Callable[[str], object] = str,
) -> Evidence:
    """Change the salt and all that hangs on it. `told` hears of each step.

    Raises `ConfigError` where something stands against it.
    """
    refuse_other_target(plan, target)
    refuse_unknown(plan, wish)
    columns: tuple[ColumnEvidence, ...]
    # Not at the top: each engine has a driver of its own.
    if target.engine == "postgres":
        from pii_lint.evidence.rotation.postgres_database import rotate as in_database

        columns = in_database(project_dir, target, plan, wish, told)
    else:
        from pii_lint.evidence.rotation.duckdb_file import rotate as in_file

        columns = in_file(project_dir, target, plan, wish, told)
    return Evidence(
        engine=target.engine,
        commit=commit(project_dir),
        manifest=plan.manifest,
        policy=plan.policy,
        dbt=version_of("dbt-core"),
        resumed=wish.resume,
        columns=columns,
        kept=tuple((one.name, _why(one.lasting)) for one in plan.relations if not one.rebuilt),
    )


def refuse_other_target(plan: Rekeying, target: Target) -> None:
    """Elsewhere relations have other names, and a proof about none of them is none."""
    if plan.adapter != target.engine or plan.target not in (None, target.name):
        raise ConfigError(
            f"The manifest was written for target {plan.target or 'unknown'} on {plan.adapter}, "
            f"and {target.name} is on {target.engine}: run `dbt compile --target {target.name}` "
            "first."
        )


def refuse_unknown(plan: Rekeying, wish: Wish) -> None:
    """A column that nobody knows can't be meant."""
    models = {one.name.lower() for one in plan.rebuilt}
    for one in sorted(wish.accepted):
        model, dot, _ = one.rpartition(".")
        if not dot or model not in models:
            raise ConfigError(
                f"--accept {one[:80]} names no column that a rotation makes anew: write it as "
                "MODEL.COLUMN."
            )


def _why(lasting: str | None) -> str:
    return lasting or "rows are only added to it"
