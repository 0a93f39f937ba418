"""Which properties file speaks of a relation, and under which keys."""

from __future__ import annotations

import posixpath
from collections import Counter

from pii_lint.artifacts.model import Node
from pii_lint.fixing.trees import Tree, position
from pii_lint.rules import Facts

_LISTS = {"model": "models", "seed": "seeds", "snapshot": "snapshots"}
SORTS = frozenset({*_LISTS, "source"})
_CONFIG_OF_COLUMNS = (1, 10, 5)
"""Older dbt drops tags and meta under a column's `config` without a word."""
_CONFIG_OF_SOURCES = (1, 10)


def file_of(facts: Facts, node: Node) -> str:
    """The file that describes a relation; for one that none does, where this project would put
    it."""
    if node.resource_type == "source" or node.path.endswith((".yml", ".yaml")):
        return node.path
    return node.patch_path or _habit(facts, node)


def _habit(facts: Facts, node: Node) -> str:
    folder, file = posixpath.split(node.path)
    described = [
        (other, other.patch_path)
        for other in facts.nodes.values()
        if other.resource_type == node.resource_type
        and other.package == node.package
        and other.patch_path
    ]
    apiece = sum(_stem(path) == other.name for other, path in described)
    if apiece * 2 > len(described):
        return posixpath.join(folder, f"{_stem(file)}.yml")
    beside = Counter(
        path for other, path in described if posixpath.dirname(other.path) == folder
    ).most_common()
    if beside:
        return min(path for path, count in beside if count == beside[0][1])
    sort = _LISTS[node.resource_type]
    return posixpath.join(folder, f"_{posixpath.basename(folder)}__{sort}.yml")


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]


def rooted(node: Node, entry: Tree) -> Tree:
    """What is said of a relation, from the root of its file on."""
    if node.resource_type == "source":
        table = {"name": node.name, **entry}
        return {"sources": [{"name": source_of(node), "tables": [table]}]}
    return {_LISTS[node.resource_type]: [{"name": node.name, **entry}]}


def entry_of(node: Node, data: object) -> dict[str, object]:
    """What a file says of a relation already."""
    if node.resource_type == "source":
        return _named(_named(data, "sources", source_of(node)), "tables", node.name)
    return _named(data, _LISTS[node.resource_type], node.name)


def source_of(node: Node) -> str:
    """The source of a table."""
    return node.unique_id.removeprefix(f"source.{node.package}.").removesuffix(f".{node.name}")


def column_of(entry: Tree, name: str) -> dict[str, object]:
    """What an entry says of a column already."""
    return _named(entry, "columns", name)


def _named(owner: object, key: str, name: str) -> dict[str, object]:
    items = owner.get(key) if isinstance(owner, dict) else None
    at = position(items, name) if isinstance(items, list) else None
    found = items[at] if at is not None and isinstance(items, list) else None
    return found if isinstance(found, dict) else {}


def placed(facts: Facts, node: Node, said: Tree, wanted: Tree, *, column: bool) -> Tree:
    """Tags and meta where they take effect: under `config`, unless this one has them outside."""
    config = said.get("config")
    inner = config if isinstance(config, dict) else {}
    oldest = _CONFIG_OF_COLUMNS if column else _CONFIG_OF_SOURCES
    outside = (column or node.resource_type == "source") and _version(facts) < oldest
    top: dict[str, object] = {}
    below: dict[str, object] = {}
    for key, value in wanted.items():
        there = outside or (key in said and key not in inner)
        (top if there else below)[key] = value
    return {**top, "config": below} if below else top


def _version(facts: Facts) -> tuple[int, ...]:
    parts = facts.projects[0].dbt_version.split(".")[:3]
    numbers = ["".join(c for c in part if c.isdigit()) for part in parts]
    return tuple(int(number) if number else 0 for number in numbers)
