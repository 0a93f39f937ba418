"""Parentheses around tables and joins, which are no query of their own."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp


def is_parenthesis(node: exp.Expr) -> bool:
    """True for parentheses around tables and joins."""
    inside = node.this if isinstance(node, exp.Subquery) else None
    if isinstance(inside, exp.Subquery):
        return bool(inside.alias or inside.args.get("joins")) or is_parenthesis(inside)
    return isinstance(inside, exp.Table)


def joins_within(node: exp.Expr) -> Iterator[exp.Join]:
    """All joins whose sources this FROM item brings in."""
    if is_parenthesis(node) and not node.alias:
        yield from joins_within(node.this)
    for item in joins_behind(node):
        yield item
        yield from joins_within(item.this)


def joins_behind(node: exp.Expr) -> list[exp.Join]:
    """The joins that stand right behind an item: in parentheses, and where FROM stands first."""
    # those of a select are its own
    return [] if isinstance(node, exp.Select) else node.args.get("joins") or []
