"""`pii-lint salt`: make, import and check the salt that keys `hash_pii`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from pii_lint.cli._options import warehouse_options
from pii_lint.errors import ConfigError
from pii_lint.warehouse.profile import Target, file_of, find_target
from pii_lint.warehouse.salt import RELATION, Store, check, import_, init


@click.group("salt")
def salt() -> None:
    """Make, import or check the salt that keys `hash_pii`.

    The salt is one row of data in the warehouse, table pii_secrets.pii_salt. No command shows it,
    and none of these overwrites it; `pii-lint rotate-salt` does, and builds anew what hangs on it.
    """


def _where(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which database is meant."""
    project = click.option(
        "--project-dir",
        type=click.Path(path_type=Path, file_okay=False),
        default=".",
        envvar="DBT_PROJECT_DIR",
        help="The folder with dbt_project.yml.",
    )
    return project(
        warehouse_options("The profile's target; else the one it names itself.")(command)
    )


def _store(
    database: Path | None, project_dir: Path, profiles_dir: Path | None, target: str | None
) -> Store:
    if database is not None:
        return _duckdb(database)
    found = find_target(project_dir, profiles_dir=profiles_dir, target=target)
    if found.engine == "duckdb":
        return _duckdb(file_of(found))
    if found.engine == "postgres":
        return _postgres(found)
    if found.engine == "spark":
        return _spark(found)
    raise ConfigError(
        f"Target {found.name} in {found.file} is of type {found.engine}, where this command can't "
        f"keep a salt: choose another --target, or fill {RELATION} there yourself, one row with 64 "
        "random hexadecimal digits in a column `salt`."
    )


# The drivers are not imported at the top: the linter runs without any.


def _duckdb(file: Path) -> Store:
    try:
        from pii_lint.warehouse.duckdb_store import DuckDBStore
    except ImportError:
        raise _no_driver("duckdb") from None
    return DuckDBStore(file)


def _postgres(target: Target) -> Store:
    try:
        from pii_lint.warehouse.postgres_store import PostgresStore
    except ImportError:
        raise _no_driver("postgres") from None
    return PostgresStore(target)


def _spark(target: Target) -> Store:
    try:
        from pii_lint.warehouse.spark_store import SparkStore
    except ImportError:
        raise _no_driver("spark") from None
    return SparkStore(target)


def _no_driver(extra: str) -> ConfigError:
    return ConfigError(f"The salt commands need a database driver: install `pii-lint[{extra}]`.")


@salt.command("init")
@_where
def init_command(
    database: Path | None, project_dir: Path, profiles_dir: Path | None, target: str | None
) -> None:
    """Make a salt from 32 random bytes, where none stands yet."""
    click.echo(init(_store(database, project_dir, profiles_dir, target)))


@salt.command("import")
@click.option("--from-env", metavar="NAME", help="Read the salt from this environment variable.")
@click.option(
    "--from-file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Read the salt from this file; `-` is standard input.",
)
@click.argument("stray", nargs=-1, metavar="")
@_where
def import_command(
    from_env: str | None,
    from_file: Path | None,
    stray: tuple[str, ...],
    database: Path | None,
    project_dir: Path,
    profiles_dir: Path | None,
    target: str | None,
) -> None:
    """Bring a salt from elsewhere, so that its hashes stay joinable.

    It is read from a variable, a file or standard input, never from the command line, which other
    users of a machine can see.
    """
    if stray:
        raise ConfigError(
            "A salt on the command line is seen by others and kept in histories: make a new one, "
            "and give it with --from-env NAME or --from-file FILE."
        )
    given = _given(from_env, from_file)
    click.echo(import_(_store(database, project_dir, profiles_dir, target), given))


@salt.command("check")
@_where
def check_command(
    database: Path | None, project_dir: Path, profiles_dir: Path | None, target: str | None
) -> None:
    """Say whether a sound salt stands there, without reading it."""
    click.echo(check(_store(database, project_dir, profiles_dir, target)))


def _given(from_env: str | None, from_file: Path | None) -> str:
    """The text to import. No message repeats what was typed: it may be the salt itself."""
    if from_env is not None and from_file is None:
        if from_env in os.environ:
            return os.environ[from_env]
        raise ConfigError(
            "The environment variable that --from-env names isn't set: export it first."
        )
    if from_file is None or from_env is not None:
        raise ConfigError(
            "Say where the salt to import stands: --from-env NAME or --from-file FILE, one of them."
        )
    try:
        with click.open_file(str(from_file), encoding="utf-8") as file:
            return str(file.read())
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            "The file that --from-file names can't be read as text: check its path and rights."
        ) from None
