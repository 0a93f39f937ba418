"""`pii-lint export-subject`: everything that is held on one person."""

from __future__ import annotations

from pathlib import Path

import click

from pii_lint.cli._options import project_options, warehouse_options
from pii_lint.cli._progress import progress
from pii_lint.cli._subject import named, place_of, subject_options
from pii_lint.errors import ConfigError
from pii_lint.options import Options


@click.command("export-subject")
@click.argument("output", type=click.Path(path_type=Path))
@subject_options
@project_options
@warehouse_options("The profile's target, on DuckDB or PostgreSQL.")
@click.option("--role", help="On PostgreSQL: become this role first, which may read it.")
def export_subject(
    output: Path,
    subject: str | None,
    subject_file: Path | None,
    database: Path | None,
    options: Options,
    profiles_dir: Path | None,
    target: str | None,
    role: str | None,
) -> int:
    """Write everything that is held on one person to the folder OUTPUT, as JSON and CSV.

    From the raw tables and the restricted marts, and nothing else. The folder must lie outside of
    the project and of any git repository; only its owner may open it. On PostgreSQL the role has to
    be cleared by the policy and allowed to read every table.

    \b
    Examples:
      pii-lint export-subject ~/requests/2027-014 --subject-file -
      pii-lint export-subject ~/requests/2027-014 --subject-file - --target prod --role pii_reader
    """
    from pii_lint.artifacts.load import project_around
    from pii_lint.pipeline.rights import rights

    # Not at the top: the linter runs without a database driver.
    try:
        from pii_lint.evidence.rights.handing import demand_outside, hand_over
        from pii_lint.evidence.rights.person import identified
    except ImportError:
        raise ConfigError(
            "export-subject needs a database driver: install `pii-lint[duckdb]`."
        ) from None
    folder = (project_around(options.project_dir) or Path()).resolve()
    demand_outside(output, folder)
    said = named(subject, subject_file)
    place, _ = place_of(folder, database, profiles_dir, target, needed=False)
    with progress():
        holdings = rights(options)
        found = place.export(holdings, identified(said, holdings.held), role)
    hand_over(found, output)
    for part in found.parts:
        count = len(part.rows)
        click.echo(f"{part.called} ({part.zone}): {count} row{'s' * (count != 1)}")
    click.echo("subject.json holds all of it, and a CSV file each table. Nobody else may open it.")
    return 0
