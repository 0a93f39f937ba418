"""How a person is named to a command without being left in a history, and where they are sought."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from pii_lint.errors import ConfigError

if TYPE_CHECKING:
    from pii_lint.evidence.rights.forget import Place
    from pii_lint.warehouse.profile import Target

Command = TypeVar("Command", bound=Callable[..., object])


def subject_options(command: Command) -> Command:
    """Who it is."""
    for option in (
        click.option(
            "--subject-file",
            type=click.Path(path_type=Path, allow_dash=True),
            help="Read who it is from this file, a line each; `-` is standard input.",
        ),
        click.argument("subject", required=False),
    ):
        command = option(command)
    return command


def named(subject: str | None, subject_file: Path | None) -> list[str]:
    """What is said of them, a line each. No message repeats it."""
    if (subject is None) == (subject_file is None):
        raise ConfigError(
            "Say who it is, once: with --subject-file FILE (`-` is standard input), or as an "
            "argument, which stays in the history of your shell."
        )
    if subject is not None:
        return [subject]
    try:
        with click.open_file(str(subject_file), encoding="utf-8") as file:
            return [str(line) for line in file.read().splitlines()]
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            "The file that --subject-file names can't be read as text: check its path and rights."
        ) from None


def place_of(
    folder: Path,
    database: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    *,
    needed: bool,
) -> tuple[Place, Target | None]:
    """The warehouse; its target where a profile names it, or one is needed."""
    from pii_lint.warehouse.profile import file_of, find_target

    found = None
    if database is None or needed:
        found = find_target(folder, profiles_dir=profiles_dir, target=target)
    if database is not None:
        return _duckdb(database), found
    if found is not None and found.engine == "duckdb":
        return _duckdb(folder / file_of(found)), found
    if found is not None and found.engine == "postgres":
        return _postgres(found), found
    raise ConfigError(
        "A person's data are looked for on DuckDB and on PostgreSQL only: choose another --target."
    )


# The drivers are not imported at the top: the linter runs without any.


def _duckdb(file: Path) -> Place:
    try:
        from pii_lint.evidence.rights.duckdb_file import DuckDBFile
    except ImportError:
        raise ConfigError("This needs a database driver: install `pii-lint[duckdb]`.") from None
    return DuckDBFile(file)


def _postgres(target: Target) -> Place:
    try:
        from pii_lint.evidence.rights.postgres_server import PostgresServer
    except ImportError:
        raise ConfigError("This needs a database driver: install `pii-lint[postgres]`.") from None
    return PostgresServer(target)
