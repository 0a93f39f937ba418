"""`pii-lint blast-radius`: everything that some columns reach."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from pii_lint.cli._options import (
    format_option,
    output_option,
    project_options,
    warehouse_options,
    write,
)
from pii_lint.cli._progress import progress
from pii_lint.counts import Answer, Question
from pii_lint.errors import ConfigError
from pii_lint.options import Options


@click.command("blast-radius")
@click.argument("columns", metavar="COLUMN...", nargs=-1, required=True)
@project_options
@format_option(
    "text", "json", "markdown", told="How to say it; markdown is an incident report to fill in."
)
@output_option
@click.option("--data", is_flag=True, help="Count rows and people in the warehouse, by country.")
@warehouse_options(when="With --data. ")
@click.option(
    "--subject",
    "subjects",
    metavar="NAME",
    multiple=True,
    help="With --data: a column that tells people apart.  [default: the unique one of the column's "
    "own relation]",
)
@click.option(
    "--country",
    "countries",
    metavar="NAME",
    multiple=True,
    help="With --data: a column that says where they live.  [default: known names, as country]",
)
def blast_radius(
    columns: tuple[str, ...],
    options: Options,
    format_: str,
    output: Path | None,
    data: bool,
    database: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    subjects: tuple[str, ...],
    countries: tuple[str, ...],
) -> int:
    """Show every model, mart, dashboard and export that a column reaches, and by which way.

    COLUMN is MODEL.COLUMN or SOURCE.TABLE.COLUMN. One that nobody tagged is followed as if it were
    personal. --data gives numbers only, never a value.

    \b
    Examples:
      pii-lint blast-radius raw.customers.email
      pii-lint blast-radius raw.customers.email raw.customers.phone --format markdown
      pii-lint blast-radius raw.customers.email --data --database warehouse.duckdb
    """
    from pii_lint.pipeline.blast_radius import blast_radius as reached
    from pii_lint.reports.radius_formats import RADIUS_FORMATS

    with progress():
        found = reached(options, columns, subjects, countries)
    if data:
        file = database or _database(options.project_dir, profiles_dir, target)
        found = replace(found, counted=_count(file, found.questions))
    write(RADIUS_FORMATS[format_](found), output)
    return 0


def _database(project_dir: Path | None, profiles_dir: Path | None, target: str | None) -> Path:
    from pii_lint.artifacts.load import project_around
    from pii_lint.warehouse.profile import duckdb_path

    folder = project_around(project_dir) or Path()
    return duckdb_path(folder, profiles_dir=profiles_dir, target=target)


def _count(database: Path, asked: tuple[Question, ...]) -> tuple[Answer, ...]:
    # Not at the top: the linter runs without a database driver.
    try:
        from pii_lint.warehouse.duckdb_counts import count
    except ImportError:
        raise ConfigError("--data needs a database driver: install `pii-lint[duckdb]`.") from None
    return count(database, asked)
