"""Processes that share a run's work, where the machine has cores to spare.

Each is a copy of this process, so it knows what this one knew when it was made, and is asked one
thing after another. It ends when nobody is left to ask it.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.reduction import ForkingPickler
from types import TracebackType
from typing import Generic, NoReturn, Self, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

MOST_HANDS = 3
"""More would wait for the process that asks."""
MOST_WAITING = 2
"""Tasks that one of them may have at a time: the next is there when one is done."""
SMALL = 32 * 1024
"""Bytes that fit into a pipe while its reader is busy writing."""


def spare_hands() -> int:
    """How many processes are worth making; 0 where copies of this one can't be made safely."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return 0
    return min(len(os.sched_getaffinity(0)) - 1, MOST_HANDS)


class Crew(Generic[Task, Answer]):
    """`work` is called in the copies. A task whose process died has no answer."""

    def __init__(self, work: Callable[[Task], Answer], hands: int) -> None:
        self._waiting: dict[Connection, deque[Task]] = {}
        self.pids: list[int] = []
        # where there is no room for one more, fewer do it, or the one that asks
        with suppress(OSError):
            for _ in range(hands):
                self._hire(work)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for line in self._waiting:
            line.close()
        for pid in self.pids:
            if kind is not None:
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _hire(self, work: Callable[[Task], Answer]) -> None:
        mine, theirs = Pipe()
        try:
            pid = os.fork()
        except OSError:
            mine.close()
            theirs.close()
            raise
        if pid == 0:
            for line in (mine, *self._waiting):
                # while a copy holds one of these open, another would never learn of the end
                line.close()
            _serve(theirs, work)
        theirs.close()
        self._waiting[mine] = deque()
        self.pids.append(pid)

    @property
    def free(self) -> bool:
        """True where one more task may be given."""
        return any(len(waiting) < MOST_WAITING for waiting in self._waiting.values())

    @property
    def busy(self) -> bool:
        """True where an answer is to come."""
        return any(self._waiting.values())

    def give(self, task: Task) -> bool:
        """Have somebody do it; False where nobody can take it now."""
        data = ForkingPickler.dumps(task)
        for line, waiting in sorted(self._waiting.items(), key=lambda pair: len(pair[1])):
            if not waiting or (len(waiting) < MOST_WAITING and len(data) <= SMALL):
                try:
                    line.send_bytes(data)
                except OSError:
                    # its death is told where answers are
                    continue
                waiting.append(task)
                return True
        return False

    def answers(self, *, patient: bool) -> Iterator[tuple[Task, Answer | None]]:
        """What is done by now. `patient`: wait for the first, if any is to come."""
        busy = [line for line, waiting in self._waiting.items() if waiting]
        for line in wait(busy, None if patient else 0) if busy else ():
            if not isinstance(line, Connection):
                continue
            try:
                answer = line.recv()
            except (EOFError, OSError):
                for task in self._waiting.pop(line):
                    yield task, None
                line.close()
            else:
                yield self._waiting[line].popleft(), answer


def _serve(line: Connection, work: Callable[[Task], Answer]) -> NoReturn:
    """A copy's whole life. What this process has begun to write or to clean up isn't its own."""
    code = 1
    try:
        # whoever interrupts the run interrupts the one that asks
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        gc.freeze()
        gc.enable()
        while True:
            line.send(work(line.recv()))
    except EOFError:
        code = 0
    finally:
        os._exit(code)
