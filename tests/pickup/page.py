"""What a page tells its reader to do, taken from the page, so that it and its test can't part."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_EXIT_CODE = re.compile(r"\s+# exit code (\d)$")
LEFT_OUT = "…"


@dataclass(frozen=True, slots=True)
class File:
    """A file that the reader writes."""

    path: str
    content: str


@dataclass(frozen=True, slots=True)
class Command:
    """A line that the reader types."""

    typed: str
    exit_code: int
    shown: tuple[str, ...]
    # the lines that the page shows; none where it shows nothing


Step = File | Command


def steps(page: str) -> Iterator[Step]:
    """The files and commands of a page, in the order of the page."""
    for language, title, content in _BLOCK.findall(page):
        if title:
            yield File(title, content)
        elif language == "console":
            yield from _commands(content)
        else:
            raise ValueError(f"A block of {language} is neither a file nor a command: {content!r}")


def _commands(block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        typed, *shown = part.rstrip("\n").split("\n")
        code = _EXIT_CODE.search(typed)
        yield Command(_EXIT_CODE.sub("", typed), int(code[1]) if code else 0, tuple(shown))


def take(step: Step, folder: Path, environment: Mapping[str, str]) -> str:
    """Do what the reader would; what the terminal shows, which has to be what the page shows."""
    if isinstance(step, File):
        file = folder / step.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(step.content, encoding="utf-8")
        return f"# {step.path}\n{step.content}"
    run = subprocess.run(
        ["bash", "-c", step.typed],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = f"$ {step.typed}\n{run.stdout}"
    assert run.returncode == step.exit_code, said
    if step.shown:
        assert matches(step.shown, run.stdout.rstrip("\n").split("\n")), said
    return said


def matches(shown: tuple[str, ...], lines: list[str]) -> bool:
    """Whether the lines are those shown, where `…` stands for any number of them."""
    if not shown:
        return not lines
    first, *rest = shown
    if first == LEFT_OUT:
        return any(matches(tuple(rest), lines[skip:]) for skip in range(len(lines) + 1))
    return bool(lines) and lines[0].rstrip() == first and matches(tuple(rest), lines[1:])
