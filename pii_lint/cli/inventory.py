"""`pii-lint inventory`: list what every column holds."""

from __future__ import annotations

from pathlib import Path

import click

from pii_lint.cli._options import format_option, output_option, project_options, write
from pii_lint.cli._progress import progress
from pii_lint.options import Options


@click.command()
@project_options
@format_option("text", "json", "csv", "markdown")
@output_option
def inventory(
    options: Options,
    format_: str,
    output: Path | None,
) -> int:
    """List what every column of every relation holds, and in which form.

    CSV and Markdown are a record of processing: the columns with personal data, and no others.

    \b
    Examples:
      pii-lint inventory
      pii-lint inventory --format csv --output record-of-processing.csv
    """
    from pii_lint import recall
    from pii_lint.reports import INVENTORY_FORMATS

    with progress():
        listing = recall.inventory(options)
    write(INVENTORY_FORMATS[format_](listing), output)
    return 0
