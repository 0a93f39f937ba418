"""Judge JSON lines as they come, one at a time, and lose none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from pii_lint.data.payloads import Surface
from pii_lint.guard.model import UNREADABLE, Accepted, Rejected, Stripped, Verdict, unreadable
from pii_lint.guard.text import screen_text, write_json

LONGEST_LINE = 16 * 1024 * 1024
_CHUNK = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Tally:
    """How many events went where, and why; never a value or a sender's own key."""

    accepted: int = 0
    stripped: int = 0
    rejected: int = 0
    unreadable: int = 0
    # of the rejected
    blank: int = 0
    # lines that hold nothing, and so no event
    patterns: Counter[str] = field(default_factory=Counter)

    @property
    def events(self) -> int:
        return self.accepted + self.stripped + self.rejected

    @property
    def clean(self) -> bool:
        return self.accepted == self.events


@dataclass(frozen=True, slots=True)
class Sinks:
    """Where events go, each as one line with its end."""

    accepted: Callable[[bytes], object]
    stripped: Callable[[bytes], object]
    rejected: Callable[[bytes], object]


def screen_lines(
    source: BinaryIO,
    surface: Surface,
    sinks: Sinks,
    told: Callable[[int], None],
    longest: int = LONGEST_LINE,
) -> Tally:
    """Judge every line of `source`; `told` hears how many bytes are done.

    What is accepted goes on byte for byte. Memory holds one line.
    """
    tally = Tally()
    done = 0
    for number, (line, size) in enumerate(_lines(source, longest), 1):
        done += size
        told(done)
        if line is not None and not line.strip():
            tally.blank += 1
            continue
        verdict = unreadable("too long") if line is None else screen_text(line, surface)
        _send(verdict, line or b"", number, sinks, tally)
    return tally


def _send(verdict: Verdict, line: bytes, number: int, sinks: Sinks, tally: Tally) -> None:
    if isinstance(verdict, Accepted):
        tally.accepted += 1
        sinks.accepted(line + b"\n")
        return
    tally.patterns.update({finding.pattern for finding in verdict.findings})
    if isinstance(verdict, Stripped):
        tally.stripped += 1
        sinks.stripped(write_json(verdict.payload) + b"\n")
        return
    tally.rejected += 1
    sinks.rejected(write_json(_record(verdict, number, tally)) + b"\n")


def _record(verdict: Rejected, number: int, tally: Tally) -> dict[str, object]:
    record = verdict.record()
    detail = record["error_detail"]
    if verdict.code == UNREADABLE and isinstance(detail, dict):
        tally.unreadable += 1
        # nothing else is left by which it could be found again at the sender
        detail["line"] = number
    return record


def _lines(source: BinaryIO, longest: int) -> Iterator[tuple[bytes | None, int]]:
    """Each line without its end, None for one that is too long, and how many bytes it took."""
    first = True
    while line := source.readline(longest + 1):
        size = len(line)
        if size > longest and not line.endswith(b"\n"):
            while (rest := source.readline(_CHUNK)) and not rest.endswith(b"\n"):
                size += len(rest)
            yield None, size + len(rest)
        else:
            line = line.rstrip(b"\r\n")
            yield line.removeprefix(_BOM) if first else line, size
        first = False
