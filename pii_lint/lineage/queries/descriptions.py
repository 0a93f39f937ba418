"""DuckDB's `summarize` and `describe`: a relation as figures about its columns."""

from __future__ import annotations

from pii_lint.lineage.expressions.columns import item_value
from pii_lint.lineage.scopes import Relation
from pii_lint.lineage.summary import Fold, Signal
from pii_lint.lineage.tables.relations import column
from pii_lint.lineage.values import NOTHING, apply, union

DESCRIBED = ("column_name", "column_type", "null", "key", "default", "extra")


def summarized(relation: Relation) -> Relation:
    """Extremes and quartiles are values, the rest are figures about them."""
    whole = union(item_value(item) for item in relation.items)
    counted = apply(whole, Signal("count"))
    statistic = apply(whole, Fold(frozenset(), numeric=True))
    contents = {
        "column_name": NOTHING,
        "column_type": NOTHING,
        "min": whole,
        "max": whole,
        "approx_unique": counted,
        "avg": statistic,
        "std": statistic,
        "q25": whole,
        "q50": whole,
        "q75": whole,
        "count": NOTHING,
        "null_percentage": counted,
    }
    return Relation(
        [column(name, content) for name, content in contents.items()], rows=relation.rows
    )


def described() -> Relation:
    """Names and types alone."""
    return Relation([column(name, NOTHING) for name in DESCRIBED])
