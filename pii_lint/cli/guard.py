"""`pii-lint guard`: triggers that refuse personal keys in PostgreSQL, and the audit behind them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from pii_lint.cli._options import FILE, output_option, write
from pii_lint.errors import ConfigError

if TYPE_CHECKING:
    from pii_lint.guard.database.plan import Plan


@click.group("guard")
def guard() -> None:
    """Refuse personal keys in payloads where they come to rest, and audit what stands there.

    Layer 2 is a trigger on each surface, layer 3 an audit of what got past it. Both are generated
    from the one registry of keys. The connection comes from PGHOST, PGPORT, PGDATABASE, PGUSER and
    PGPASSWORD; a password is never taken from the command line.
    """


def _planned(command: Callable[..., int]) -> Callable[..., int]:
    """The options that say what is asked for, given as `plan`."""

    @wraps(command)
    def told(
        surfaces: Path | None,
        schema: str,
        owner_role: str | None,
        ingest_role: str | None,
        read_role: str | None,
        **others: object,
    ) -> int:
        from pii_lint.data.payloads import Roles, SurfaceError, read_surfaces, roles
        from pii_lint.guard.database.plan import plan

        usual = roles()
        try:
            own = None if surfaces is None else read_surfaces(surfaces)
        except SurfaceError as wrong:
            raise ConfigError(f"{wrong}.") from None
        chosen = Roles(
            ingest=ingest_role or usual.ingest,
            read=read_role or usual.read,
            owner=owner_role or usual.owner,
        )
        return command(plan=plan(own, schema=schema, roles=chosen), **others)

    for option in reversed(
        (
            click.option(
                "--surfaces", type=FILE, help="Your own list of surfaces.  [default: the shipped]"
            ),
            click.option(
                "--schema", default="public", show_default=True, help="The schema of the tables."
            ),
            click.option("--owner-role", help="Who owns tables and guards.  [migration_owner]"),
            click.option("--ingest-role", help="Who writes the surfaces.  [app_rw]"),
            click.option("--read-role", help="Who only reads.  [app_ro]"),
        )
    ):
        told = option(told)
    return told


def _connected(command: Callable[..., int]) -> Callable[..., int]:
    """Where the database is, given as `dsn`."""

    @click.option(
        "--dsn",
        default="",
        envvar="PII_LINT_DSN",
        help="A connection string without a password.  [default: PGHOST and its like]",
    )
    @wraps(command)
    def told(dsn: str, **others: object) -> int:
        # Not at the top: the linter runs without a database driver.
        try:
            from pii_lint.guard.database.session import demand_password_outside
        except ImportError:
            raise ConfigError(
                "The guard needs a database driver: install `pii-lint[postgres]`."
            ) from None
        if click.get_current_context().get_parameter_source("dsn") is ParameterSource.COMMANDLINE:
            demand_password_outside(dsn)
        return command(dsn=dsn, **others)

    return told


@guard.command("ddl")
@_planned
@click.option("--down", is_flag=True, help="The way back instead.")
@click.option("--with-findings", is_flag=True, help="With --down: drop the audit's tables as well.")
@output_option
def ddl(plan: Plan, down: bool, with_findings: bool, output: Path | None) -> int:
    """Write the SQL of layers 2 and 3, in one transaction, for psql or a migration.

    It may run again at any time. The way back keeps the findings, which are evidence.

    \b
    Examples:
      pii-lint guard ddl --output migrations/0042_pii_guardrail.sql
      pii-lint guard ddl --down
    """
    from pii_lint.guard.database import ddl as written

    if with_findings and not down:
        raise ConfigError("--with-findings drops findings on the way back: give it with --down.")
    write(written.down(plan, findings=with_findings) if down else written.up(plan), output)
    return 0


@guard.command("apply")
@_planned
@_connected
@click.option("--dry-run", is_flag=True, help="Try everything, then roll it back.")
def apply(plan: Plan, dsn: str, dry_run: bool) -> int:
    """Bring a database to the plan, in one transaction; a second time it changes nothing.

    Sign in as the owner of the surfaces, or as who may become it.

    \b
    Examples:
      pii-lint guard apply --dry-run
      PGDATABASE=app PGUSER=migration_owner pii-lint guard apply
    """
    from pii_lint.guard.database.apply import apply as applied

    done = applied(plan, dsn, dry_run=dry_run)
    mended = [each for each in done.before if each not in done.after]
    verb = "would be mended" if dry_run else "mended"
    for drift in mended:
        click.echo(f"{verb}: {drift.where} {drift.what}")
    for drift in done.after:
        click.echo(drift.sentence)
    if not mended and not done.after:
        click.echo("Nothing to change: the guards stand as planned.")
    return 1 if done.after else 0


@guard.command("check")
@_planned
@_connected
@click.option("--report", type=FILE, help='Write the "PII-ready" checklist to this file.')
@click.option(
    "--project-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    help="With --report: where docs/ and ops/ stand.",
)
def check(plan: Plan, dsn: str, report: Path | None, project_dir: Path) -> int:
    """Say whether every guard still stands: enabled, unchanged, and out of the writers' reach.

    It only reads the catalogue and changes nothing; any role will do. Findings are drifts, and with
    one the exit code is 1.

    \b
    Examples:
      pii-lint guard check
      pii-lint guard check --report pii-ready.md
    """
    from pii_lint.guard.database.check import drifts
    from pii_lint.guard.database.checklist import checklist, evidence
    from pii_lint.guard.database.session import session

    with session(dsn, read_only=True) as connection:
        found = drifts(plan, connection)
        told = None if report is None else evidence(plan, connection)
    if report is not None and told is not None:
        write(checklist(plan, found, told, project_dir), report)
    for drift in found:
        click.echo(drift.sentence)
    if not found:
        points = len(plan.keys) * len(plan.surfaces)
        click.echo(f"The guards stand as planned: {points} enforcement points.")
    return 1 if found else 0


@guard.command("scan")
@_planned
@_connected
@click.option(
    "--batch-size",
    type=click.IntRange(1, 1_000_000),
    default=10_000,
    show_default=True,
    help="Rows a transaction.",
)
def scan(plan: Plan, dsn: str, batch_size: int) -> int:
    """Look at every stored row, and file each record and key that got past the guardrail.

    Batch by batch, so that no lock lasts; one that broke off goes on where it stood. Findings are
    counted as long as their rows stand, and filed once. With one the exit code is 1.

    \b
    Examples:
      pii-lint guard scan
      pii-lint guard scan --batch-size 50000
    """
    from pii_lint.guard.database.scan import scan as scanned

    done = scanned(plan, dsn, batch_size=batch_size)
    if not done.findings:
        click.echo(f"Clean: no listed key in {done.rows} rows.")
        return 0
    click.echo(
        f"{done.findings} findings in {done.rows} rows, {done.new} of them new: see "
        f"{plan.schema}.pii_audit_findings and docs/runbook.md."
    )
    return 1


@guard.command("metrics")
@_planned
@_connected
@click.option("--environment", help="A label for every series, for example production.")
@output_option
def metrics(plan: Plan, dsn: str, environment: str | None, output: Path | None) -> int:
    """Write what the guards have seen, as Prometheus reads it.

    A role that may read the audit's tables will do. With --output the file changes at once or not
    at all, as the node exporter's text files need it.

    \b
    Examples:
      pii-lint guard metrics --environment production --output /var/lib/node_exporter/pii.prom
    """
    from pii_lint.guard.database.metrics import exposition

    text = exposition(plan, dsn, environment)
    if output is None:
        write(text)
        return 0
    draft = output.with_name(f".{output.name}.new")
    write(text, draft)
    draft.replace(output)
    return 0
