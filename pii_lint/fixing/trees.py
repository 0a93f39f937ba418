"""What a properties file should say, as data: the measure that each edit of its text is held to.

A tree is nested mappings. A list of mappings stands for items with that `name`; a list of words for
items of a list, or, where something is taken away, for keys of a mapping as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeGuard

Tree: TypeAlias = Mapping[str, object]
_MOST = 1_000_000
# of values in one file; more than that is an anchor that multiplies itself


class Refused(Exception):
    """The text isn't changed; the message is the reason, as the end of a sentence."""


def plain(data: object) -> object:
    """A copy in which no two places share a value, as aliases do."""
    left = _MOST

    def copied(value: object) -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise Refused("its anchors multiply into more than a file can hold")
        if isinstance(value, dict):
            return {key: copied(each) for key, each in value.items()}
        if isinstance(value, list):
            return [copied(each) for each in value]
        return value

    return copied(data)


def with_tree(data: object, tree: object) -> object:
    """The data with everything that the tree holds."""
    if isinstance(tree, Mapping):
        if data is None:
            data = {}
        if not isinstance(data, dict):
            raise Refused("something else stands where keys are expected")
        return {
            **data,
            **{key: with_tree(data.get(key), part) for key, part in tree.items()},
        }
    if is_items(tree):
        return _with_items(data, tree)
    if is_words(tree):
        held = data if isinstance(data, list) else [] if data is None else [data]
        return [*held, *(word for word in tree if word not in held)]
    return tree


def _with_items(data: object, items: Sequence[Tree]) -> list[object]:
    if data is not None and not isinstance(data, list):
        raise Refused("something else stands where a list is expected")
    found = list(data or [])
    for item in items:
        at = position(found, str(item["name"]))
        if at is None:
            found.append(with_tree(None, item))
        else:
            found[at] = with_tree(found[at], _unnamed(item))
    return found


def without(data: object, tree: object) -> object:
    """The data without what the tree holds, nor what is empty for that."""
    if isinstance(data, dict) and isinstance(tree, Mapping):
        kept = dict(data)
        for key, part in tree.items():
            if key in kept:
                rest = without(kept[key], part)
                if rest != kept[key] and rest in ({}, [], None):
                    del kept[key]
                else:
                    kept[key] = rest
        return kept
    if isinstance(data, list) and is_items(tree):
        found = list(data)
        for item in tree:
            at = position(found, str(item["name"]))
            if at is not None:
                found[at] = without(found[at], _unnamed(item))
        return found
    if is_words(tree):
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if key not in tree}
        if isinstance(data, list):
            return [value for value in data if value not in tree]
        return None if data in tree else data
    return data


def position(items: Sequence[object], name: str) -> int | None:
    """Where the item of a name stands; by exact name first, as dbt knows no case in columns."""
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    for fold in (str, str.lower):
        for at, found in enumerate(names):
            if isinstance(found, str) and fold(found) == fold(name):
                return at
    return None


def _unnamed(item: Tree) -> Tree:
    return {key: value for key, value in item.items() if key != "name"}


def is_items(tree: object) -> TypeGuard[list[Tree]]:
    """True for a list of mappings."""
    return isinstance(tree, list) and all(isinstance(item, Mapping) for item in tree)


def is_words(tree: object) -> TypeGuard[list[str]]:
    """True for a list of words."""
    return isinstance(tree, list) and all(isinstance(item, str) for item in tree)
