"""`pii-lint screen`: keep personal data out of JSON events before they are stored."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from pii_lint.cli._options import FILE, format_option
from pii_lint.cli._outputs import STANDARD, outputs
from pii_lint.cli._progress import progress
from pii_lint.errors import ConfigError

if TYPE_CHECKING:
    from pii_lint.data.payloads import Surface
    from pii_lint.guard.stream import Tally

NOT_CLEAN = 1
_MEGABYTE = 1_000_000
_PATH = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command()
@click.argument("file", type=_PATH, default="-")
@click.option(
    "--surface",
    "name",
    metavar="TABLE[.COLUMN]",
    help="Where the events will rest, which says what becomes of a listed key.  "
    "[default: attribution_events.raw_payload]",
)
@click.option("--surfaces", type=FILE, help="A YAML file with surfaces of your own.")
@click.option(
    "--policy",
    type=click.Choice(["reject", "strip"]),
    help="What becomes of an event with a listed key, instead of what the surface says.",
)
@click.option("--accepted", type=_PATH, help="Clean events, byte for byte; `-` prints them.")
@click.option(
    "--stripped", type=_PATH, help="Events without their listed keys.  [default: --accepted]"
)
@click.option("--rejected", type=_PATH, help="Rows for dead_events, free of what was found.")
@format_option("text", "json", told="How the counts are told, on standard error.")
@click.option("--quiet", "-q", is_flag=True, help="No counts, no bar.")
def screen(
    file: Path,
    name: str | None,
    surfaces: Path | None,
    policy: str | None,
    accepted: Path | None,
    stripped: Path | None,
    rejected: Path | None,
    format_: str,
    quiet: bool,
) -> int:
    """Judge events, one JSON value a line, of FILE or standard input.

    Listed keys (email, phone, ssn, names, ip, address) are found at any depth and in any spelling;
    values are searched for e-mail addresses, telephone, social security, card and bank account
    numbers and IP addresses. Without outputs, events are only counted. Files are written whole or
    not at all. No value is ever printed.

    Exit codes: 0 every event was accepted, 1 some were stripped or rejected.

    \b
    Examples:
      pii-lint screen events.jsonl
      pii-lint screen events.jsonl --accepted clean.jsonl --rejected dead.jsonl
      tail -f hooks.log | pii-lint screen --accepted - --rejected dead.jsonl | load
    """
    _demand_outputs(file, accepted, stripped, rejected)
    surface = _surface(name, surfaces, policy)
    with _source(file) as source:
        try:
            tally = _screened(source, file, surface, (accepted, stripped, rejected), quiet=quiet)
        except BrokenPipeError:
            raise ConfigError(
                "The reader of an output went away before its end: no output is complete, so run "
                "this again."
            ) from None
    if not quiet:
        click.echo(_as_json(tally) if format_ == "json" else _as_text(tally), err=True, nl=False)
    return 0 if tally.clean else NOT_CLEAN


def _screened(
    source: BinaryIO,
    file: Path,
    surface: Surface,
    paths: tuple[Path | None, Path | None, Path | None],
    *,
    quiet: bool,
) -> Tally:
    from pii_lint import progress as listeners
    from pii_lint.guard.stream import Sinks, screen_lines

    size = file.stat().st_size if file != STANDARD and file.is_file() else 0

    def told(done: int) -> None:
        listeners.tell(done // _MEGABYTE, size // _MEGABYTE)

    named = tuple(zip(("--accepted", "--stripped", "--rejected"), paths, strict=True))
    with progress(quiet=quiet, unit="MB"), outputs(named) as (accepted, stripped, rejected):
        clean = _nowhere if accepted is None else accepted.write
        sinks = Sinks(
            clean,
            clean if stripped is None else stripped.write,
            _nowhere if rejected is None else rejected.write,
        )
        return screen_lines(source, surface, sinks, told)


def _nowhere(line: bytes) -> None:
    """Where events go that are only counted."""


def _demand_outputs(
    file: Path, accepted: Path | None, stripped: Path | None, rejected: Path | None
) -> None:
    given = [path for path in (accepted, stripped, rejected) if path is not None]
    if not given:
        return
    if accepted is None or rejected is None:
        lacking = "--accepted" if accepted is None else "--rejected"
        raise ConfigError(
            f"Some events would be lost: give {lacking} as well, or no output to count only."
        )
    places = [path if path == STANDARD else path.resolve() for path in given]
    if len(set(places)) < len(places):
        raise ConfigError("Two outputs are the same file: name one for each.")
    if file != STANDARD and file.resolve() in places:
        raise ConfigError(f"{file} is read and can't be written as well: name another output.")


def _surface(name: str | None, file: Path | None, policy: str | None) -> Surface:
    from dataclasses import replace

    from pii_lint.data.payloads import SurfaceError, read_surfaces
    from pii_lint.data.payloads import surfaces as shipped

    try:
        known = shipped() if file is None else read_surfaces(file)
    except SurfaceError as wrong:
        raise ConfigError(f"{wrong}.") from None
    found = [each for each in known if name is None or name in (each.table, each.name)]
    if not found or (len(found) > 1 and (name is not None or file is not None)):
        listed = ", ".join(each.name for each in known)
        wish = "fits no surface" if not found else "fits several surfaces" if name else "is missing"
        raise ConfigError(f"--surface {wish}: name one of {listed}.")
    if policy == "reject":
        return replace(found[0], policy="reject")
    return replace(found[0], policy="strip") if policy == "strip" else found[0]


def _source(file: Path) -> BinaryIO:
    if file == STANDARD:
        if sys.stdin.isatty():
            raise ConfigError("No events come in: name a file, or pipe them into this command.")
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as wrong:
        raise ConfigError(
            f"Can't read {file}: {wrong.strerror}; name a file that is there, or `-`."
        ) from None


def _as_text(tally: Tally) -> str:
    lines = [
        f"{tally.events} events: {tally.accepted} accepted, {tally.stripped} stripped, "
        f"{tally.rejected} rejected"
        + (f" ({tally.unreadable} unreadable)" if tally.unreadable else "")
        + "."
    ]
    width = max((len(pattern) for pattern in tally.patterns), default=0)
    lines += [
        f"  {pattern:<{width}}  {count}"
        for pattern, count in sorted(tally.patterns.items(), key=lambda one: (-one[1], one[0]))
    ]
    return "\n".join(lines) + "\n"


def _as_json(tally: Tally) -> str:
    import json

    told = {
        "events": tally.events,
        "accepted": tally.accepted,
        "stripped": tally.stripped,
        "rejected": tally.rejected,
        "unreadable": tally.unreadable,
        "blank_lines": tally.blank,
        "patterns": dict(sorted(tally.patterns.items())),
    }
    return json.dumps(told) + "\n"
