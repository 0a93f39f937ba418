"""Rows from one end to the other through a pipe: nothing lies in a file on the way."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pii_lint.errors import ConfigError
from pii_lint.warehouse.sync.source import Buffer

WIDEST = 64 * 1024 * 1024
"""Bytes of a row; DuckDB's reader wants to know it beforehand."""
_CHUNK = 256 * 1024
_PIPE_SIZE = 1024 * 1024
_SET_PIPE_SIZE = 1031
# Linux's fcntl; a larger pipe wakes either end less often.


def pour(
    batches: Iterator[Sequence[Buffer]],
    read: Callable[[str], None],
    stop: Callable[[], None],
    what: str,
) -> int:
    """Write rows into a pipe that `read` is given the path of; `stop` breaks that off. Gives how
    many there were."""
    if not Path("/dev/fd").exists():
        raise ConfigError(
            "This system has no /dev/fd, which `pii-lint sync` needs: run it on Linux."
        )
    out, into = os.pipe()
    _widen(into)
    failed: list[BaseException] = []

    def reader() -> None:
        try:
            read(f"/dev/fd/{out}")
        except BaseException as wrong:  # noqa: BLE001  handed over to the other thread
            failed.append(wrong)
        finally:
            # or the writer would wait for ever
            os.close(out)

    thread = threading.Thread(target=reader, name="duckdb")
    thread.start()
    written = 0
    try:
        written = _write(batches, into, what)
    except BrokenPipeError:
        # the reader knows why
        pass
    except BaseException:
        stop()
        raise
    finally:
        os.close(into)
        thread.join()
    if failed:
        raise failed[0]
    return written


def _write(batches: Iterator[Sequence[Buffer]], into: int, what: str) -> int:
    waiting: list[Buffer] = []
    size = written = 0
    for batch in batches:
        data = b"".join(batch)
        if len(data) > WIDEST and max(map(len, batch)) > WIDEST:
            raise ConfigError(
                f"A row of {what} is wider than {WIDEST // 1024 // 1024} MB: leave the wide "
                "column out with `ignore`."
            )
        waiting.append(data)
        written += len(batch)
        size += len(data)
        if size >= _CHUNK:
            _put(b"".join(waiting), into)
            waiting.clear()
            size = 0
    _put(b"".join(waiting), into)
    return written


def _put(data: bytes, into: int) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(into, left) :]


def _widen(pipe: int) -> None:
    try:
        import fcntl

        fcntl.fcntl(pipe, _SET_PIPE_SIZE, _PIPE_SIZE)
    except (ImportError, OSError):
        return
