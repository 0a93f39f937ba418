"""Which columns are unique, and which refer to another relation's column.

From dbt's tests, constraints and primary keys. The more keys are known, the less an aggregate is
a fold over many people, so every declaration counts: also a test with a `where`, one that only
warns, and a constraint that the warehouse doesn't enforce.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pii_lint.artifacts import shapes

_REF = re.compile(r"\bref\(\s*(?:['\"][^'\"]*['\"]\s*,\s*)?['\"]([^'\"]+)['\"]")
_SOURCE = re.compile(r"\bsource\(\s*['\"]([^'\"]+)['\"]\s*,\s*['\"]([^'\"]+)['\"]")
_EXPRESSION = re.compile(r"^\s*(?:references\s+)?([^\s(]+)\s*\(\s*([^\s,)]+)\s*\)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][\w$]*")
_QUOTES = {'"': '"', "`": "`", "[": "]"}


@dataclass(slots=True)
class Keys:
    """The keys of one relation, by column name as declared there, without quotes."""

    unique: set[str] = field(default_factory=set)
    references: set[tuple[str, str, str]] = field(default_factory=set)
    # (column, unique_id, column there)


def find_keys(nodes: Mapping[str, shapes.Node], tests: Iterable[shapes.Node]) -> Mapping[str, Keys]:
    """The keys of every relation, by unique_id."""
    relations = _Relations(nodes)
    found: dict[str, Keys] = defaultdict(Keys)
    for unique_id, node in nodes.items():
        _from_constraints(node, relations, found[unique_id])
    for test in tests:
        _from_test(test, relations, found)
    return found


def bare(name: str) -> str | None:
    """A column name without its quotes; None for an expression."""
    name = name.strip()
    if len(name) > 2 and _QUOTES.get(name[0]) == name[-1]:
        return name[1:-1].replace(name[-1] * 2, name[-1])
    return name if _NAME.fullmatch(name) else None


class _Relations:
    """Relations by the ways that tests and constraints name them."""

    def __init__(self, nodes: Mapping[str, shapes.Node]) -> None:
        self.nodes = nodes
        self.by_ref: dict[str, list[str]] = defaultdict(list)
        self.by_source: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.by_relation: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for unique_id, node in nodes.items():
            if node.resource_type == "source":
                self.by_source[source_name(unique_id, node), node.name].append(unique_id)
            else:
                self.by_ref[node.name].append(unique_id)
            if node.relation_name:
                parts = _parts(node.relation_name)
                for first in range(len(parts)):
                    self.by_relation[parts[first:]].append(unique_id)

    def named(self, text: str, among: list[str] | None = None) -> str | None:
        """The one relation that `ref(...)`, `source(...)` or a rendered name in `text` means."""
        if match := _SOURCE.search(text):
            found = self.by_source[match[1], match[2]]
        elif match := _REF.search(text):
            found = self.by_ref[match[1]]
        else:
            found = self.by_relation[_parts(text)]
        if among:
            found = [unique_id for unique_id in found if unique_id in among]
        return found[0] if len(found) == 1 else None


def source_name(unique_id: str, node: shapes.Node) -> str:
    """The source that a source table belongs to; it may hold dots itself."""
    return unique_id.removeprefix(f"source.{node.package_name}.").removesuffix(f".{node.name}")


def _parts(relation: str) -> tuple[str, ...]:
    return tuple(re.sub(r"[\"`\[\]]", "", relation).lower().split("."))


def _from_constraints(node: shapes.Node, relations: _Relations, keys: Keys) -> None:
    if node.primary_key and len(node.primary_key) == 1:
        _add(keys.unique, node.primary_key[0])
    stated = [
        (constraint, bare(constraint.columns[0]))
        for constraint in node.constraints or []
        if constraint.columns and len(constraint.columns) == 1
    ]
    for key, column in (node.columns or {}).items():
        stated += [(constraint, column.name or key) for constraint in column.constraints or []]
    for constraint, name in stated:
        if name and constraint.type in ("primary_key", "unique"):
            keys.unique.add(name)
        elif name and constraint.type == "foreign_key" and (end := _foreign(constraint, relations)):
            keys.references.add((name, *end))


def _foreign(constraint: shapes.Constraint, relations: _Relations) -> tuple[str, str] | None:
    columns = constraint.to_columns or []
    columns = [columns] if isinstance(columns, str) else columns
    to = constraint.to
    if not to and (match := _EXPRESSION.match(constraint.expression or "")):
        to, columns = match[1], [match[2]]
    target = relations.named(to) if to else None
    return (target, bare(columns[0]) or columns[0]) if target and len(columns) == 1 else None


def _from_test(test: shapes.Node, relations: _Relations, found: dict[str, Keys]) -> None:
    meta = test.test_metadata
    if meta is None or meta.namespace or meta.name not in ("unique", "relationships"):
        return
    kwargs = meta.kwargs or {}
    parents = list((test.depends_on.nodes if test.depends_on else None) or [])
    home = _home(test, kwargs, parents, relations)
    column = kwargs.get("column_name")
    if home is None or not isinstance(column, str):
        return
    if meta.name == "unique":
        _add(found[home].unique, column)
        return
    target, there = _target(kwargs, home, parents, relations), kwargs.get("field")
    name, end = bare(column), bare(there) if isinstance(there, str) else None
    if target and name and end:
        found[home].references.add((name, target, end))


def _home(
    test: shapes.Node, kwargs: Mapping[str, object], parents: list[str], relations: _Relations
) -> str | None:
    """The relation under test. Tests on sources name it only in their arguments."""
    if test.attached_node in relations.nodes:
        return test.attached_node
    model = kwargs.get("model")
    named = relations.named(model, parents) if isinstance(model, str) else None
    if named is None and len(parents) == 1:
        named = parents[0]
    return named if named in relations.nodes else None


def _target(
    kwargs: Mapping[str, object], home: str, parents: list[str], relations: _Relations
) -> str | None:
    to = kwargs.get("to")
    named = relations.named(to, parents) if isinstance(to, str) else None
    others = [parent for parent in parents if parent != home] or [home]
    return named or (others[0] if len(others) == 1 else None)


def _add(columns: set[str], name: str) -> None:
    if plain := bare(name):
        columns.add(plain)
