"""`pii-lint govern`: access rules as SQL, and a database held against them."""

from __future__ import annotations

from pathlib import Path

import click

from pii_lint.cli._options import FILE, output_option, profile_options, project_options, write
from pii_lint.cli._progress import progress
from pii_lint.errors import ConfigError
from pii_lint.options import Options

DIFFERS = 1
_DIALECTS = ("postgres", "snowflake", "bigquery", "databricks", "redshift")

_builder_option = click.option(
    "--builder",
    "builders",
    multiple=True,
    metavar="ROLE",
    help="A role that builds or loads, and so sees everything; may be given several times.",
)


@click.group("govern")
def govern() -> None:
    """Write what the warehouse should enforce, from the inventory and the policy.

    dbt's `grants` say who reads a relation, the policy's `roles` who of them sees personal columns
    clear. docs/access.md shows what each engine gets.
    """


@govern.command("ddl")
@project_options
@click.option(
    "--dialect",
    type=click.Choice(_DIALECTS),
    help="The engine.  [default: the one that the manifest is compiled for]",
)
@_builder_option
@click.option(
    "--access-log",
    is_flag=True,
    help="Instead: a query that tells who read, or may read, personal columns.",
)
@click.option(
    "--as-macro",
    is_flag=True,
    help="Instead: a macro, by which `pii_lint.reapply_access()` restores what a build lost.",
)
@click.option(
    "--location",
    default="us",
    show_default=True,
    help="BigQuery: where the data sets stand, and so the data policies.",
)
@click.option(
    "--policy-tag",
    "policy_tags",
    multiple=True,
    metavar="CLASS=PATH",
    help="BigQuery, instead: dbt properties with the policy tag of each class.",
)
@click.option(
    "--against", type=FILE, help="Show what is new since this file was written; 1 where it differs."
)
@output_option
def ddl(
    options: Options,
    dialect: str | None,
    builders: tuple[str, ...],
    access_log: bool,
    as_macro: bool,
    location: str,
    policy_tags: tuple[str, ...],
    against: Path | None,
    output: Path | None,
) -> int:
    """Write classification, masks, grants and revokes as SQL that may run again at any time.

    Nothing is connected to and nothing changed: review the file, then run it as whoever owns the
    relations.

    \b
    Examples:
      pii-lint govern ddl --dialect postgres --output ops/access.sql
      pii-lint govern ddl --dialect postgres --against ops/access.sql
    """
    from pii_lint.governance import bigquery
    from pii_lint.governance.changes import changes
    from pii_lint.governance.dialects import chosen
    from pii_lint.governance.macro import macro
    from pii_lint.pipeline.access import access

    if sum(map(bool, (access_log, as_macro, policy_tags))) > 1:
        raise ConfigError("--access-log, --as-macro and --policy-tag ask for one thing each.")
    with progress():
        found = access(options, builders)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    engine, named = chosen(found, dialect, location)
    if policy_tags:
        if (dialect or found.adapter) != "bigquery":
            raise ConfigError("--policy-tag is for BigQuery: give --dialect bigquery with it.")
        text = bigquery.policy_tags(
            named, {word: path for word, _, path in (one.partition("=") for one in policy_tags)}
        )
    elif as_macro:
        # what can't be written whole isn't written in parts either
        engine.ddl(named)
        text = macro(named, engine)
    else:
        text = engine.access_log(named) if access_log else engine.ddl(named)
    if against is None:
        write(text, output)
        return 0
    told = changes(_read(against), text, str(against))
    write(told, output)
    return DIFFERS if told else 0


@govern.command("check")
@project_options
@profile_options("The profile's target; it has to be on PostgreSQL.")
@_builder_option
def check(
    options: Options, profiles_dir: Path | None, target: str | None, builders: tuple[str, ...]
) -> int:
    """Hold a live PostgreSQL against the plan, and name every difference.

    It reads the catalogue alone, never a row: who is granted what, who enters which schema, what
    the comments say, and what a role reads by way of another one. The exit code is 1 where anything
    differs.

    \b
    Examples:
      pii-lint govern check --target prod
    """
    from pii_lint.artifacts.load import project_around
    from pii_lint.pipeline.access import access
    from pii_lint.reports import plain
    from pii_lint.warehouse.profile import find_target

    # Not at the top: the linter runs without a database driver.
    try:
        from pii_lint.governance.live import differences
        from pii_lint.governance.postgres import plan
        from pii_lint.warehouse.postgres_store import settings
    except ImportError:
        raise ConfigError(
            "govern check needs a database driver: install `pii-lint[postgres]`."
        ) from None
    folder = project_around(options.project_dir) or Path()
    found = find_target(folder, profiles_dir=profiles_dir, target=target)
    if found.engine != "postgres":
        raise ConfigError(
            f"Target {found.name} in {found.file} is of type {found.engine}, and only PostgreSQL "
            "is read live: choose another --target, or review `govern ddl --against`."
        )
    with progress():
        planned = access(options, builders)
    for note in planned.notes:
        click.echo(f"note: {note}", err=True)
    told = differences(
        plan(planned), {**settings(found), "application_name": "pii-lint govern check"}
    )
    for one in told:
        click.echo(plain(one.sentence))
    if not told:
        click.echo(f"The database is as planned: {len(planned.relations)} relations.")
    return DIFFERS if told else 0


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"--against {file} can't be read as UTF-8 text: name a file that `govern ddl` wrote."
        ) from None
