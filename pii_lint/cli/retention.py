"""`pii-lint retention`: list the rows that stay longer than they may, and delete them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pii_lint.cli._options import profile_options, project_options, write
from pii_lint.cli._progress import progress
from pii_lint.errors import ConfigError
from pii_lint.options import Options

if TYPE_CHECKING:
    from pii_lint.keeping import Overdue
    from pii_lint.warehouse.overdue import Database

OVERDUE = 1


@click.command()
@project_options
@profile_options("The profile's target; it has to be on DuckDB or PostgreSQL.")
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    help="The DuckDB file itself, instead of a dbt profile.",
)
@click.option("--yes", is_flag=True, help="Delete what is due.")
def retention(
    options: Options,
    profiles_dir: Path | None,
    target: str | None,
    database: Path | None,
    yes: bool,
) -> int:
    """List the rows that stay longer than `retention_days` says; with --yes, delete them.

    Sources, snapshots and incremental models; other models follow at the next `dbt build`.
    Rows marked as deleted go when their time of grace is over. All is one transaction.

    Exit codes: 0 nothing is due, or it was deleted; 1 something is due, or nobody can tell.

    \b
    Examples:
      pii-lint retention
      pii-lint retention --yes && dbt build
    """
    from pii_lint.artifacts.load import project_around
    from pii_lint.pipeline.retention import terms
    from pii_lint.warehouse.overdue import delete, overdue

    folder = project_around(options.project_dir) or Path()
    with progress():
        kept = terms(options)
    now = datetime.now(tz=UTC)
    with _opened(database, folder, profiles_dir, target, change=yes) as warehouse:
        found = overdue(warehouse, kept, now)
        if yes:
            delete(
                warehouse,
                [one for one, told in zip(kept, found, strict=True) if told.due],
                now,
            )
    write("".join(f"{_line(one, deleted=yes)}\n" for one in found))
    due = sum(one.due for one in found)
    if yes and due:
        write("Run `dbt build`, so that what is made of them follows.\n")
    unclear = any(one.why for one in found)
    return OVERDUE if unclear or (due and not yes) else 0


def _line(one: Overdue, *, deleted: bool) -> str:
    if one.why is not None:
        return f"{one.called}: nobody can tell, for {one.why}"
    told = f"{one.called}: {one.due} of {one.rows} rows {'deleted' if deleted else 'are due'}"
    if one.due:
        told += f" ({one.expired} past their days, {one.erased} marked as deleted)"
    told += f"; {one.undated} without a date" * bool(one.undated)
    for called, rows in one.left:
        told += f"\n  {rows} rows of {called} go on referring to them"
    return told


@contextmanager
def _opened(
    database: Path | None,
    folder: Path,
    profiles_dir: Path | None,
    target: str | None,
    *,
    change: bool,
) -> Iterator[Database]:
    from pii_lint.warehouse.profile import file_of, find_target

    # The drivers aren't imported at the top: the linter runs without a database.
    try:
        if database is None:
            found = find_target(folder, profiles_dir=profiles_dir, target=target)
            if found.engine == "postgres":
                from pii_lint.warehouse import postgres_overdue

                with postgres_overdue.transaction(found, write=change) as rows:
                    yield rows
                return
            if found.engine != "duckdb":
                raise ConfigError(
                    f"Target {found.name} in {found.file} is of type {found.engine}, and rows are "
                    "deleted in DuckDB and PostgreSQL only: choose another --target."
                )
            database = folder / file_of(found)
        from pii_lint.warehouse import duckdb_overdue
    except ImportError:
        raise ConfigError(
            "retention needs a database driver: install `pii-lint[duckdb]` or `pii-lint[postgres]`."
        ) from None
    with duckdb_overdue.transaction(database, write=change) as opened:
        yield opened
