"""The one place where a command is asked what it touches, before it touches anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from pii_lint.errors import ConfigError

if TYPE_CHECKING:
    from pii_lint.tiers import Standing

_GATED = "pii_lint_gated"


def gated(command: click.Command, name: str) -> click.Command:
    """The command, and all below it, held to the tier."""
    if isinstance(command, click.Group):
        for word, below in command.commands.items():
            gated(below, f"{name} {word}")
    elif command.callback is not None and not hasattr(command.callback, _GATED):
        command.callback = _held(command.callback, name)
    return command


def _held(callback: Callable[..., object], name: str) -> Callable[..., object]:
    @wraps(callback)
    def held(*args: object, **kwargs: object) -> object:
        from pii_lint.data.commands import shipped
        from pii_lint.tiers import Tier, holding

        context = click.get_current_context()
        row = shipped().row(name)
        given = _options(context)
        allowed = row.tier(given)
        if allowed is Tier.AIR_GAPPED:
            # what touches files alone is never asked for a policy
            return callback(*args, **kwargs)
        found = _standing(context)
        if found.tier > allowed:
            does = row.touched(given)[-1].does
            shown = " ".join([name, *(option for option in given if option in row.options)])
            remedy = row.instead.get(found.tier)
            instead = f"; instead, {remedy}" if remedy else ""
            raise ConfigError(
                f"`pii-lint {shown}` {does}, which {found.tier.called} of {found.by} forbids and "
                f"{allowed.called} would allow{instead}."
            )
        with holding(found):
            return callback(*args, **kwargs)

    setattr(held, _GATED, True)
    return held


def _options(context: click.Context) -> list[str]:
    """The flags that are on, as they are written."""
    return [
        option.opts[-1]
        for option in context.command.params
        if isinstance(option, click.Option)
        and context.params.get(option.name or "")
        and context.get_parameter_source(option.name) is not ParameterSource.DEFAULT
    ]


def _standing(context: click.Context) -> Standing:
    from pii_lint.pipeline.standing import standing

    manifests = [_path(context, "manifest"), *(context.params.get("manifests") or ())]
    return standing(
        _path(context, "config"),
        _path(context, "project_dir"),
        [path for path in manifests if isinstance(path, Path)],
        warn=_warn,
    )


def _path(context: click.Context, name: str) -> Path | None:
    given = context.params.get(name)
    return given if isinstance(given, Path) else None


def _warn(sentence: str) -> None:
    from pii_lint.reports import plain

    click.echo(f"warning: {plain(sentence)}", err=True)
