"""`pii-lint sync`: PostgreSQL to the raw tables of DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pii_lint.cli._options import FILE, format_option, output_option, warehouse_options, write
from pii_lint.cli._progress import progress
from pii_lint.errors import ConfigError

if TYPE_CHECKING:
    from pii_lint.data.payloads import Surface
    from pii_lint.warehouse.sync.screening import Screened

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("sync")
@click.option(
    "--project-dir",
    type=_FOLDER,
    envvar="DBT_PROJECT_DIR",
    help="The folder with dbt_project.yml.  [default: this one or the nearest above]",
)
@click.option(
    "--manifest", type=FILE, help="manifest.json.  [default: target/manifest.json in the project]"
)
@warehouse_options()
@click.option(
    "--select",
    "selected",
    metavar="TABLE",
    multiple=True,
    help="Load only this table; may be given several times.",
)
@click.option("--full", is_flag=True, help="Load whole tables, incremental ones too.")
@click.option("--dry-run", is_flag=True, help="Say what would be loaded, and what drifted.")
@click.option(
    "--statement-timeout",
    type=click.IntRange(1, 86400 * 7),
    default=3600,
    show_default=True,
    metavar="SECONDS",
    help="What one statement may take in PostgreSQL.",
)
@click.option(
    "--allow-unverified-tls",
    is_flag=True,
    help="Connect to a server whose certificate nobody verifies.",
)
@format_option("text", "json")
@output_option
def sync(
    project_dir: Path | None,
    manifest: Path | None,
    database: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    selected: tuple[str, ...],
    full: bool,
    dry_run: bool,
    statement_timeout: int,
    allow_unverified_tls: bool,
    format_: str,
    output: Path | None,
) -> int:
    """Load the raw tables from PostgreSQL, as the sources' YAML asks for it.

    Where the source is, and who signs in, comes from the environment alone: PII_LINT_SOURCE_DSN, or
    PGHOST, PGDATABASE, PGUSER, PGPASSWORD, PGSERVICE and the like. Everything is loaded or nothing:
    a sync that fails leaves the last good tables. A new column that looks personal and that nobody
    tagged stops it with exit code 1.

    \b
    Examples:
      pii-lint sync
      pii-lint sync --dry-run
      pii-lint sync --select raw_user --full
    """
    # Not at the top: the linter runs without a database driver.
    try:
        from pii_lint.warehouse.sync import address, report, run
    except ImportError:
        raise ConfigError(
            "`pii-lint sync` needs two database drivers: install `pii-lint[duckdb,postgres]`."
        ) from None
    from pii_lint.artifacts.load import project_around, usual_manifest
    from pii_lint.artifacts.manifest import load_sources
    from pii_lint.config import load_config
    from pii_lint.data.registry import load_registry
    from pii_lint.reports import plain
    from pii_lint.warehouse.profile import duckdb_path
    from pii_lint.warehouse.subject.keep_out import KeptOut
    from pii_lint.warehouse.sync.declared import wanted

    folder = project_around(project_dir) or Path()
    config = load_config(None, folder)
    sources = load_sources(manifest or usual_manifest(project_dir))
    tables = wanted(sources, config)
    registry = load_registry(config.kinds)
    order = run.Order(
        tables=run.chosen(tables, selected),
        address=address.address(unverified=allow_unverified_tls),
        database=database or duckdb_path(folder, profiles_dir=profiles_dir, target=target),
        registry=registry,
        screen=_screen,
        keep_out=KeptOut(sources, config, registry),
        full=full,
        dry=dry_run,
        seconds=statement_timeout,
    )
    with progress(unit="rows"):
        result = run.sync(order)
    if format_ == "json":
        write(report.as_json(result), output)
    else:
        write("".join(f"{plain(line)}\n" for line in report.lines(result)), output)
    return 1 if result.stopped else 0


def _screen(payload: bytes, surface: Surface) -> Screened:
    """Layer 1, as the sync wants to hear it."""
    import json

    from pii_lint.guard import Rejected, Stripped, screen_text
    from pii_lint.guard.text import write_json
    from pii_lint.warehouse.sync.screening import Screened

    verdict = screen_text(payload, surface)
    if isinstance(verdict, Rejected):
        record = verdict.record()
        return Screened(None, code=verdict.code, detail=json.dumps(record["error_detail"]))
    if isinstance(verdict, Stripped):
        return Screened(write_json(verdict.payload))
    return Screened(None)
