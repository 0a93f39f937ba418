"""The command line: parse, call, print, exit. One module a command."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper

import click

from pii_lint import __version__
from pii_lint.cli._tiers import gated
from pii_lint.errors import PiiLintError

_COMMANDS = {
    "check": "pii_lint.cli.check:check",
    "inventory": "pii_lint.cli.inventory:inventory",
    "explain": "pii_lint.cli.explain:explain",
    "report": "pii_lint.cli.report:report",
    "blast-radius": "pii_lint.cli.blast_radius:blast_radius",
    "baseline": "pii_lint.cli.baseline:baseline",
    "diff": "pii_lint.cli.diff:diff",
    "fix": "pii_lint.cli.fix:fix",
    "init": "pii_lint.cli.init:init",
    "config": "pii_lint.cli.config:config",
    "rules": "pii_lint.cli.rules:rules",
    "verify": "pii_lint.cli.verify:verify",
    "publish": "pii_lint.cli.publish:publish",
    "forget-subject": "pii_lint.cli.forget_subject:forget_subject",
    "export-subject": "pii_lint.cli.export_subject:export_subject",
    "scan": "pii_lint.cli.scan:scan",
    "profile": "pii_lint.cli.profile:profile",
    "screen": "pii_lint.cli.screen:screen",
    "sync": "pii_lint.cli.sync:sync",
    "salt": "pii_lint.cli.salt:salt",
    "rotate-salt": "pii_lint.cli.rotate_salt:rotate_salt",
    "retention": "pii_lint.cli.retention:retention",
    "lsp": "pii_lint.cli.lsp:lsp",
    "guard": "pii_lint.cli.guard:guard",
    "govern": "pii_lint.cli.govern:govern",
}

USAGE, INTERNAL, INTERRUPTED = 2, 4, 130

_OBJECTS_A_COLLECTION = 200_000
"""What a run loads and makes lives to its end: looking through it for garbage every 700 objects
would take a quarter of the time that imports do. Syntax trees are seen to where they are made."""


class _Commands(click.Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click asks so
        return list(_COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS:
            near = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"No such command '{args[0]}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002  click asks so
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return gated(command, cmd_name)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 clean, 1 findings, 2 usage or configuration, 3 unusable artifacts, "
    "4 internal error.",
)
@click.version_option(__version__, prog_name="pii-lint")
@click.option("--debug", is_flag=True, envvar="PII_LINT_DEBUG", help="Show where an error arose.")
def cli(debug: bool) -> None:
    """Follow personal data column by column through a dbt project, stop it at the safe marts."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # a terminal that can't show a letter of a name shows its code
            stream.reconfigure(errors="backslashreplace")
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_A_COLLECTION, *usual[1:])
    try:
        code = cli.main(given, prog_name="pii-lint", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as shown:
        click.echo(shown.format_message())
        return 0
    except click.ClickException as wrong:
        return _refuse(wrong.format_message(), wrong.exit_code)
    except PiiLintError as wrong:
        return _refuse(str(wrong), wrong.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _refuse("interrupted", INTERRUPTED)
    except Exception as fault:  # noqa: BLE001  whoever runs a gate gets a sentence, no traceback
        # whatever it is, its text may hold a value of the project
        if "--debug" in given or os.environ.get("PII_LINT_DEBUG", "0") not in ("", "0"):
            click.echo(_way(fault), err=True, nl=False)
        return _refuse(
            f"pii-lint met something it wasn't made for ({type(fault).__name__}): please report it "
            "with the output of the same command with PII_LINT_DEBUG=1.",
            INTERNAL,
        )
    finally:
        gc.set_threshold(*usual)


def _way(fault: BaseException | None) -> str:
    """Where a fault arose, and what it followed on. Messages are left out: a driver's quotes data,
    and this goes into bug reports."""
    if fault is None:
        return ""
    frames = "".join(traceback.format_tb(fault.__traceback__))
    before = _way(fault.__cause__ or fault.__context__)
    return f"{before}Traceback (most recent call last):\n{frames}{type(fault).__name__}\n\n"


def _refuse(message: str, code: int) -> int:
    from pii_lint.reports import plain

    click.echo(f"error: {plain(' '.join(message.split()))}", err=True)
    return code
