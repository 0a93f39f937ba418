"""`pii-lint init`: a first policy, proposed from names."""

from __future__ import annotations

from pathlib import Path

import click

from pii_lint.cli._options import FILE, write
from pii_lint.errors import ConfigError


@click.command()
@click.option(
    "--manifest", type=FILE, help="manifest.json.  [default: target/manifest.json in the project]"
)
@click.option("--catalog", type=FILE, help="catalog.json.  [default: beside the manifest]")
@click.option(
    "--project-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder with dbt_project.yml.  [default: this one or the nearest above]",
)
@click.option("--force", is_flag=True, help="Write over the policy that is there.")
def init(manifest: Path | None, catalog: Path | None, project_dir: Path | None, force: bool) -> int:
    """Write a first pii_lint.yml: zones by folders, personal columns by their names.

    Each line says how sure it is. Nothing is guessed into safety: what has no telling name stays
    without a label, and every report counts it as never reviewed.

    \b
    Examples:
      dbt compile && pii-lint init && pii-lint check
    """
    from pii_lint.options import Options
    from pii_lint.pipeline.policies import propose

    file, proposal = propose(
        Options(manifests=(manifest,) if manifest else (), catalog=catalog, project_dir=project_dir)
    )
    if file.exists() and not force:
        raise ConfigError(
            f"{file.name} is there already: --force writes over it, `pii-lint check` holds it."
        )
    write(proposal.text, file)
    click.echo(f"{file.name}: {proposal.sentence}")
    return 0
