"""`pii-lint diff`: what a change does to the flows, and to the gate."""

from __future__ import annotations

from pathlib import Path

import click

from pii_lint.cli._options import FILE, format_option, output_option, write
from pii_lint.findings import Severity

FINDINGS = 1


@click.command()
@click.argument("base", type=FILE)
@click.argument("head", type=FILE)
@click.option(
    "--base-config", type=FILE, help="BASE's policy.  [default: pii_lint.yml in its project]"
)
@click.option(
    "--head-config", type=FILE, help="HEAD's policy.  [default: pii_lint.yml in its project]"
)
@click.option("--base-baseline", type=FILE, help="The baseline that BASE was checked with.")
@click.option("--head-baseline", type=FILE, help="The baseline that HEAD is checked with.")
@format_option(
    "text", "json", "markdown", told="How to say it; markdown is one comment for a pull request."
)
@output_option
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warn", "note"]),
    help="The mildest severity of a new flow that makes the exit code 1.  [default: the stricter "
    "of both policies']",
)
@click.option("--exit-zero", is_flag=True, help="Nothing found makes the exit code 1.")
@click.option("--no-cache", is_flag=True, help="Read every query anew.")
def diff(
    base: Path,
    head: Path,
    base_config: Path | None,
    head_config: Path | None,
    base_baseline: Path | None,
    head_baseline: Path | None,
    format_: str,
    output: Path | None,
    fail_on: str | None,
    exit_zero: bool,
    no_cache: bool,
) -> int:
    """Compare two manifests, BASE and HEAD, each with its policy.

    The exit code is 1 where a new flow is as severe as --fail-on says, and wherever the gate was
    weakened: a tag lost, a cell softened, a suppression added, a baseline grown, a branch
    no longer seen.

    \b
    Examples:
      pii-lint diff main/target/manifest.json target/manifest.json
      pii-lint diff base.json head.json --base-config base.yml --format markdown
    """
    from pii_lint.options import DiffOptions
    from pii_lint.pipeline.diff import diff as compared
    from pii_lint.reports.difference import DIFF_FORMATS

    found = compared(
        DiffOptions(
            base=base,
            head=head,
            base_config=base_config,
            head_config=head_config,
            base_baseline=base_baseline,
            head_baseline=head_baseline,
            fail_on=Severity(fail_on) if fail_on else None,
            use_cache=not no_cache,
        )
    )
    write(DIFF_FORMATS[format_](found), output)
    return FINDINGS if found.failed and not exit_zero else 0
