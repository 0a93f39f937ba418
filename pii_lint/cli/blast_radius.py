"""`pii-lint blast-radius`: everything that some columns reach."""

from __future__ import annotations

from pathlib import Path

import click

from pii_lint.cli._options import output_option, project_options, write
from pii_lint.cli._progress import progress


@click.command("blast-radius")
@click.argument("columns", metavar="COLUMN...", nargs=-1, required=True)
@project_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to say it; markdown is an incident report to fill in.",
)
@output_option
def blast_radius(
    columns: tuple[str, ...],
    manifests: tuple[Path, ...],
    catalog: Path | None,
    config: Path | None,
    project_dir: Path | None,
    no_cache: bool,
    format_: str,
    output: Path | None,
) -> int:
    """Show every model, mart, dashboard and export that a column reaches, and by which way.

    COLUMN is MODEL.COLUMN or SOURCE.TABLE.COLUMN. One that nobody tagged is followed as if it were
    personal.

    \b
    Examples:
      pii-lint blast-radius raw.customers.email
      pii-lint blast-radius raw.customers.email raw.customers.phone --format markdown
    """
    from pii_lint import pipeline
    from pii_lint.options import Options
    from pii_lint.reports.radius_formats import RADIUS_FORMATS

    options = Options(
        manifests=manifests,
        catalog=catalog,
        config=config,
        project_dir=project_dir,
        use_cache=not no_cache,
    )
    with progress():
        found = pipeline.blast_radius(options, columns)
    write(RADIUS_FORMATS[format_](found), output)
    return 0
