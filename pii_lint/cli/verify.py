"""`pii-lint verify`: alter personal data, build anew, and hold what moves against the labels."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pii_lint.cli._evidence import evidence_option, file_evidence, refuse_unwritable
from pii_lint.cli._options import profile_options, project_options, write
from pii_lint.cli._progress import progress
from pii_lint.errors import ConfigError
from pii_lint.options import Options

BROKEN = 1


@click.command()
@project_options
@profile_options("The profile's target; it has to be on DuckDB.")
@evidence_option
@click.option("--vars", "variables", metavar="YAML", help="Given on to dbt.")
@click.option("--no-canaries", is_flag=True, help="Don't plant values and look for them.")
def verify(
    options: Options,
    profiles_dir: Path | None,
    target: str | None,
    evidence: Path | None,
    variables: str | None,
    no_canaries: bool,
) -> int:
    """Alter personal data in a scratch copy, one kind at a time, and see what moves.

    The raw tables and the salt are copied, never touched, and dbt builds the copies. A column of a
    safe mart that moves without a label is a hole in the analysis, and the exit code is 1.

    \b
    Examples:
      dbt build && pii-lint verify --evidence evidence.json
    """
    from pii_lint.artifacts.load import project_around
    from pii_lint.pipeline.prediction import prediction
    from pii_lint.warehouse.profile import find_target

    refuse_unwritable(evidence)
    folder = project_around(options.project_dir) or Path()
    found = find_target(folder, profiles_dir=profiles_dir, target=target)
    if found.engine != "duckdb":
        raise ConfigError(
            f"Target {found.name} in {found.file} is of type {found.engine}, and scratch copies "
            "stand on DuckDB only: choose another --target."
        )
    # Not at the top: the linter runs without a database driver.
    try:
        from pii_lint.evidence import writing
        from pii_lint.evidence.run import verify as verified
    except ImportError:
        raise ConfigError("verify builds with dbt: install `pii-lint[duckdb]`.") from None
    with progress():
        record = verified(
            folder.resolve(),
            found,
            prediction(options),
            plant=not no_canaries,
            variables=variables,
            told=_told,
        )
    write(writing.as_text(record))
    file_evidence(evidence, writing.as_json(record), lambda sum_: writing.as_markdown(record, sum_))
    return 0 if record.holds else BROKEN


def _told(step: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"building: {step}", err=True)
