"""`values (…), (…)`."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.scopes import Relation, Scope
from pii_lint.lineage.summary import OPTIONAL
from pii_lint.lineage.values import Value, alternatives
from pii_lint.lineage.walk import Walk

from .relations import column

STEMS = {
    "duckdb": "col",
    "bigquery": "f",
    "trino": "_col",
    "spark": "col",
    "databricks": "col",
}
"""What engines call the columns that nobody named, a number behind; `column` elsewhere."""
FROM_ZERO = ("duckdb", "trino")


def rows_of_values(walk: Walk, node: exp.Values, scope: Scope) -> Relation:
    """VALUES: each position is a copy of what any row holds there."""
    contents: list[list[Value]] = []
    for row in node.expressions:
        for i, cell in enumerate(row.expressions if isinstance(row, exp.Tuple) else [row]):
            if i == len(contents):
                contents.append([])
            contents[i].append(value(walk, cell, scope))
    stem = STEMS.get(walk.dialect, "column")
    first = 0 if walk.dialect in FROM_ZERO else 1
    return Relation(
        [column(f"{stem}{i}", alternatives(v, OPTIONAL)) for i, v in enumerate(contents, first)]
    )
