"""`pii-lint forget-subject`: take one person out of the warehouse, and keep them out."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from pii_lint.cli._evidence import evidence_option, file_evidence, refuse_unwritable
from pii_lint.cli._options import FILE, project_options, warehouse_options, write
from pii_lint.cli._progress import progress
from pii_lint.cli._subject import named, place_of, subject_options
from pii_lint.errors import ConfigError
from pii_lint.options import Options

LEFT = 1


@click.command("forget-subject")
@subject_options
@project_options
@warehouse_options("The profile's target, on DuckDB or PostgreSQL.")
@click.option("--yes", is_flag=True, help="Do it, instead of saying what would be done.")
@click.option(
    "--returned",
    is_flag=True,
    help="Take out again whoever was forgotten and came back, as by `dbt seed`; names nobody.",
)
@click.option("--lift", is_flag=True, help="Let a person come back who was forgotten.")
@click.option("--build", is_flag=True, help="Let dbt build models and snapshots of what is left.")
@click.option("--vars", "variables", metavar="YAML", help="With --build: given on to dbt.")
@click.option(
    "--leave",
    metavar="SCHEMA.TABLE.COLUMN",
    multiple=True,
    help="What is found there is somebody else's.",
)
@evidence_option
@click.option("--letters", type=FILE, help="Write a draft of a request to each recipient.")
def forget_subject(
    subject: str | None,
    subject_file: Path | None,
    database: Path | None,
    options: Options,
    profiles_dir: Path | None,
    target: str | None,
    yes: bool,
    returned: bool,
    lift: bool,
    build: bool,
    variables: str | None,
    leave: tuple[str, ...],
    evidence: Path | None,
    letters: Path | None,
) -> int:
    """Take one person out of every table, and keep them from coming back.

    SUBJECT is an e-mail address or another value of a column that the sources' YAML lists under
    `pii_lint_subject: {found_by: ...}`, or TABLE=KEY. Without --yes it says what would be done.
    Exit code 1 where something of theirs is left.

    \b
    Examples:
      pii-lint forget-subject --subject-file -
      pii-lint forget-subject --subject-file request.txt --yes --evidence erasure.json
      pii-lint forget-subject --returned --yes
    """
    from pii_lint.artifacts.load import project_around
    from pii_lint.pipeline.rights import rights
    from pii_lint.reports.letters import of_a_person

    # Not at the top: the linter runs without a database driver.
    try:
        from pii_lint.evidence.rights import writing
        from pii_lint.evidence.rights.forget import Order, StillThere
        from pii_lint.evidence.rights.person import identified
    except ImportError:
        raise ConfigError(
            "forget-subject needs a database driver: install `pii-lint[duckdb]`."
        ) from None
    if returned and (subject is not None or subject_file is not None or lift):
        raise ConfigError("--returned is about everybody who was forgotten: name nobody with it.")
    refuse_unwritable(evidence)
    if letters is not None and not letters.parent.is_dir():
        raise ConfigError("--letters can't be written: name a file in a folder that is there.")
    said = [] if returned else named(subject, subject_file)
    folder = (project_around(options.project_dir) or Path()).resolve()
    place, found = place_of(folder, database, profiles_dir, target, needed=build)
    if returned and not place.forgot():
        click.echo("Nobody was forgotten here.")
        return 0
    with progress():
        holdings = rights(options)
        order = Order(
            holdings=holdings,
            given=None if returned else identified(said, holdings.held),
            project_dir=folder,
            target=found,
            today=datetime.now(tz=UTC).date(),
            build=build,
            variables=variables,
            leave=frozenset(one.lower() for one in leave),
            told=_told,
        )
        if lift and order.given is not None:
            people = place.lift(order.given)
            write(writing.lifted(people))
            return 0
        plan = place.foresee(order)
        if not yes or (returned and not any(one.rows for one in plan.touched)):
            write(writing.foreseen(plan, holdings))
            return 0
        try:
            done = place.forget(order)
        except StillThere as left:
            write(writing.left_over(left.cells))
            return LEFT
    write(writing.as_text(done))
    file_evidence(evidence, writing.as_json(done), lambda sha: writing.as_markdown(done, sha))
    if letters is not None:
        write(of_a_person(done.recipients), letters)
    return 0 if done.clean else LEFT


def _told(step: str) -> None:
    if sys.stderr.isatty():
        click.echo(step, err=True)
