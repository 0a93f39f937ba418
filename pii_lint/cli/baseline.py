"""`pii-lint baseline`: write down what is known, so that only new findings count."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from pii_lint.cli._options import FILE, project_options, write
from pii_lint.findings import Severity
from pii_lint.options import Options


@click.command()
@project_options
@click.option(
    "--output",
    type=FILE,
    default="pii_lint_baseline.json",
    show_default=True,
    help="The baseline's file.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warn", "note"]),
    help="The severity that `check` will fail on: with `note`, notes are taken in too.",
)
@click.option("--update", "how", flag_value="update", help="Drop what is gone; take nothing in.")
@click.option("--add", "how", flag_value="add", help="Write it anew, new findings included.")
def baseline(
    options: Options,
    output: Path,
    fail_on: str | None,
    how: str | None,
) -> int:
    """Write down the findings of today, for `check --baseline`.

    Lost sight never gets in: what nobody sees, nobody can know.

    \b
    Examples:
      pii-lint baseline
      pii-lint baseline --update
    """
    from pii_lint.pipeline.baseline import baseline as taken

    done = taken(
        replace(options, fail_on=Severity(fail_on) if fail_on else None),
        output,
        "update" if how == "update" else "add" if how == "add" else "new",
    )
    write(done.text, output)
    click.echo(done.sentence)
    return 0
