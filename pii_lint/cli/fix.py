"""`pii-lint fix`: write what lineage knows into the YAML."""

from __future__ import annotations

from pathlib import Path

import click

from pii_lint.cli._options import project_options, write
from pii_lint.cli._progress import progress
from pii_lint.errors import ConfigError
from pii_lint.options import Options

TO_FIX = 1


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@project_options
@click.option("--diff", is_flag=True, help="Print a unified diff and write nothing.")
@click.option(
    "--sources", is_flag=True, help="Also tag the source columns whose names look personal."
)
def fix(
    paths: tuple[Path, ...],
    options: Options,
    diff: bool,
    sources: bool,
) -> int:
    """Write what lineage knows into the YAML of PATHS, or of the whole project.

    Missing tags, kinds and forms come in, stale ones go; every other byte stays. SQL is never
    touched, and what may not stand where it stands gets no tag. With --diff the exit code is 1
    where there is something to fix.

    \b
    Examples:
      pii-lint fix --diff
      pii-lint fix models/staging
    """
    from pii_lint.pipeline.fix import fix as mended
    from pii_lint.reports import patch

    with progress():
        found = mended(options, paths, sources=sources)
    if diff:
        write(patch.patch(found))
        click.echo(patch.told(found, written=False), nl=False, err=True)
        return TO_FIX if found.changes else 0
    for change in found.changes:
        try:
            change.place.write_bytes(change.after.encode("utf-8"))
        except OSError as wrong:
            raise ConfigError(
                f"Can't write to {change.path}: {wrong.strerror}; open it to you and run this "
                "again: what is written already stays."
            ) from None
    write(patch.told(found, written=True))
    return 0
