"""`pii-lint rotate-salt`: a new salt, and everything that hangs on it built anew."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pii_lint.cli._evidence import evidence_option, file_evidence, refuse_unwritable
from pii_lint.cli._options import profile_options, project_options, write
from pii_lint.cli._progress import progress
from pii_lint.errors import ConfigError
from pii_lint.options import Options

BROKEN = 1


@click.command("rotate-salt")
@project_options
@profile_options("The profile's target; it has to be on DuckDB or PostgreSQL.")
@evidence_option
@click.option("--vars", "variables", metavar="YAML", help="Given on to dbt.")
@click.option("--resume", is_flag=True, help="Finish a rotation that was cut off on PostgreSQL.")
@click.option(
    "--accept",
    multiple=True,
    metavar="MODEL.COLUMN",
    help="Values of this column may recur, for somebody looked at them.",
)
@click.option(
    "--allow-fewer-rows",
    is_flag=True,
    help="Incremental models may lose rows that the raw tables no longer hold.",
)
def rotate_salt(
    options: Options,
    profiles_dir: Path | None,
    target: str | None,
    evidence: Path | None,
    variables: str | None,
    resume: bool,
    accept: tuple[str, ...],
    allow_fewer_rows: bool,
) -> int:
    """Make a new salt, have dbt build all that hangs on it, and prove that old and new don't join.

    On DuckDB this happens in a copy that takes the file's place at the end: cut off, it changed
    nothing. On PostgreSQL the old salt is given up first; until `--resume` has ended what was cut
    off, every other run of dbt is refused. Nobody can undo a rotation.

    \b
    Examples:
      dbt build && pii-lint rotate-salt --evidence rotation.json
      pii-lint rotate-salt --resume --evidence rotation.json
    """
    from pii_lint.artifacts.load import project_around
    from pii_lint.counts import Table
    from pii_lint.pipeline.rotation import rekeying
    from pii_lint.warehouse.profile import find_target
    from pii_lint.warehouse.salt import SCHEMA, TABLE

    folder = project_around(options.project_dir) or Path()
    found = find_target(folder, profiles_dir=profiles_dir, target=target)
    if found.engine not in ("duckdb", "postgres"):
        raise ConfigError(
            f"Target {found.name} in {found.file} is of type {found.engine}, where this command "
            "can't change the salt: choose another --target."
        )
    # Not at the top: the linter runs without a database driver.
    try:
        from pii_lint.evidence.rotation import writing
        from pii_lint.evidence.rotation.run import rotate
        from pii_lint.evidence.rotation.wish import Wish
    except ImportError:
        raise _no_driver(found.engine) from None
    with progress():
        plan = rekeying(options, Table(SCHEMA, TABLE))
    wish = Wish(
        accepted=frozenset(one.lower() for one in accept),
        fewer=allow_fewer_rows,
        variables=variables,
        resume=resume,
    )
    refuse_unwritable(evidence)
    try:
        record = rotate(folder.resolve(), found, plan, wish, _told)
    except ImportError:
        raise _no_driver(found.engine) from None
    write(writing.as_text(record))
    if not record.holds:
        left = "The rotation stays pending" if found.engine == "postgres" else "Nothing was changed"
        write(f"{left}: mend what is named above, or say --accept for it.\n")
    file_evidence(evidence, writing.as_json(record), lambda sum_: writing.as_markdown(record, sum_))
    return 0 if record.holds else BROKEN


def _no_driver(engine: str) -> ConfigError:
    return ConfigError(f"rotate-salt builds with dbt: install `pii-lint[{engine}]`.")


def _told(step: str) -> None:
    if sys.stderr.isatty():
        click.echo(step, err=True)
