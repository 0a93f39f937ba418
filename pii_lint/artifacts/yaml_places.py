"""Where a relation, exposure or column is written in its YAML properties file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import yaml

from pii_lint.artifacts.model import Exposure, Node
from pii_lint.artifacts.paths import ProjectFiles
from pii_lint.artifacts.project_dir import loader
from pii_lint.findings import Location

_LISTS = {
    "model": "models",
    "seed": "seeds",
    "snapshot": "snapshots",
    "function": "functions",
    "metric": "metrics",
    "semantic_model": "semantic_models",
    "saved_query": "saved_queries",
}
_DEPTH = 100
# deeper than any properties file; the C parser has no limit of its own


class _Mark(NamedTuple):
    """From where to where a name stands; lines count from 1."""

    line: int
    col: int
    end_line: int
    end_col: int


class _Entry(NamedTuple):
    """Where a file names a relation and its columns; its tree, which is large, is let go."""

    name: _Mark | None
    columns: tuple[tuple[tuple[str, _Mark], ...], ...]
    # those of its version first

    def column(self, wanted: str) -> _Mark | None:
        """By exact name first."""
        for fold in (str, str.lower):
            for named in self.columns:
                for name, mark in named:
                    if fold(name) == fold(wanted):
                        return mark
        return None


class YamlPlaces:
    """Marks of YAML files, each parsed once."""

    def __init__(self, files: ProjectFiles) -> None:
        self._files = files
        self._roots: dict[str, yaml.Node | None] = {}
        self._starts: dict[str, dict[tuple[str, str], list[int]]] = {}
        self._entries: dict[str, _Entry | None] = {}

    def find(self, thing: Node | Exposure, column: str | None = None) -> Location | None:
        """Where a relation's or a column's name is written; the file's top where it isn't."""
        file = _file(thing)
        if file is None:
            return None
        if thing.unique_id not in self._entries:
            self._entries[thing.unique_id] = self._alone(file, thing) or self._among(file, thing)
        entry = self._entries[thing.unique_id]
        if entry is None:
            return Location(file, kind="yaml")
        found = (entry.column(column) if column else None) or entry.name
        if found is None:
            return Location(file, kind="yaml")
        return Location(file, *found, exact=True, kind="yaml")

    def _alone(self, file: str, thing: Node | Exposure) -> _Entry | None:
        """From the lines of the only item of this name: the whole of a long file takes long."""
        if _is_source(thing):
            item = self._item(file, "tables", thing.name)
            group = self._item(file, "sources", _source(thing))
        else:
            item = group = self._item(file, _list_of(thing), thing.name)
        if item is None or group is None or not group.holds(item):
            return None
        nodes = _items(_compose(item.text))
        return _entry(nodes[0], thing, item.line) if len(nodes) == 1 else None

    def _item(self, file: str, key: str, name: str) -> _Item | None:
        text = self._files.text(file) or ""
        if file not in self._starts:
            self._starts[file] = _starts(text)
        starts = self._starts[file].get((key, name), [])
        return _item(text, starts[0]) if len(starts) == 1 else None

    def _among(self, file: str, thing: Node | Exposure) -> _Entry | None:
        if file not in self._roots:
            self._roots[file] = _compose(self._files.text(file))
        root = self._roots[file]
        node = _entry_in(root, thing) if root else None
        return _entry(node, thing, 0) if node else None


_LINE = re.compile(r"^( *)(?:- name: *([\w.]+)|(\w+):) *\r?$", re.MULTILINE)
"""A block list's item that begins with a plain name, or a key with nothing behind it."""
_LINKED = re.compile(r"^(?:---|\.\.\.)|[&*]\w", re.MULTILINE)
"""Several documents, anchors: lines that mean nothing by themselves."""


# what looks at a project again and again finds most of it as it was
@lru_cache(maxsize=512)
def _starts(text: str) -> dict[tuple[str, str], list[int]]:
    """Where items begin, by the key of their list and their name."""
    found: dict[tuple[str, str], list[int]] = {}
    keys: list[tuple[int, str]] = []
    for line in _LINE.finditer(text) if not _LINKED.search(text) else ():
        indent, name, key = len(line[1]), line[2], line[3]
        while keys and keys[-1][0] > indent - (key is not None):
            keys.pop()
        if key is not None:
            keys.append((indent, key))
        elif keys:
            found.setdefault((keys[-1][1], name), []).append(line.start())
    return found


class _Item(NamedTuple):
    """The lines of an item, and where in the file they stand."""

    text: str
    start: int
    line: int

    def holds(self, other: _Item) -> bool:
        return self.start <= other.start < self.start + len(self.text)


