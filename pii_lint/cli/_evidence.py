"""Evidence as two files: JSON for machines, and beside it the same as Markdown for people."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from pii_lint.cli._options import write
from pii_lint.errors import ConfigError

Command = TypeVar("Command", bound=Callable[..., object])


def evidence_option(command: Command) -> Command:
    """Where the evidence goes."""
    return click.option(
        "--evidence",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write the evidence to this file as JSON, and beside it as Markdown.",
    )(command)


def refuse_unwritable(evidence: Path | None) -> None:
    """Before anything is done that only the evidence would tell of."""
    if evidence is None:
        return
    if evidence.suffix == ".md":
        raise ConfigError(
            f"--evidence {evidence} names the Markdown, which goes beside the JSON: name that."
        )
    if not (evidence.parent.is_dir() and os.access(evidence.parent, os.W_OK)):
        raise ConfigError(
            f"Can't write to --evidence {evidence}: name a file in a folder that is there and open "
            "to you."
        )


def file_evidence(evidence: Path | None, text: str, page: Callable[[str], str]) -> None:
    """Write both; `page` makes the Markdown of the digest of the JSON."""
    if evidence is None:
        return
    # Not at the top: the linter runs without a database driver.
    from pii_lint.evidence.markup import digest

    sha256 = digest(text)
    write(text, evidence)
    write(page(sha256), evidence.with_suffix(".md"))
    click.echo(f"{evidence}: sha256 {sha256}")
