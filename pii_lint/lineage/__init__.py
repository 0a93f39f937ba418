"""One compiled query in, its symbolic summary out. Blind to labels; the only room that knows
sqlglot."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec

from .expressions import value
from .expressions.natures import fitting
from .floors import Mentions, lines
from .overrides import Overrides, overrides
from .queries import query
from .schemas import paths_of
from .scopes import Column, Item, Relation, Scope, Source, Tail, fold
from .snippets import snippet
from .sql import dialect_of, excerpt, mention, parse, parse_name, relations_in
from .summary import Edges, Ref, RelationName, Shape, ShapeColumn, Summary, SummaryColumn
from .values import NOTHING, Value, flat, merge, named
from .walk import Shapes, Walk

__all__ = [
    "OWN_FAULT",
    "Overrides",
    "Query",
    "RelationName",
    "Shapes",
    "dialect_of",
    "excerpt",
    "fold",
    "mention",
    "overrides",
    "parse_name",
    "read",
    "searchable",
    "snippet",
    "summarize",
]


DEEPEST_WALK = 10_000
"""Python frames a walk may stand deep; a query inside a query takes about seven."""


class Query:
    """A parsed query. `text` is what of its SQL is searchable; None for a tree that was put
    together."""

    __slots__ = ("_dialect", "text", "tree")

    def __init__(self, tree: exp.Expr, dialect: str, text: str | None = None) -> None:
        self.tree = tree
        self._dialect = dialect
        self.text = text

    @property
    def relations(self) -> tuple[RelationName, ...]:
        """The names it may read; CTE names among them bind to nothing."""
        return tuple(dict.fromkeys(relations_in(self.tree, self._dialect)))


OWN_FAULT = "pii-lint itself failed on the query"
"""Begins the reason where it isn't the SQL that is to blame."""


def searchable(sql: str) -> str | None:
    """A text, case folded, in which any name that it uses can be found as a word; None where
    escapes may spell one otherwise."""
    return None if "\\" in sql else sql.casefold()


def read(sql: str, dialect: str) -> Query:
    """Parse one query. Raises ValueError with a literal-free reason where it isn't one."""
    trees = [tree for tree in parse(sql, dialect) if not isinstance(tree, exp.Semicolon)]
    if not trees:
        raise ValueError("the compiled code holds no SQL")
    if len(trees) > 1:
        raise ValueError("the compiled code holds more than one statement")
    return Query(trees[0], dialect, searchable(sql))


def summarize(
    parsed: Query,
    dialect: str,
    functions: Mapping[str, FunctionSpec],
    shapes: Shapes,
    parameters: tuple[str, ...] = (),
    own: Overrides | None = None,
) -> Summary:
    """Walk a query once. Whatever isn't understood becomes an unknown beside every label that went
    in. `parameters` are names that a call of it fills in; `own` are nodes that may stand for calls
    of the project's own functions."""
    walk = Walk(dialect, functions, shapes, value, query, parsed.text, own or {})
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, DEEPEST_WALK))
    try:
        relation = query(walk, parsed.tree, _outer(parameters))
        return _summary(walk, relation, lines(parsed.tree))
    except RecursionError:
        raise ValueError("the SQL is nested too deeply to follow") from None
    except (AttributeError, LookupError, TypeError) as error:
        # a fault of ours in one query may not cost the verdict on all others
        raise ValueError(f"{OWN_FAULT} ({type(error).__name__}): please report it") from error
    finally:
        sys.setrecursionlimit(usual)


def _outer(parameters: tuple[str, ...]) -> Scope | None:
    if not parameters:
        return None
    columns: list[Item] = [Column(name.lower(), name, name, NOTHING) for name in parameters]
    return Scope(sources=[Source("", Relation(columns))])


def _summary(walk: Walk, relation: Relation, mentions: Mentions | None) -> Summary:
    columns: list[SummaryColumn] = []
    hidden: frozenset[str] | None = None
    tail: Edges | None = None
    for item in relation.items:
        if isinstance(item, Tail):
            tail = {} if tail is None else tail
            merge(tail, flat(item.whole()))
            hidden = item.hidden if hidden is None else hidden & item.hidden
            continue
        fields: dict[tuple[str, ...], Edges] = {}
        content = named(item.value)
        _fields(content, (), fields)
        schema = fitting(item.schema, content)
        # fields without names go by their places
        told = tuple((key,) for key in content.fields or ()) if schema == {} else paths_of(schema)
        shape = ShapeColumn(item.key, item.name, item.exact, isinstance(schema, list), told)
        columns.append(SummaryColumn(shape, content.edges, fields, item.span, item.named))
    return Summary(
        reads=walk.reads,
        columns=columns,
        tail=tail,
        shape=Shape(
            tuple(c.shape for c in columns),
            complete=tail is None,
            ordered=relation.certain >= len(columns),
            hidden=hidden or frozenset(),
        ),
        rows=relation.rows,
        filtered=relation.filtered,
        held=relation.pinned,
        unknowns=list(walk.unknowns),
        masks=list(walk.masks.values()),
        lines=_lines(columns, mentions),
    )


def _lines(columns: list[SummaryColumn], mentions: Mentions | None) -> dict[str, Ref]:
    if mentions is None:
        return {}
    found = {c.shape.key: mentions.straight(c.edges) for c in columns if not c.fields}
    return {key: ref for key, ref in found.items() if ref is not None}


def _fields(v: Value, path: tuple[str, ...], into: dict[tuple[str, ...], Edges]) -> None:
    for key, part in (v.fields or {}).items():
        if part.edges:
            into.setdefault((*path, key), {}).update(part.edges)
        _fields(part, (*path, key), into)
