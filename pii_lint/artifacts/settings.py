"""Profiles and project files as a list of plain settings, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml

from pii_lint.artifacts.project_dir import loader

_LINE = re.compile(r"^\s*(?:- +)?[\"']?(?P<key>[\w.+-]+)[\"']?\s*:\s+(?P<value>\S.*?)\s*$")
MOST = 50_000
"""Settings that are read of one file."""


class Setting(NamedTuple):
    """One value, as it stands in the file."""

    path: tuple[str, ...]
    value: str
    line: int

    @property
    def key(self) -> str:
        """The name that it stands under, without dbt's plus."""
        named = [part for part in self.path if not part.isdigit()]
        return named[-1].lstrip("+") if named else ""


def settings(text: str) -> list[Setting]:
    """Every scalar of a YAML file; of one that isn't YAML, what looks like `key: value`."""
    try:
        tree = yaml.compose(text, Loader=loader())
    except (yaml.YAMLError, ValueError, RecursionError):
        return list(_by_line(text))
    return list(_scalars(tree))


def _scalars(tree: yaml.Node | None) -> Iterator[Setting]:
    waiting: list[tuple[tuple[str, ...], yaml.Node]] = [((), tree)] if tree is not None else []
    # an alias leads to what was read already
    seen: set[int] = set()
    while waiting and len(seen) < MOST:
        path, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield Setting(path, str(node.value), node.start_mark.line + 1)
        elif isinstance(node, yaml.SequenceNode):
            waiting += [((*path, str(i)), each) for i, each in enumerate(node.value)][::-1]
        elif isinstance(node, yaml.MappingNode):
            pairs = [((*path, str(key.value)), value) for key, value in node.value]
            waiting += pairs[::-1]


def _by_line(text: str) -> Iterator[Setting]:
    for number, line in enumerate(text.splitlines()[:MOST], start=1):
        found = _LINE.match(line)
        if found is not None and not found["value"].startswith("#"):
            yield Setting((found["key"],), found["value"].strip("\"'"), number)
