"""Which database is meant, for commands that read DuckDB and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from pii_lint.errors import ConfigError
from pii_lint.warehouse.profile import Target, file_of, find_target


def meant(
    database: Path | None,
    folder: Path,
    profiles_dir: Path | None,
    target: str | None,
    *,
    what: str,
) -> Path | Target:
    """A DuckDB file, or a target on PostgreSQL; `what` begins a sentence: "a scan"."""
    if database is not None:
        return database
    found = find_target(folder, profiles_dir=profiles_dir, target=target)
    if found.engine == "postgres":
        return found
    if found.engine != "duckdb":
        raise ConfigError(
            f"Target {found.name} in {found.file} is of type {found.engine}, and {what} reads "
            "DuckDB and PostgreSQL only: choose another --target."
        )
    return file_of(found)
