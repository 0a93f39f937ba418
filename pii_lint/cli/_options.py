"""Options that several commands share, and how they say what they found."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TypeVar

import click

from pii_lint.errors import ConfigError
from pii_lint.options import Options

Command = TypeVar("Command", bound=Callable[..., object])

FILE = click.Path(path_type=Path, dir_okay=False)


def project_options(command: Callable[..., int]) -> Callable[..., int]:
    """Where the artifacts, the policy and the project's files stand, given as `options`."""

    @wraps(command)
    def told(
        manifests: tuple[Path, ...],
        catalog: Path | None,
        config: Path | None,
        project_dir: Path | None,
        no_cache: bool,
        **others: object,
    ) -> int:
        return command(
            options=Options(
                manifests=manifests,
                catalog=catalog,
                config=config,
                project_dir=project_dir,
                use_cache=not no_cache,
            ),
            **others,
        )

    for option in reversed(
        (
            click.option(
                "--manifest",
                "manifests",
                multiple=True,
                type=FILE,
                help="manifest.json; may be given several times for one project, compiled in "
                "different ways.  [default: target/manifest.json in the project]",
            ),
            click.option(
                "--catalog", type=FILE, help="catalog.json.  [default: beside the manifest]"
            ),
            click.option(
                "--config", type=FILE, help="The policy.  [default: pii_lint.yml in the project]"
            ),
            click.option(
                "--project-dir",
                type=click.Path(path_type=Path, file_okay=False),
                help="The folder with dbt_project.yml.  [default: this one or the nearest above]",
            ),
            click.option("--no-cache", is_flag=True, help="Read every query anew."),
        )
    ):
        told = option(told)
    return told


def warehouse_options(
    target: str = "The profile's target.", *, when: str = ""
) -> Callable[[Command], Command]:
    """Which warehouse is meant: a DuckDB file, or a target of a profile; `target` is the help on
    it, `when` what else has to be said for these to matter."""

    def told(command: Command) -> Command:
        file = click.option(
            "--database",
            type=click.Path(path_type=Path),
            help=f"{when}The DuckDB file itself, instead of a dbt profile.",
        )
        return file(profile_options(f"{when}{target}", when=when)(command))

    return told


def profile_options(target: str, *, when: str = "") -> Callable[[Command], Command]:
    """Which target of which profile is meant; `target` is the help on it."""

    def told(command: Command) -> Command:
        folder = click.option(
            "--profiles-dir",
            type=click.Path(path_type=Path, file_okay=False),
            envvar="DBT_PROFILES_DIR",
            help=f"{when}The folder with profiles.yml; else this one, then ~/.dbt.",
        )
        return folder(click.option("--target", envvar="DBT_TARGET", help=target)(command))

    return told


def format_option(*formats: str, told: str = "How to say it.") -> Callable[[Command], Command]:
    """How the report is written; the first form is the default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help=told,
    )


def output_option(command: Command) -> Command:
    """Where the report goes."""
    return click.option("--output", type=FILE, help="Write to this file.")(command)


def write(text: str, output: Path | None = None) -> None:
    """Print a text, or put it in a file."""
    if output is None:
        try:
            click.echo(text, nl=False)
        except BrokenPipeError:
            # the reader has heard enough; the verdict stands, and nothing may raise again at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as wrong:
        raise ConfigError(
            f"Can't write to --output {output}: {wrong.strerror}; name a file in a folder that is "
            "there and open to you."
        ) from None
