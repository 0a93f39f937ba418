"""`pii-lint check`: judge a project."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from pii_lint.cli._options import FILE, format_option, output_option, project_options, write
from pii_lint.cli._progress import progress
from pii_lint.findings import Persona, Severity
from pii_lint.options import Options

FINDINGS = 1


@click.command()
@project_options
@format_option("text", "json", "sarif", "github", "gitlab", "markdown")
@output_option
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warn", "note"]),
    help="The mildest severity that makes the exit code 1.  [default: the policy's, else error]",
)
@click.option(
    "--persona",
    type=click.Choice([persona.value for persona in Persona]),
    default=Persona.DEFAULT.value,
    show_default=True,
    help="For whom: pedantic and auditor hear more.",
)
@click.option(
    "--select", multiple=True, metavar="CODES", help="Only these rules: PII001, or PII for all PII."
)
@click.option("--ignore", multiple=True, metavar="CODES", help="All rules but these.")
@click.option("--baseline", type=FILE, help="Findings known from `pii-lint baseline` don't count.")
@click.option(
    "--since",
    multiple=True,
    type=FILE,
    metavar="MANIFEST",
    help="Only flows that an earlier manifest doesn't show count; today's policy judges both.",
)
@click.option(
    "--scan",
    type=FILE,
    help="What `pii-lint scan` found.  [default: target/pii-scan.json in the project]",
)
@click.option("--exit-zero", is_flag=True, help="Findings don't make the exit code 1.")
@click.option("--statistics", is_flag=True, help="Count the findings by rule, as text.")
@click.option("--quiet", "-q", is_flag=True, help="Only the findings that count, as text.")
def check(
    options: Options,
    format_: str,
    output: Path | None,
    fail_on: str | None,
    persona: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    baseline: Path | None,
    since: tuple[Path, ...],
    scan: Path | None,
    exit_zero: bool,
    statistics: bool,
    quiet: bool,
) -> int:
    """Judge a project: report personal data where it may not be.

    \b
    Examples:
      pii-lint check
      pii-lint check --manifest full.json --manifest incremental.json --format json
      pii-lint check --format sarif --output pii-lint.sarif
      pii-lint check --select PII,SEC --ignore PII006
      pii-lint check --baseline pii_lint_baseline.json
      pii-lint check --since main/target/manifest.json
      pii-lint check --statistics
    """
    from pii_lint import recall
    from pii_lint.reports import FORMATS, text
    from pii_lint.reports import statistics as counted

    options = replace(
        options,
        persona=Persona(persona),
        fail_on=Severity(fail_on) if fail_on else None,
        select=select,
        ignore=ignore,
        baseline=baseline,
        since=since,
        scan=scan,
    )
    if (statistics or quiet) and format_ != "text":
        raise click.UsageError("--statistics and --quiet shape the text: leave --format out.")
    with progress(quiet=quiet):
        report = recall.check(options)
    if statistics:
        write(counted.statistics(report), output)
    elif format_ == "text":
        write(text.check(report, colour=output is None and _colourful(), quiet=quiet), output)
    else:
        write(FORMATS[format_](report), output)
    return FINDINGS if report.failed and not exit_zero else 0


def _colourful() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
