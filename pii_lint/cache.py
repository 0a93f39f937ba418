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
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import chain
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
        folder = _folder()
        if not _is_ours(folder):
            return None
        path = folder / f"{name}.json"
        entry = msgspec.json.decode(path.read_bytes(), type=_Entry)
        if hashlib.sha256(entry.content).hexdigest() != entry.sha256:
            return None
        found = msgspec.json.decode(entry.content, type=shape)
        os.utime(path)
    except (OSError, msgspec.MsgspecError, ValueError, RuntimeError):
        return None
    return found


def save(name: str, content: object) -> None:
    """Keep an entry, if that can be done."""
    try:
        _write(name, [msgspec.json.encode(content)])
    except (msgspec.MsgspecError, ValueError, TypeError, RuntimeError):
        return


def _write(name: str, content: Iterable[bytes]) -> None:
    """Pieces of JSON, written aside, then moved to their place in one step."""
    try:
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(folder):
            return
        with NamedTemporaryFile(dir=folder, prefix="new-", delete=False) as aside:
            try:
                whole = hashlib.sha256()
                aside.write(b'{"content":')
                for piece in content:
                    whole.update(piece)
                    aside.write(piece)
                aside.write(f',"sha256":"{whole.hexdigest()}"}}'.encode())
                aside.close()
                Path(aside.name).replace(folder / f"{name}.json")
            except BaseException:
                Path(aside.name).unlink()
                raise
        _tidy(folder)
    except (OSError, RuntimeError):
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


def _is_ours(folder: Path) -> bool:
    """True where nobody else may write: whoever could might leave a verdict there."""
    if os.name != "posix":
        return True
    state = folder.stat()
    return state.st_uid == os.geteuid() and not state.st_mode & 0o022


class Pack(Generic[T]):
    """Many small things of one kind under one name, each by the digest of a text; decoded when
    asked for."""

    def __init__(self, name: str, kind: type[T], *, remember: bool) -> None:
        self.remembers = remember
        self._name = name
        self._decoder = msgspec.json.Decoder(kind)
        old = load(name, dict[str, msgspec.Raw]) if remember else None
        self._old = {key: bytes(raw) for key, raw in (old or {}).items()}
        self._new: dict[str, bytes] = {}
        # what was put, and stays known for the rest of the run
        self._saved = 0
        self._asked: set[str] = set()

    def get(self, text: str) -> T | None:
        """What is known of a text."""
        key = digest(text)
        kept = zlib.decompress(self._new[key]) if key in self._new else self._old.get(key)
        if kept is None:
            return None
        try:
            known = self._decoder.decode(kept)
        except (msgspec.MsgspecError, ValueError, RuntimeError):
            return None
        self._asked.add(key)
        return known

    def put(self, text: str, known: T) -> None:
        """Know this of a text."""
        if self.remembers:
            # packed tight, for a large project's would fill the memory
            self._new[digest(text)] = zlib.compress(msgspec.json.encode(known), 1)

    def knows(self, text: str) -> bool:
        """True where something is kept of a text."""
        key = digest(text)
        return key in self._new or key in self._old

    def handed_over(self, text: str) -> bytes | None:
        """What was put in this run, for a pack of the same kind in another process."""
        return self._new.get(digest(text))

    def take_over(self, text: str, kept: bytes) -> None:
        """What such a pack handed over."""
        self._new[digest(text)] = kept

    def save(self) -> None:
        """Keep what is new, and of the old what may be asked for again."""
        if len(self._new) == self._saved:
            return
        used = [key for key in self._old if key in self._asked and key not in self._new]
        others = [key for key in self._old if key not in self._asked and key not in self._new]
        most = (len(used) + len(self._new)) * OTHERS_KEPT
        old = ((key, self._old[key]) for key in (*others[-most:], *used))
        new = ((key, zlib.decompress(raw)) for key, raw in self._new.items())
        _write(self._name, _object(chain(old, new)))
        self._saved = len(self._new)


def _object(members: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    lead = b"{"
    for key, value in members:
        yield lead + f'"{key}":'.encode()
        yield value
        lead = b","
    yield b"}"


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
