"""Rows that are pairs of a key and a value, of which a condition asks for one key."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.expressions.pairs import asked_keys
from pii_lint.lineage.scopes import Column, Item, Relation, Scope, Source, Tail
from pii_lint.lineage.summary import ENTRY
from pii_lint.lineage.values import of_keys
from pii_lint.lineage.walk import Walk


def narrow(walk: Walk, e: exp.Select, scope: Scope) -> None:
    """`from unnest(params) where key = 'page'`: the values are those of that key alone."""
    for source in scope.sources if walk.dialect == "bigquery" else ():
        if any(_are_pairs(item) for item in source.relation.items):
            keys = next(_keys(e, source), None)
            source.relation = source.relation if keys is None else _narrowed(source.relation, keys)


def _narrowed(relation: Relation, keys: list[str]) -> Relation:
    items: list[Item] = []
    for item in relation.items:
        content = of_keys(item.value, keys)
        if isinstance(item, Column):
            items.append(item.having(content))
        else:
            items.append(Tail(item.read, item.hidden, content))
    return Relation(items, certain=relation.certain, rows=relation.rows, scalar=relation.scalar)


def _keys(e: exp.Select, source: Source) -> Iterator[list[str]]:
    for condition in _conditions(e, source):
        for column, keys in asked_keys(condition):
            if column.table.lower() in {"", *_names(source)}:
                yield keys


def _are_pairs(item: Item) -> bool:
    return any(ref.path[-1:] == (ENTRY,) for ref, _ in item.value.edges)


def _conditions(e: exp.Select, source: Source) -> Iterator[exp.Expr]:
    """What each row of the source fulfils, or is null throughout."""
    where = e.args.get("where")
    if where is not None:
        yield where.this
    for node in e.args.get("joins") or ():
        inward = node.side.upper() in ("", "LEFT") and node.kind.upper() in ("", "INNER", "OUTER")
        on = node.args.get("on")
        if on is not None and inward and _names_of(node.this) & _names(source):
            yield on


def _names(source: Source) -> set[str]:
    """What the source goes by; BigQuery's parser takes the alias of `unnest` for a column."""
    return {source.key, *(column.key for column in source.relation.columns)} - {""}


def _names_of(node: exp.Expr) -> set[str]:
    alias = node.args.get("alias")
    columns = alias.args.get("columns") or () if isinstance(alias, exp.TableAlias) else ()
    return {node.alias_or_name.lower(), *(name.name.lower() for name in columns)}