def _item(text: str, start: int) -> _Item:
    """Up to the next line that isn't indented more."""
    indent = text.index("-", start) - start
    after = re.compile(rf"^ {{0,{indent}}}[^\s#]", re.MULTILINE)
    end = after.search(text, text.find("\n", start) + 1 or len(text))
    lines = text[start : end.start() if end else len(text)]
    return _Item(lines, start, text.count("\n", 0, start))


def _compose(text: str | None) -> yaml.Node | None:
    if text is None or _too_deep(text):
        return None
    try:
        return yaml.compose(text.removeprefix("\ufeff"), Loader=_outliner())
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


@cache
def _outliner() -> type[yaml.SafeLoader]:
    """A loader that asks of no scalar what type it is: no place needs that, and it takes time."""
    untold = {
        "resolve": lambda *_: "",
        "descend_resolver": lambda *_: None,
        "ascend_resolver": lambda *_: None,
    }
    return type("_Outliner", (loader(),), untold)


def _too_deep(text: str) -> bool:
    """An upper bound of how deep the text nests, without parsing it."""
    flow = deepest = 0
    brackets = _BRACKET.findall(text) if text.count("[") + text.count("{") > 1 else ()
    for bracket in brackets:
        flow = max(flow + (1 if bracket in "[{" else -1), 0)
        deepest = max(deepest, flow)
    widest = max((len(lead) for lead in _LEAD.findall(text)), default=0)
    return deepest + widest > _DEPTH


_BRACKET = re.compile(r"[\[\]{}]")
_LEAD = re.compile(r"^[ \-?:]+", re.MULTILINE)


def _file(thing: Node | Exposure) -> str | None:
    if isinstance(thing, Exposure) or thing.resource_type == "source":
        return thing.path or None
    return thing.patch_path


def _entry_in(root: yaml.Node, thing: Node | Exposure) -> yaml.Node | None:
    if _is_source(thing):
        for group in _named(root, "sources", _source(thing)):
            for table in _named(group, "tables", thing.name):
                return table
        return None
    return next(_named(root, _list_of(thing), thing.name), None)


def _list_of(thing: Node | Exposure) -> str:
    return _LISTS.get(thing.unique_id.partition(".")[0], "exposures")


def _is_source(thing: Node | Exposure) -> bool:
    return isinstance(thing, Node) and thing.unique_id.startswith("source.")


def _source(thing: Node | Exposure) -> str:
    """The source of a table."""
    package = thing.package if isinstance(thing, Node) else ""
    return thing.unique_id.removeprefix(f"source.{package}.").removesuffix(f".{thing.name}")


def _entry(node: yaml.Node, thing: Node | Exposure, above: int) -> _Entry:
    name = _value(node, "name")
    owners = [*_version(node, thing), node]
    columns = tuple(tuple(_columns(owner, above)) for owner in owners)
    return _Entry(_mark(name, above) if name else None, columns)


def _columns(owner: yaml.Node, above: int) -> Iterator[tuple[str, _Mark]]:
    for item in _items(_value(owner, "columns")):
        name = _value(item, "name")
        if isinstance(name, yaml.ScalarNode):
            yield name.value, _mark(name, above)


def _mark(node: yaml.Node, above: int) -> _Mark:
    """`above`: lines of the file above the text that was parsed."""
    start, end = node.start_mark, node.end_mark
    return _Mark(above + start.line + 1, start.column + 1, above + end.line + 1, end.column + 1)


def _version(entry: yaml.Node, thing: Node | Exposure) -> Iterator[yaml.Node]:
    tail = thing.unique_id.rpartition(".")[2]
    for item in _items(_value(entry, "versions")):
        version = _value(item, "v")
        if isinstance(version, yaml.ScalarNode) and tail == f"v{version.value}":
            yield item


def _named(owner: yaml.Node, key: str, name: str) -> Iterator[yaml.Node]:
    for item in _items(_value(owner, key)):
        found = _value(item, "name")
        if isinstance(found, yaml.ScalarNode) and found.value == name:
            yield item


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """The value at a key; one that stands there itself before one merged in by `<<`."""
    if not isinstance(node, yaml.MappingNode):
        return None
    merges: list[yaml.Node] = []
    for name, value in node.value:
        if isinstance(name, yaml.ScalarNode) and name.value == key:
            found: yaml.Node = value
            return found
        if isinstance(name, yaml.ScalarNode) and name.value == "<<":
            merges += _items(value) or [value]
    inherited = (_value(merge, key) for merge in merges)
    return next((value for value in inherited if value is not None), None)
