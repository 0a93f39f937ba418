"""DuckDB's `query_table('…')` and `query('…')`: a relation and a query given as text."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.scopes import Relation, Tail
from pii_lint.lineage.sql import quoted_query, quoted_relations
from pii_lint.lineage.summary import Edges
from pii_lint.lineage.values import merge, union
from pii_lint.lineage.walk import Walk

from .relations import opaque
from .stored import stored


def query_table(walk: Walk, call: exp.Expr) -> Relation:
    """The relation that a literal names; all columns of several run together."""
    relations = [stored(walk, name) for name in quoted_relations(call)]
    arg = call.expressions[0] if call.expressions else None
    if not relations or not isinstance(arg, exp.Literal | exp.Array):
        return opaque(walk, "query_table names its relation at run time")
    if len(relations) == 1:
        return relations[0]
    rows: Edges = {}
    for relation in relations:
        merge(rows, relation.rows)
    everything = union(relation.row() for relation in relations)
    return Relation([Tail(None, value=everything)], certain=0, rows=rows)


def query_text(walk: Walk, call: exp.Expr) -> Relation:
    """What the query in a literal gives."""
    trees = quoted_query(call, walk.dialect)
    if trees:
        outer, written = walk.text, call.expressions[0].name
        # places in the literal's text are none in that around it
        walk.text = None if "\\" in written else written.casefold()
        relation = walk.query(walk, trees[0], None)
        walk.text = outer
        return relation
    return opaque(walk, "query() runs SQL that is made at run time")
