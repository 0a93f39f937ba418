"""Which database is meant, for commands that read DuckDB and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pii_lint.errors import ConfigError
from pii_lint.warehouse.profile import Target, file_of, find_target

Session = TypeVar("Session")


@dataclass(frozen=True, slots=True)
class Openers(Generic[Session]):
    """How each engine is opened. They import their drivers themselves: the linter runs without."""

    what: str
    # that begins a sentence: "a scan"
    duckdb: Callable[[Path], AbstractContextManager[Session]]
    postgres: Callable[[Target], AbstractContextManager[Session]]


def opened(
    openers: Openers[Session],
    database: Path | None,
    folder: Path,
    profiles_dir: Path | None,
    target: str | None,
) -> AbstractContextManager[Session]:
    """The DuckDB file that is named, else the project's target."""
    chosen = database or _meant(openers.what, folder, profiles_dir, target)
    try:
        return openers.duckdb(chosen) if isinstance(chosen, Path) else openers.postgres(chosen)
    except ImportError:
        raise ConfigError(
            f"{openers.what.capitalize()} needs a database driver: install `pii-lint[duckdb]` or "
            "`pii-lint[postgres]`."
        ) from None


def _meant(what: str, folder: Path, profiles_dir: Path | None, target: str | None) -> Path | Target:
    found = find_target(folder, profiles_dir=profiles_dir, target=target)
    if found.engine == "postgres":
        return found
    if found.engine != "duckdb":
        raise ConfigError(
            f"Target {found.name} in {found.file} is of type {found.engine}, and {what} reads "
            "DuckDB and PostgreSQL only: choose another --target."
        )
    return file_of(found)
