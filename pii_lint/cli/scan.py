"""`pii-lint scan`: look through stored values for personal data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from pii_lint.cli._options import FILE, project_options, warehouse_options, write
from pii_lint.cli._outputs import outputs
from pii_lint.cli._progress import progress
from pii_lint.errors import ConfigError
from pii_lint.options import Options

if TYPE_CHECKING:
    from pii_lint.counts import Table
    from pii_lint.sightings import Asked, Scan
    from pii_lint.warehouse.profile import Target


class Warehouse(Protocol):
    """An open database whose relations can be read as text."""

    def columns(self, table: Table) -> tuple[tuple[str, str], ...]: ...

    def rows(
        self, table: Table, columns: Sequence[tuple[str, str]], most: int | None
    ) -> Iterator[tuple[str | None, ...]]: ...


SAMPLE = 10_000
UNEXPECTED = 1


@click.command("scan")
@click.argument("relations", metavar="[RELATION]...", nargs=-1)
@project_options
@warehouse_options()
@click.option("--zone", "zones", multiple=True, metavar="ZONE", help="Only relations of this zone.")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=SAMPLE,
    show_default=True,
    help="Rows of each relation to look at, always the same.",
)
@click.option("--full", is_flag=True, help="Look at every row.")
@click.option("--all", "every", is_flag=True, help="List the expected places, too.")
@click.option(
    "--findings",
    type=FILE,
    help="Where to write what was found, for `check` to read.  "
    "[default: target/pii-scan.json in the project]",
)
def scan(
    relations: tuple[str, ...],
    options: Options,
    database: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    zones: tuple[str, ...],
    sample: int,
    full: bool,
    every: bool,
    findings: Path | None,
) -> int:
    """Look through the warehouse's own data for personal values, and say in which columns.

    What lineage can't know: personal data in free text, in JSON, in columns that nobody tagged.
    Numbers of rows are told, never a value. A place is expected where the column is known to hold
    readable personal data; one that was declared clean is told and doesn't count. `check` reads the
    findings file.

    Exit codes: 0 nothing unexpected, 1 something that nobody knew of.

    \b
    Examples:
      pii-lint scan
      pii-lint scan raw_events --full
      pii-lint scan --zone safe
    """
    from pii_lint.artifacts.load import project_around
    from pii_lint.artifacts.scan import PLACE
    from pii_lint.cli._warehouse import Openers, opened
    from pii_lint.pipeline.scan import plan
    from pii_lint.reports.sightings import stored, text

    folder = project_around(options.project_dir) or Path()
    file = findings or folder / PLACE
    with progress():
        asked = plan(options, relations, zones)
    openers: Openers[Warehouse] = Openers("a scan", _duckdb, _postgres)
    with progress(), opened(openers, database, folder, profiles_dir, target) as warehouse:
        found = _scanned(warehouse, asked, None if full else sample)
    if findings is None:
        file.parent.mkdir(exist_ok=True)
    with outputs([("--findings", file)]) as (stream,):
        if stream is not None:
            stream.write(stored(found).encode("utf-8", "backslashreplace"))
    write(text(found, every=every))
    return UNEXPECTED if found.unexpected else 0


def _duckdb(file: Path) -> AbstractContextManager[Warehouse]:
    from pii_lint.warehouse.duckdb_cells import cells

    return cells(file)


def _postgres(target: Target) -> AbstractContextManager[Warehouse]:
    from pii_lint.warehouse.postgres_cells import cells

    return cells(target)


def _scanned(warehouse: Warehouse, asked: tuple[Asked, ...], most: int | None) -> Scan:
    from pii_lint import progress as listeners
    from pii_lint.guard.scanning import look_through
    from pii_lint.sightings import Looked, Scan, Sighting, Unreadable

    relations: list[Looked] = []
    sightings: list[Sighting] = []
    for number, one in enumerate(asked):
        listeners.tell(number, len(asked))
        try:
            columns = warehouse.columns(one.table)
            rows = warehouse.rows(one.table, columns, most) if columns else iter(())
            looked, found = look_through(one, [name for name, _ in columns], rows)
        except Unreadable as wrong:
            relations.append(Looked(one.node, one.called, one.zone, 0, 0, str(wrong)))
            continue
        relations.append(Looked(one.node, one.called, one.zone, looked, len(columns)))
        sightings += found
    if all(one.why is not None for one in relations):
        raise ConfigError(
            "None of the relations could be read in this database: build the project first, or "
            "give the right one with --target or --database."
        )
    return Scan(tuple(relations), tuple(sightings))
