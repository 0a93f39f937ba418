"""The alias behind an item of FROM, and the column list behind that."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.lineage.expressions.calls import function_name
from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.expressions.generators import RECORDS
from pii_lint.lineage.expressions.paths import as_scalar
from pii_lint.lineage.scopes import Column, Item, Relation, Source, Tail, fold
from pii_lint.lineage.values import Value, descend, union
from pii_lint.lineage.walk import Walk

from .functions import called
from .relations import column

NAMES_ALL = ("athena", "trino")
"""Engines to which a column list behind `unnest` is no list unless it names every column."""


def aliased(walk: Walk, node: exp.Expr, relation: Relation) -> Source:
    """The item's relation under the names that it goes by."""
    alias = node.args.get("alias")
    name = _name(node, alias)
    if relation.scalar and not relation.find("value") and name:
        # the one column that a function doesn't name goes by the alias
        relation.items[0] = column(name, item_value(relation.items[0]))
    if not (isinstance(alias, exp.TableAlias) and alias.args.get("columns")):
        return Source(name, relation)
    names = alias.args["columns"]
    if _is_row_alias(walk, node, relation):
        # BigQuery's `unnest(…) as e`
        return Source(names[0].name.lower() if alias.this is None else name, relation)
    if _makes_records(node):
        return Source(name, _record(relation, names))
    relation = renamed(walk, relation, names)
    if isinstance(node, exp.Unnest) and walk.dialect in NAMES_ALL:
        relation = Relation([*relation.columns], rows=relation.rows)
    return Source(name, relation)


def _name(node: exp.Expr, alias: exp.Expr | None) -> str:
    if isinstance(alias, exp.TableAlias) and alias.this is not None:
        return str(alias.name).lower()
    if isinstance(node, exp.Table | exp.Lateral) and isinstance(node.this, exp.Func):
        return called(node.this)
    if isinstance(node, exp.Table):
        return str(node.name).lower()
    return "unnest" if isinstance(node, exp.Unnest) else ""


def _is_row_alias(walk: Walk, node: exp.Expr, relation: Relation) -> bool:
    """True where what seems a column list names the whole row, a struct of an array."""
    bigquery = isinstance(node, exp.Unnest) and walk.dialect == "bigquery"
    return bigquery and not relation.find("unnest")


def _makes_records(node: exp.Expr) -> bool:
    call = node.this if isinstance(node, exp.Table) else None
    return isinstance(call, exp.Func) and function_name(call).endswith(RECORDS)


def _record(relation: Relation, names: list[exp.Expr]) -> Relation:
    """PostgreSQL's `jsonb_to_record(x) as t(a text, b text)`: the column list names the keys."""
    whole = item_value(relation.items[0])
    items: list[Item] = [
        column(name.name, as_scalar(descend(whole, name.name.lower()))) for name in names
    ]
    return Relation(items, rows=relation.rows)


def renamed(walk: Walk, relation: Relation, names: list[exp.Expr]) -> Relation:
    """Columns named by a list, by position."""
    rest = relation.items
    loose = union(item_value(item) for item in rest[relation.certain :])
    if relation.certain == len(rest) < len(names):
        # more names than columns: one of them wasn't understood
        loose = relation.row()
    items: list[Item] = []
    for i, name in enumerate(names):
        same = rest[i] if i < relation.certain else None
        items.append(_renamed(walk, same, name, loose))
    certain = len(names)
    if len(names) < relation.certain:
        items += rest[len(names) :]
        certain = relation.certain
        if walk.dialect == "duckdb":
            items += _counted_anew(rest, len(names))
    elif relation.certain < len(rest):
        items.append(Tail(None, value=loose))
    return Relation(
        items,
        certain=certain,
        rows=relation.rows,
        filtered=relation.filtered,
        pinned=relation.pinned,
        scalar=relation.scalar,
    )


def _renamed(walk: Walk, item: Item | None, name: exp.Expr, loose: Value) -> Column:
    """The item under a new name; where its position isn't certain, whatever may stand there."""
    identifier = name if isinstance(name, exp.Identifier) else name.find(exp.Identifier)
    text = identifier.name if identifier is not None else name.name
    quoted = bool(identifier.args.get("quoted")) if identifier is not None else False
    content = item_value(item) if item is not None else loose
    renamed_ = Column(text.lower(), text, fold(text, quoted, walk.dialect), content)
    if isinstance(item, Column):
        renamed_.schema = item.schema
    return renamed_


def _counted_anew(items: list[Item], first: int) -> Iterator[Tail]:
    """DuckDB counts equal names of a query or view (`id`, `id_1`) after some of them were renamed,
    those of a table before: the rest may go by either name."""
    keys = {item.key for item in items if isinstance(item, Column)}
    doubtful = [
        item.value
        for item in items[first:]
        if isinstance(item, Column)
        and (stem := item.key.rstrip("0123456789")).endswith("_")
        and stem[:-1] in keys
    ]
    if doubtful:
        yield Tail(None, value=union(doubtful))
