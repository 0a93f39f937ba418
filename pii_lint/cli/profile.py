"""`pii-lint profile`: counts of a relation that say nothing of a person."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pii_lint.cli._options import (
    format_option,
    output_option,
    project_options,
    warehouse_options,
    write,
)
from pii_lint.cli._progress import progress
from pii_lint.errors import ConfigError
from pii_lint.options import Options

if TYPE_CHECKING:
    from pii_lint.warehouse.profile import Target
    from pii_lint.warehouse.profiling import Session


@click.command("profile")
@click.argument("relations", metavar="RELATION...", nargs=-1, required=True)
@project_options
@warehouse_options()
@format_option("text", "json", "markdown")
@output_option
def profile(
    relations: tuple[str, ...],
    options: Options,
    database: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    format_: str,
    output: Path | None,
) -> int:
    """Count a relation: its rows, and each column's distinct values and nulls.

    Of numbers and days the least and the greatest are told too, but never of a column that holds
    anything personal, is classified confidential or restricted, looks personal by its name, or has
    too few values; and at tier 1 alone. No text of the data is ever told.

    \b
    Examples:
      pii-lint profile fct_orders
      pii-lint profile raw.customers --format json
    """
    from pii_lint.artifacts.load import project_around
    from pii_lint.cli._warehouse import Openers, opened
    from pii_lint.pipeline.profiling import to_profile
    from pii_lint.reports.profile import PROFILE_FORMATS
    from pii_lint.sightings import Unreadable
    from pii_lint.tiers import Tier, standing
    from pii_lint.warehouse.profiling import profile as profiled

    tier = standing().tier
    folder = project_around(options.project_dir) or Path()
    with progress():
        asked = to_profile(options, relations)
    found = []
    openers: Openers[Session] = Openers("a profile", _duckdb, _postgres)
    with progress(), opened(openers, database, folder, profiles_dir, target) as session:
        for one in asked:
            try:
                found.append(profiled(session, one, bounds=tier is Tier.STANDARD))
            except Unreadable as wrong:
                raise ConfigError(
                    f"{one.called} can't be profiled, for {wrong}: build it first, or give the "
                    "right database with --target or --database."
                ) from None
    write(PROFILE_FORMATS[format_](found, tier), output)
    return 0


def _duckdb(file: Path) -> AbstractContextManager[Session]:
    from pii_lint.warehouse.duckdb_profile import session

    return session(file)


def _postgres(target: Target) -> AbstractContextManager[Session]:
    from pii_lint.warehouse.postgres_profile import session

    return session(target)
