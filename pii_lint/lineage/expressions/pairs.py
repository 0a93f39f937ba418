"""Pairs of a key and a value, of which a condition asks for one key."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.values import Value, flat, of_keys

from .columns import identifiers
from .conditions import conjuncts


def asked_keys(condition: exp.Expr) -> Iterator[tuple[exp.Column, list[str]]]:
    """The columns called `key` that a condition holds to literals, each with those."""
    for node in conjuncts(condition):
        sides = (node.this, *_others(node))
        columns = [side for side in sides if isinstance(side, exp.Column)]
        texts = [s.name.lower() for s in sides if isinstance(s, exp.Literal) and s.is_string]
        alone = len(columns) == 1 and len(texts) == len(sides) - 1
        if alone and columns[0].name.lower() == "key":
            yield columns[0], texts


def _others(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.EQ):
        return [node.expression]
    return node.expressions if isinstance(node, exp.In) and not node.args.get("query") else []


def where_asked(condition: exp.Expr, result: exp.Expr, content: Value) -> Value:
    """`case when p.key = 'page' then p.value …`: the value is of that key alone."""
    if not any("value" in ref.path for ref, _ in flat(content)):
        return content
    if result.find(*_OTHER_ROWS) is not None:
        return content
    for column, keys in asked_keys(condition):
        roots = {_root(other) for other in result.find_all(exp.Column)}
        if column.table and roots == {_root(column)}:
            return of_keys(content, keys)
    return content


_OTHER_ROWS = (exp.Window, exp.AggFunc, exp.Query, exp.Anonymous)
"""What may read other rows than the one that the condition is about."""


def _root(column: exp.Column) -> str:
    """The outermost part of a name: of `p.value.text` and of `p.key` it is `p`."""
    parts = identifiers(column)
    return parts[0].name.lower() if parts else ""
