"""`pii-lint report`: the page that an auditor opens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from pii_lint.cli._options import FILE, project_options, write
from pii_lint.cli._progress import progress
from pii_lint.options import Options

PAGE = Path("pii-lint-report.html")


@click.command()
@project_options
@click.option(
    "--output",
    type=FILE,
    default=PAGE,
    show_default=True,
    help="Write to this file; - prints the page.",
)
@click.option("--baseline", type=FILE, help="Findings known from `pii-lint baseline` don't count.")
@click.option(
    "--scan",
    type=FILE,
    help="What `pii-lint scan` found.  [default: target/pii-scan.json in the project]",
)
def report(options: Options, output: Path, baseline: Path | None, scan: Path | None) -> int:
    """Write one HTML page: the verdict, the lineage of every column, the inventory, proofs.

    The page needs nothing but itself: no network, no server. It holds no data and no literal of the
    SQL. Its verdict is that of `check`; the exit code is 0 once it is written.

    \b
    Examples:
      pii-lint report
      pii-lint report --output audit.html --baseline pii_lint_baseline.json
    """
    from pii_lint.pipeline import report as story

    with progress():
        page = story.report(replace(options, baseline=baseline, scan=scan))
    if output == Path("-"):
        write(page)
        return 0
    write(page, output)
    click.echo(f"{output}: open it in a browser.", err=True)
    return 0
