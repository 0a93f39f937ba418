"""Read YAML that people write: plain values, and the line on which each stands.

Only what a policy needs is read. Anchors, aliases, tags, repeated keys and deep nesting are
refused: no file grows in memory or means something else than it shows. `off`, `no` and
`2026-01-31` are words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands: keys and positions from the top."""

LARGEST_FILE = 1_000_000
DEEPEST_NESTING = 16
# Both far beyond any policy that a person could read.

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_WORDS: Mapping[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
}


class UnreadableYamlError(ValueError):
    """A file that can't be read as a policy; the message is a sentence without its subject."""

    def __init__(self, sentence: str, line: int = 1) -> None:
        super().__init__(sentence)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content: dicts, lists, strings, integers, booleans and None."""

    value: object
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest thing around it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read; `key` is the mapping's key whose value comes next."""

    into: dict[str, object] | list[object]
    path: Path
    key: str | None = None


@dataclass(slots=True)
class _Reader:
    root: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    documents: int = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise UnreadableYamlError("holds more than one YAML document; keep one", line)
        elif isinstance(event, yaml.AliasEvent):
            raise UnreadableYamlError("holds a YAML alias; write the value out", line)
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            raise UnreadableYamlError("holds a YAML anchor; write the value out", line)
        if getattr(event, "tag", None) is not None:
            raise UnreadableYamlError("holds a YAML tag; write a plain value", line)
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.into, dict) and top.key is None:
            self._key(top, event, line)
            return
        if isinstance(event, yaml.ScalarEvent):
            self._place(top, _scalar(event), line)
            return
        if len(self.stack) >= DEEPEST_NESTING:
            raise UnreadableYamlError(f"nests deeper than {DEEPEST_NESTING} levels", line)
        into: dict[str, object] | list[object]
        into = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.stack.append(_Open(into, self._place(top, into, line)))

    def _key(self, top: _Open, event: yaml.NodeEvent, line: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise UnreadableYamlError("uses a list or mapping as a key; write a word", line)
        if event.value in top.into:
            raise UnreadableYamlError(f"repeats the key {named(event.value)}; keep one", line)
        top.key = event.value
        self.lines[(*top.path, event.value)] = line

    def _place(self, top: _Open | None, value: object, line: int) -> Path:
        if top is None:
            self.root = value
            return ()
        if isinstance(top.into, list):
            path = (*top.path, len(top.into))
            top.into.append(value)
            self.lines[path] = line
            return path
        key = top.key or ""
        top.into[key] = value
        top.key = None
        return (*top.path, key)


def _scalar(event: yaml.ScalarEvent) -> str | int | bool | None:
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    return int(text) if _INTEGER.fullmatch(text) else text


def _events(text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UnreadableYamlError(f"isn't valid YAML: {error.problem}", line) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise UnreadableYamlError("holds a control character", line) from None


def read_yaml(text: str) -> Document:
    """The one document in `text`. Raises `UnreadableYamlError`."""
    if len(text) > LARGEST_FILE:
        raise UnreadableYamlError("is larger than a megabyte")
    reader = _Reader()
    for event in _events(text):
        reader.take(event)
    return Document(reader.root, reader.lines)


def named(word: object) -> str:
    """A word from a file, fit for a message: quoted, on one line, not too long."""
    text = "".join(char if char.isprintable() else "?" for char in str(word))
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"
