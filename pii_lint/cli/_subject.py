"""How a person is named to a command, without being left in a history."""

from __future__ import annotations

from pathlib import Path

import click

from pii_lint.errors import ConfigError


def named(subject: str | None, subject_file: Path | None) -> list[str]:
    """What is said of them, a line each. No message repeats it."""
    if (subject is None) == (subject_file is None):
        raise ConfigError(
            "Say who it is, once: with --subject-file FILE (`-` is standard input), or as an "
            "argument, which stays in the history of your shell."
        )
    if subject is not None:
        return [subject]
    try:
        with click.open_file(str(subject_file), encoding="utf-8") as file:
            return [str(line) for line in file.read().splitlines()]
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            "The file that --subject-file names can't be read as text: check its path and rights."
        ) from None
