"""`pii-lint config`: the policy as it is understood."""

from __future__ import annotations

from pathlib import Path

import click

from pii_lint.cli._options import FILE, write


@click.group()
def config() -> None:
    """Show the policy as it is understood."""


@config.command()
@click.option("--resolved", is_flag=True, help="With the shipped policy under it.")
@click.option("--config", type=FILE, help="The policy.  [default: pii_lint.yml in the project]")
@click.option(
    "--project-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder with dbt_project.yml.  [default: this one or the nearest above]",
)
def show(resolved: bool, config: Path | None, project_dir: Path | None) -> int:
    """Print what the policy file changes, or with --resolved all that holds.

    Both are policy files themselves.

    \b
    Examples:
      pii-lint config show --resolved
    """
    from pii_lint.pipeline.policies import policy

    write(policy(config, project_dir, resolved=resolved))
    return 0
