"""Whether a node's relation holds what its SQL says, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from pii_lint.artifacts.model import Node, Project
from pii_lint.data.materializations import carrying, is_known, own_packages

_GAP = "\N{LOZENGE}"
"""Stands for what a template leaves open."""
_NOTE = re.compile(r"\{#.*?#\}|/\*.*?\*/|--[^\n]*", re.DOTALL)
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_STRING = re.compile(r"'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\"", re.DOTALL)
_READS = re.compile(
    rf"(?<!distinct )\b(?:from\s+\(*|join\s+\(*|using\s+|update\s+)\s*"
    rf"(?:{_GAP}\s*\.\s*)?(?P<name>[\w\"`\[][\w$]*)",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(\w+)\s+as\s+(?:not\s+)?(?:materialized\s+)?\(", re.IGNORECASE)
_NO_RELATION = frozenset(
    """by dbt_internal_dest dbt_internal_source if information_schema lateral only select set unnest
    values with""".split()  # noqa: SIM905
)
_ASKS = re.compile(
    r"(?<![\w.])(?:ref|source)\s*\("
    r"|(?:Relation\.create|get_relation)\s*\([^)]*identifier\s*=\s*['\"]\w"
)
_MOVES = re.compile(r"\b(\w+)\s*=\s*\w+\s*\.\s*(\w+)")


class Materializing:
    """The materializations of one project, and the macros by which they work."""

    def __init__(self, project: Project) -> None:
        self._own = own_packages(project.adapter_type) - {project.name}
        self._foreign = frozenset(self._materializations(project))
        mine = set()
        self._theirs: dict[str, list[str]] = {}
        for macro, text in project.macros.items():
            package, _, name = macro.removeprefix("macro.").partition(".")
            if package in self._own:
                mine.add(_plain(name))
            elif _reads(text):
                self._theirs.setdefault(_plain(name), []).append(name)
        self._theirs = {
            plain: names
            for plain, names in self._theirs.items()
            if plain in mine or _STRATEGY.fullmatch(plain)
        }

    def lost(self, node: Node) -> str | None:
        """Why nobody can say what becomes of a node's SQL."""
        kind = node.materialized or node.resource_type
        if kind in self._foreign:
            return f"its materialization {kind} is not dbt's own"
        for plain in sorted(self._theirs):
            if self._works(plain, node, kind):
                name = sorted(self._theirs[plain])[0]
                return (
                    f"the macro {name} takes the place of dbt's own, and reads on its own account"
                )
        return None

    @staticmethod
    def _works(plain: str, node: Node, kind: str) -> bool:
        strategy = _STRATEGY.fullmatch(plain)
        if strategy is not None:
            meant = (node.strategy or "default").replace("+", "_")
            return (kind == "incremental") == (strategy[1] is not None) and meant in (
                strategy[1],
                strategy[2],
            )
        return any(fnmatchcase(plain, pattern) for pattern in carrying(kind))

    def _materializations(self, project: Project) -> Iterator[str]:
        """Materializations of packages that aren't dbt's: they may do anything with a model's
        SQL."""
        for macro, text in project.macros.items():
            package, _, name = macro.removeprefix("macro.").partition(".")
            if (
                name.startswith("materialization_")
                and package not in self._own
                and not is_known(text)
            ):
                yield name.removeprefix("materialization_").rpartition("_")[0]


_STRATEGY = re.compile(r"get_incremental_(\w+)_sql|snapshot_(\w+)_strategy")


def _plain(name: str) -> str:
    return name.rpartition("__")[2]


def _reads(text: str) -> bool:
    """True where a macro may bring in more than it is given: it asks dbt for a relation, names one,
    or moves one column into another."""
    text = _NOTE.sub(" ", text)
    if _ASKS.search(text):
        return True
    sql = _TAG.sub(lambda tag: _spelled(tag[0]), text)
    known = _NO_RELATION | {name.lower() for name in _NAMED.findall(sql)}
    return any(match["name"].lower() not in known for match in _READS.finditer(sql)) or any(
        one.lower() != other.lower() for one, other in _MOVES.findall(sql)
    )


def _spelled(tag: str) -> str:
    """What a tag may write: its strings, and gaps between them."""
    strings = (one or other for one, other in _STRING.findall(tag))
    return _GAP.join(("", *strings, ""))
