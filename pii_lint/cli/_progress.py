"""A bar for whoever waits at a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pii_lint.progress import heard

PATIENCE = 2.0
"""Seconds that nobody minds."""
PAUSE = 0.1
_WIDTH = 24


@contextmanager
def progress(*, quiet: bool = False, unit: str = "relations") -> Iterator[None]:
    """Draw a bar on work that takes longer; it is gone when the work is done."""
    screen = sys.stderr
    if quiet or not screen.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    bar = _Bar(unit)
    try:
        with heard(bar.draw):
            yield
    finally:
        bar.clear()


class _Bar:
    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._next = time.monotonic() + PATIENCE
        self._drawn = ""

    def draw(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PAUSE
        full = _WIDTH * min(done, total) // max(total, 1)
        line = f"[{'#' * full}{'.' * (_WIDTH - full)}] {done} of {total} {self._unit}"
        if not total:
            # nobody knows how much is to come
            line = f"{done} {self._unit}"
        self._write(line.ljust(len(self._drawn)))
        self._drawn = line

    def clear(self) -> None:
        if self._drawn:
            self._write(f"{' ' * len(self._drawn)}\r")

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r{text}")
        sys.stderr.flush()
