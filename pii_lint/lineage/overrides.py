"""Functions of a project's own under names for which the parser has a node: their calls look like
the engine's."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache

from sqlglot import exp

from .sql import parse

MOST_ARGUMENTS = 4
OTHER_SPELLINGS = {
    "contains": ("a in b",),
    "count_star": ("count(*)",),
    "date_part": ("extract(year from a)",),
    "get_current_time": ("current_time",),
    "get_current_timestamp": ("current_timestamp",),
    "list_apply": ("[a for a in b]",),
    "list_filter": ("[a for a in b if a]",),
    "list_transform": ("[a for a in b]",),
    "list_value": ("[a]",),
    "map": ("map {'a': b}",),
    "regexp_full_match": ("a similar to b",),
    "row": ("(a, b)",),
    "struct_pack": ("{'a': b}",),
    "timezone": ("a at time zone b",),
}
"""What else an engine takes for a call of a function."""
TOO_PLAIN = (exp.Anonymous, exp.Column, exp.Identifier, exp.Literal, exp.Paren, exp.Query, exp.Star)
"""Nodes that are no call, or that keep the name as written."""

Overrides = Mapping[type[exp.Expr], tuple[str, ...]]
"""Node -> the project's own functions whose calls it may stand for."""


def overrides(names: Collection[str], dialect: str) -> Overrides:
    """The nodes in which calls of these functions may come."""
    found: dict[type[exp.Expr], tuple[str, ...]] = {}
    for name in sorted(names):
        for node in nodes_of(name, dialect):
            found[node] = (*found.get(node, ()), name)
    return found


@cache
def nodes_of(name: str, dialect: str) -> frozenset[type[exp.Expr]]:
    """The nodes that calls of one function or operator parse to, where they lose its name."""
    nodes: set[type[exp.Expr]] = set()
    for text in _calls(name):
        try:
            trees = parse(f"select {text}", dialect)
        except ValueError:
            continue
        if len(trees) == 1 and isinstance(trees[0], exp.Select) and len(trees[0].expressions) == 1:
            call = trees[0].expressions[0]
            if not isinstance(call, (*TOO_PLAIN, exp.Alias)):
                nodes.add(type(call))
    return frozenset(nodes)


def _calls(name: str) -> Iterator[str]:
    yield from OTHER_SPELLINGS.get(name, ())
    if not re.fullmatch(r"\w+", name):
        yield f"a {name} b"
        yield f"{name} a"
        return
    yield name
    for count in range(MOST_ARGUMENTS + 1):
        yield f"{name}({', '.join('abcd'[:count])})"
