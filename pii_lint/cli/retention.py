"""`pii-lint retention`: list the rows that stay longer than they may, and delete them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pii_lint.cli._options import project_options, warehouse_options, write
from pii_lint.cli._progress import progress
from pii_lint.cli._warehouse import Openers, opened
from pii_lint.options import Options

if TYPE_CHECKING:
    from pii_lint.keeping import Overdue
    from pii_lint.warehouse.overdue import Database
    from pii_lint.warehouse.profile import Target

OVERDUE = 1


@click.command()
@project_options
@warehouse_options("The profile's target; it has to be on DuckDB or PostgreSQL.")
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
    with opened(_openers(change=yes), database, folder, profiles_dir, target) as warehouse:
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


def _openers(*, change: bool) -> Openers[Database]:
    def duckdb(file: Path) -> AbstractContextManager[Database]:
        from pii_lint.warehouse.duckdb_overdue import transaction

        return transaction(file, write=change)

    def postgres(target: Target) -> AbstractContextManager[Database]:
        from pii_lint.warehouse.postgres_overdue import transaction

        return transaction(target, write=change)

    return Openers("retention", duckdb, postgres)
