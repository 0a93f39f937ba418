"""What was worked out before, on disk: content-addressed JSON.

An entry's name is the digest of all that it was worked out from, the tool itself included, and it
carries a digest of its own content: what is damaged, foreign or half written is as good as not
there. It lies with the user, never in the project, where a pull request could bring it along.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

FOLDER = "PII_LINT_CACHE_DIR"
"""Environment variable that says where the cache lies."""
KEPT = 30 * 24 * 3600
"""Seconds after which an entry that nobody asked for is removed."""

OTHERS_KEPT = 3
"""Things kept of former runs, for each that this run asked for: other branches come back."""


class _Entry(msgspec.Struct):
    sha256: str
    content: msgspec.Raw


def digest(*parts: str | bytes) -> str:
    """One name for all of them; no two lists of parts share it."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8))
        whole.update(data)
    return whole.hexdigest()


def load(name: str, shape: type[T]) -> T | None:
    """The entry of this name, if a sound one stands there."""
    try:
        path = _folder() / f"{name}.json"
        entry = msgspec.json.decode(path.read_bytes(), type=_Entry)
        if hashlib.sha256(entry.content).hexdigest() != entry.sha256:
            return None
        found = msgspec.json.decode(entry.content, type=shape)
        os.utime(path)
    except (OSError, msgspec.MsgspecError, ValueError, RuntimeError):
        return None
    return found


def save(name: str, content: object) -> None:
    """Keep an entry, if that can be done: written aside, then moved to its place in one step."""
    try:
        folder = _folder()
        raw = msgspec.Raw(msgspec.json.encode(content))
        entry = _Entry(hashlib.sha256(raw).hexdigest(), raw)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, prefix="new-", delete=False) as aside:
            try:
                aside.write(msgspec.json.encode(entry))
                aside.close()
                Path(aside.name).replace(folder / f"{name}.json")
            except BaseException:
                Path(aside.name).unlink()
                raise
        _tidy(folder)
    except (OSError, msgspec.MsgspecError, ValueError, TypeError, RuntimeError):
        return


def _tidy(folder: Path) -> None:
    oldest = time.time() - KEPT
    with os.scandir(folder) as entries:
        for entry in entries:
            ours = entry.name.endswith(".json") or entry.name.startswith("new-")
            if ours and entry.is_file() and entry.stat().st_mtime < oldest:
                Path(entry.path).unlink()


def _folder() -> Path:
    if given := os.environ.get(FOLDER):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pii-lint"


class Pack(Generic[T]):
    """Many small things of one kind under one name, each by the digest of a text; decoded when
    asked for."""

    def __init__(self, name: str, kind: type[T], *, remember: bool) -> None:
        self.remembers = remember
        self._name = name
        self._decoder = msgspec.json.Decoder(kind)
        self._old = (load(name, dict[str, msgspec.Raw]) if remember else None) or {}
        self._used: dict[str, T] = {}
        self._new: set[str] = set()

    def get(self, text: str) -> T | None:
        """What is known of a text."""
        key = digest(text)
        if key not in self._used and key in self._old:
            try:
                self._used[key] = self._decoder.decode(self._old[key])
            except (msgspec.MsgspecError, ValueError, RuntimeError):
                del self._old[key]
        return self._used.get(key)

    def put(self, text: str, known: T) -> None:
        """Know this of a text."""
        key = digest(text)
        self._used[key] = known
        self._new.add(key)

    def save(self) -> None:
        """Keep what is new, and of the old what may be asked for again."""
        if not (self.remembers and self._new):
            return
        others = [key for key in self._old if key not in self._used]
        kept = others[-len(self._used) * OTHERS_KEPT :]
        raw = {key: self._old[key] for key in (*kept, *self._used) if key not in self._new}
        new = {key: msgspec.Raw(msgspec.json.encode(self._used[key])) for key in self._new}
        save(self._name, raw | new)


@cache
def tool() -> str:
    """A digest of what works things out: this package and its parser as installed, Python."""
    parser = find_spec("sqlglot")
    folders = [
        str(Path(__file__).parent),
        *(parser.submodule_search_locations or () if parser else ()),
    ]
    return digest(sys.version, *(state for folder in folders for state in _states(folder)))


def _states(folder: str) -> Iterator[str]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir():
            yield from _states(entry.path) if entry.name != "__pycache__" else ()
        else:
            facts = entry.stat()
            yield f"{entry.path} {facts.st_size} {facts.st_mtime_ns}"
