"""Syncs that kill themselves, as a power cut would, each in a process forked from this one.

Standard input says a line at a time which: a JSON list of the point and the command's arguments.
The point is a number of statements that the warehouse is given, `rows:N` for rows that came over,
or `seconds:N`. Standard output says how each ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from pii_lint.cli import main, sync  # noqa: F401  imported before the fork, so that it is quick
from pii_lint.warehouse.sync import run  # noqa: F401
from pii_lint.warehouse.sync.source import Source
from pii_lint.warehouse.sync.store import Store


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _after_statements(many: int) -> None:
    given = 0
    execute = Store.execute

    def counted(self: Store, sql: str, *values: object) -> None:
        nonlocal given
        execute(self, sql, *values)
        given += 1
        if given >= many:
            _die()

    Store.execute = counted  # type: ignore[method-assign]


def _after_rows(many: int) -> None:
    rows = Source.rows

    def counted(self: Source, sql: str, what: str) -> Iterator[Any]:
        sent = 0
        for batch in rows(self, sql, what):
            yield batch
            sent += len(batch)
            if sent >= many:
                _die()

    Source.rows = counted  # type: ignore[method-assign,assignment]


def _after_seconds(many: float) -> None:
    def wait() -> None:
        time.sleep(many)
        _die()

    threading.Thread(target=wait, daemon=True).start()


POINTS: dict[str, Callable[[Any], None]] = {
    "statements": lambda many: _after_statements(int(many)),
    "rows": lambda many: _after_rows(int(many)),
    "seconds": lambda many: _after_seconds(float(many)),
}


def _ended(point: str, arguments: list[str]) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    kind, _, many = point.partition(":")
    # what it says goes where nobody waits for it
    os.dup2(2, 1)
    POINTS[kind](many)
    os._exit(main(arguments))


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(f"{_ended(*json.loads(line))}\n")
        sys.stdout.flush()
