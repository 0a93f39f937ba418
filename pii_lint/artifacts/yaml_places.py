"""Where a relation, exposure or column is written in its YAML properties file."""

from __future__ import annotations

from collections.abc import Iterator

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


class YamlPlaces:
    """Marks of YAML files, each parsed once."""

    def __init__(self, files: ProjectFiles) -> None:
        self._files = files
        self._roots: dict[str, yaml.Node | None] = {}

    def find(self, thing: Node | Exposure, column: str | None = None) -> Location | None:
        """Where a relation's or a column's name is written; the file's top where it isn't."""
        file = _file(thing)
        if file is None:
            return None
        root = self._root(file)
        entry = _entry(root, thing) if root else None
        found = _column(entry, thing, column) if entry and column else _value(entry, "name")
        if found is None:
            return Location(file, kind="yaml")
        start, end = found.start_mark, found.end_mark
        return Location(
            file,
            start.line + 1,
            start.column + 1,
            end.line + 1,
            end.column + 1,
            exact=True,
            kind="yaml",
        )

    def _root(self, file: str) -> yaml.Node | None:
        if file not in self._roots:
            self._roots[file] = _compose(self._files.text(file))
        return self._roots[file]


def _compose(text: str | None) -> yaml.Node | None:
    if text is None or _depth(text) > _DEPTH:
        return None
    try:
        return yaml.compose(text.removeprefix("\ufeff"), Loader=loader())
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _depth(text: str) -> int:
    """An upper bound of how deep the text nests, without parsing it."""
    flow = deepest = 0
    for letter in text:
        if letter in "[{":
            flow += 1
            deepest = max(deepest, flow)
        elif letter in "]}":
            flow = max(flow - 1, 0)
    widest = max((len(line) - len(line.lstrip(" -?:")) for line in text.split("\n")), default=0)
    return deepest + widest


def _file(thing: Node | Exposure) -> str | None:
    if isinstance(thing, Exposure) or thing.resource_type == "source":
        return thing.path or None
    return thing.patch_path


def _entry(root: yaml.Node, thing: Node | Exposure) -> yaml.Node | None:
    kind = thing.unique_id.partition(".")[0]
    if isinstance(thing, Node) and kind == "source":
        source = thing.unique_id.removeprefix(f"source.{thing.package}.")
        source = source.removesuffix(f".{thing.name}")
        for group in _named(root, "sources", source):
            for table in _named(group, "tables", thing.name):
                return table
        return None
    return next(_named(root, _LISTS.get(kind, "exposures"), thing.name), None)


def _column(entry: yaml.Node, thing: Node | Exposure, column: str) -> yaml.Node | None:
    """The column in the entry, or in the model's version of it; by exact name first."""
    owners = [*_version(entry, thing), entry]
    for fold in (str, str.lower):
        for owner in owners:
            for item in _items(_value(owner, "columns")):
                name = _value(item, "name")
                if isinstance(name, yaml.ScalarNode) and fold(name.value) == fold(column):
                    return name
    return None


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
