"""`pii-lint publish`: hand out the safe marts, and nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from pii_lint.cli._options import project_options, warehouse_options
from pii_lint.cli._progress import progress
from pii_lint.errors import ConfigError
from pii_lint.options import Options

REFUSED = 1


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@project_options
@warehouse_options("The profile's target; it has to be on DuckDB.")
@click.option(
    "--recipient", metavar="EXPOSURE", help="Only what this export takes, re-keyed for it."
)
@click.option("--parquet", is_flag=True, help="A Parquet file a mart, instead of one DuckDB file.")
def publish(
    output: Path,
    options: Options,
    profiles_dir: Path | None,
    target: str | None,
    database: Path | None,
    recipient: str | None,
    parquet: bool,
) -> int:
    """Copy the safe marts that pass the gate into the folder OUTPUT, with a manifest.

    Refused, with exit code 1, where the gate doesn't pass or the recipient's sign-off is missing or
    has expired. A recipient's pseudonyms join with nobody else's.

    \b
    Examples:
      pii-lint publish shared/2027-01
      pii-lint publish outbox/mailchimp --recipient vendor_mailchimp --parquet
    """
    from pii_lint.artifacts.load import project_around
    from pii_lint.pipeline.publication import publication
    from pii_lint.warehouse.profile import duckdb_path

    with progress():
        planned = publication(options, recipient)
    for reason in planned.refused:
        click.echo(f"Not published: {reason}.", err=True)
    if planned.refused:
        return REFUSED
    folder = project_around(options.project_dir) or Path()
    file = database or folder / duckdb_path(folder, profiles_dir=profiles_dir, target=target)
    # Not at the top: the linter runs without a database driver.
    try:
        from pii_lint.evidence.commit import commit
        from pii_lint.evidence.publish import publish as published
    except ImportError:
        raise ConfigError("publish needs a database driver: install `pii-lint[duckdb]`.") from None
    published(planned, file, output, parquet=parquet, commit=commit(folder))
    count = len(planned.marts)
    click.echo(f"{output}: {count} safe mart{'s' * (count != 1)}, and manifest.json.")
    return 0
