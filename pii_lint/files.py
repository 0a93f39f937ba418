"""The one door to files.

Each question asked here is noted with a digest of its answer, so that what a run found can be
remembered for as long as every file would answer the same.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Literal

Question = Literal["bytes", "file", "folder", "there", "time", "entries", "here"]
Answers = dict[str, str]
"""`question path` -> digest of the answer."""

_noted: ContextVar[Answers | None] = ContextVar("_noted", default=None)


@contextmanager
def noting() -> Iterator[Answers]:
    """Collect what is asked meanwhile."""
    answers: Answers = {}
    token = _noted.set(answers)
    try:
        yield answers
    finally:
        _noted.reset(token)


def unchanged(answers: Mapping[str, str]) -> bool:
    """True where every question would be answered as it was."""
    return all(_answer(asked) == answer for asked, answer in answers.items())


def _answer(asked: str) -> str:
    question, _, path = asked.partition(" ")
    known = _QUESTIONS.get(question)
    return known(path) if known is not None else "nobody knows"


def asked_again(before: Answers, now: Answers) -> Answers:
    """What every question of before would be answered today; those of `now` aren't asked twice."""
    return {asked: now.get(asked) or _answer(asked) for asked in before}


def read(path: Path, most: int | None = None) -> bytes:
    """The file's content, up to so many bytes. Raises OSError or ValueError as `open` does."""
    try:
        _refuse_endless(str(path))
        with open(path, "rb") as stream:  # noqa: PTH123  half the time of Path.open
            data = stream.read() if most is None else stream.read(most)
    except (OSError, ValueError) as error:
        _note("bytes", path, type(error).__name__)
        raise
    _note("bytes", path, _digest(data) if most is None or len(data) < most else _bytes(str(path)))
    return data


def is_file(path: Path) -> bool:
    """True where there is such a file."""
    return _note("file", path, _file(str(path))) == "yes"


def is_folder(path: Path) -> bool:
    """True where there is such a folder."""
    return _note("folder", path, _folder(str(path))) == "yes"


def is_there(path: Path) -> bool:
    """True where anything goes by that name: a pipe, or a link to nothing, too."""
    return _note("there", path, _there(str(path))) == "yes"


def real(path: Path) -> Path:
    """The path without links."""
    return Path(_note("here", path, _here(str(path))))


def modified(path: Path) -> float:
    """When the file was last written, in seconds. Raises OSError."""
    seconds = path.stat().st_mtime
    _note("time", path, repr(seconds))
    return seconds


def entries(folder: Path) -> list[tuple[str, bool]]:
    """Names in a folder, each with whether it is one itself; nothing where it can't be read."""
    found = _listed(str(folder))
    _note("entries", folder, _summed(found))
    return found


def _note(question: Question, path: Path, answer: str) -> str:
    answers = _noted.get()
    if answers is not None:
        answers[f"{question} {path}"] = answer
    return answer


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _refuse_endless(path: str) -> None:
    """A pipe or device, perhaps behind a link in the project, may never end."""
    mode = os.stat(path).st_mode  # noqa: PTH116
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "it is no plain file", path)


def _bytes(path: str) -> str:
    try:
        _refuse_endless(path)
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123  as above
            return _digest(stream.readall())
    except (OSError, ValueError) as error:
        return type(error).__name__


def _file(path: str) -> str:
    return "yes" if os.path.isfile(path) else "no"  # noqa: PTH113


def _folder(path: str) -> str:
    return "yes" if os.path.isdir(path) else "no"  # noqa: PTH112


def _there(path: str) -> str:
    return "yes" if os.path.lexists(path) else "no"


def _here(path: str) -> str:
    return os.path.realpath(path)


def _time(path: str) -> str:
    try:
        return repr(os.stat(path).st_mtime)  # noqa: PTH116
    except (OSError, ValueError) as error:
        return type(error).__name__


def _listed(path: str) -> list[tuple[str, bool]]:
    try:
        with os.scandir(path) as found:
            return sorted((entry.name, entry.is_dir()) for entry in found)
    except OSError:
        return []


def _summed(found: list[tuple[str, bool]]) -> str:
    return _digest(repr(found).encode("utf-8", "surrogatepass"))


_QUESTIONS: dict[str, Callable[[str], str]] = {
    "bytes": _bytes,
    "file": _file,
    "folder": _folder,
    "time": _time,
    "there": _there,
    "here": _here,
    "entries": lambda path: _summed(_listed(path)),
}
