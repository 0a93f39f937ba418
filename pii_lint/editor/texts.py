"""What files say, as the editor shows them or as they stand on disk; places in them as the protocol
counts: from 0, and in the code units that the client asked for."""

from __future__ import annotations

import re
from pathlib import Path

from lsprotocol.types import Position, Range
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import Workspace

from pii_lint import files
from pii_lint.findings import Location

_LINE_END = re.compile(r"\r\n|\n|\r")
State = tuple[int, ...]
States = frozenset[tuple[Path, State]]
"""What tells a file's text from an earlier one: an open one's version, else its time and size."""
LONGEST = 100_000
"""Lines that are kept of a file which a place lies in."""


def path_of(uri: str) -> Path | None:
    """The file; None for a text that is in none."""
    try:
        name = to_fs_path(uri)
        # an editor may show a file by a link to its folder
        return files.real(Path(name)) if name else None
    except (OSError, ValueError):
        return None


def uri_of(path: Path) -> str:
    """The file's address."""
    return from_fs_path(str(path)) or ""


def lines_of(text: str) -> list[str]:
    """Lines without their ends, as the protocol splits them; there is always one."""
    return _LINE_END.split(text)


def _state(path: Path) -> State:
    stat = path.stat()
    return (stat.st_mtime_ns, stat.st_size)


class Texts:
    """Texts by file, the open ones as the editor has them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._opened: dict[Path, str] = {}
        self._saved: dict[Path, tuple[State, list[str]]] = {}

    def open(self, uri: str) -> Path | None:
        """Note that the editor shows a text."""
        path = path_of(uri)
        if path is not None:
            self._opened[path] = uri
        return path

    def close(self, uri: str) -> Path | None:
        """Note that it doesn't any more."""
        path = path_of(uri)
        if path is not None:
            self._opened.pop(path, None)
        return path

    @property
    def opened(self) -> tuple[Path, ...]:
        """The files that the editor shows."""
        return tuple(self._opened)

    def uri(self, path: Path) -> str:
        """The address by which the editor knows a file."""
        return self._opened.get(path) or uri_of(path)

    def version(self, path: Path) -> int | None:
        """Of an open text."""
        uri = self._opened.get(path)
        return self._workspace.get_text_document(uri).version if uri else None

    def shown(self, path: Path) -> list[str]:
        """The lines that the editor shows, else those on disk."""
        uri = self._opened.get(path)
        if uri is None:
            return self.saved(path)
        return lines_of(self._workspace.get_text_document(uri).source)

    def state(self, path: Path) -> State:
        """Of the text that the editor shows, else of that on disk."""
        version = self.version(path)
        try:
            return (version,) if version is not None else _state(path)
        except (OSError, ValueError):
            return ()

    def saved(self, path: Path) -> list[str]:
        """The lines on disk; an empty one where there is no such text."""
        try:
            state = _state(path)
            known = self._saved.get(path)
            if known is None or known[0] != state:
                text = files.read(path).decode("utf-8", "replace")
                known = (state, lines_of(text)[:LONGEST])
                self._saved[path] = known
        except (OSError, ValueError):
            return [""]
        return known[1]

    def unsaved(self, path: Path) -> bool:
        """True where the editor shows another text than stands on disk."""
        return path in self._opened and self.shown(path) != self.saved(path)

    def range(self, path: Path, place: Location) -> Range:
        """A place in a file. What is no span is its whole line."""
        lines = self.shown(path)
        first = min(place.line, len(lines)) - 1
        last = min(max(place.end_line, place.line), len(lines)) - 1
        start, end = place.col - 1, place.end_col - 1
        if (last, end) <= (first, start):
            line = lines[first]
            last, start, end = first, len(line) - len(line.lstrip()), len(line.rstrip())
        return Range(self._position(lines, first, start), self._position(lines, last, end))

    def end(self, lines: list[str]) -> Position:
        """Where a text is over."""
        return self._position(lines, len(lines) - 1, len(lines[-1]))

    def character(self, path: Path, position: Position) -> tuple[str, int]:
        """The line that a position is in, and the position's offset in characters."""
        lines = self.shown(path)
        if position.line >= len(lines):
            return "", 0
        line, units = lines[position.line], 0
        for offset, letter in enumerate(line):
            if units >= position.character:
                return line, offset
            units += self._units(letter)
        return line, len(line)

    def _position(self, lines: list[str], line: int, column: int) -> Position:
        return Position(line, self._units(lines[line][: max(column, 0)]))

    def _units(self, text: str) -> int:
        units: int = self._workspace.position_codec.client_num_units(text)
        return units
