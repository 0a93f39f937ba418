"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from pii_lint.errors import ConfigError

STANDARD = Path("-")


@contextmanager
def outputs(paths: Sequence[tuple[str, Path | None]]) -> Iterator[tuple[BinaryIO | None, ...]]:
    """Open each file for writing beside its place; all are put in place when the work is done.

    An option is named with its path: `-` is standard output, None is nowhere. What is no regular
    file (a pipe, `/dev/null`) is written straight. Where anything fails, no file is changed.
    """
    with ExitStack() as stack:
        opened: list[BinaryIO | None] = []
        finish: list[Callable[[], None]] = []
        for option, path in paths:
            try:
                opened.append(_opened(path, stack, finish))
            except OSError as wrong:
                raise _cannot(option, path, wrong) from None
        yield tuple(opened)
        try:
            for done in finish:
                done()
        except OSError as wrong:
            raise ConfigError(
                f"An output could not be written to its end: {wrong.strerror}; make room or name "
                "another folder, and run this again."
            ) from None


def _opened(
    path: Path | None, stack: ExitStack, finish: list[Callable[[], None]]
) -> BinaryIO | None:
    if path is None:
        return None
    if path == STANDARD:
        finish.append(sys.stdout.buffer.flush)
        return sys.stdout.buffer
    # through a link, so that the link stays one
    path = path.resolve()
    there = path.stat() if path.exists() else None
    if there is not None and not stat.S_ISREG(there.st_mode):
        straight = stack.enter_context(path.open("wb"))
        finish.append(straight.flush)
        return straight
    number, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    part = Path(name)
    stack.callback(part.unlink, missing_ok=True)
    stream = stack.enter_context(os.fdopen(number, "wb"))

    def put() -> None:
        stream.flush()
        os.fsync(stream.fileno())
        part.chmod(stat.S_IMODE(there.st_mode) if there is not None else 0o666 & ~_umask())
        part.replace(path)

    finish.append(put)
    return stream


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _cannot(option: str, path: Path | None, wrong: OSError) -> ConfigError:
    return ConfigError(
        f"Can't write to {option} {path}: {wrong.strerror}; name a file in a folder that is there "
        "and open to you."
    )
