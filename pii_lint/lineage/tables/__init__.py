"""FROM: the sources that its items and joins bring in. Each file beside this one reads one sort of
item; what holds other items is read here."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.names import one_row
from pii_lint.lineage.scopes import Relation, Scope, Source
from pii_lint.lineage.sql import parse_name
from pii_lint.lineage.values import places
from pii_lint.lineage.walk import Walk

from .aliases import aliased, renamed
from .arrays import array_join, navigated, unnest
from .functions import table_function
from .joins import joined
from .laterals import lateral
from .named import named
from .parentheses import is_parenthesis, joins_behind
from .pivots import pivoted
from .relations import column, opaque
from .stored import stored
from .values_list import rows_of_values

__all__ = ["join", "pivot_statement", "sources"]


def sources(walk: Walk, node: exp.Expr, scope: Scope) -> list[Source]:
    """The sources that one FROM item brings in. A parenthesised join brings several."""
    if isinstance(node, exp.Final):
        # ClickHouse merges the rows of one key: nobody's value changes
        return sources(walk, node.this, scope)
    if is_parenthesis(node) and not node.alias:
        return _with_joins(walk, node, _inside(walk, node.this, scope), scope)
    opened = node.this if isinstance(node, exp.Pivot) else node
    if isinstance(opened, exp.AtIndex):
        return [Source("", navigated(walk, opened, scope, keyed=node is not opened))]
    source = aliased(walk, node, _numbered(node, _relation(walk, node, scope)))
    for pivot in node.args.get("pivots") or ():
        _pivot(walk, source, pivot, scope)
    sample = node.args.get("sample")
    if sample is not None:
        source.relation = _sampled(source.relation, sample)
    return _with_joins(walk, node, [source], scope)


def join(walk: Walk, node: exp.Join, scope: Scope) -> None:
    """Add a join's sources to the scope."""
    left = list(scope.sources)
    if node.kind.upper() == "ARRAY":
        scope.sources = [*left, Source("", array_join(walk, node, scope))]
        return
    right = sources(walk, node.this, scope)
    scope.sources = [*left, *right]
    joined(node, left, right, scope)
    for pivot in node.args.get("pivots") or ():
        right[-1].relation = pivoted(walk, right[-1].relation, pivot, scope)


def _with_joins(walk: Walk, node: exp.Expr, found: list[Source], scope: Scope) -> list[Source]:
    """The item's sources and those of the joins right behind it."""
    joins = joins_behind(node)
    if not joins:
        return found
    inner = Scope(parent=scope, ctes=scope.ctes, sources=found)
    for item in joins:
        join(walk, item, inner)
    scope.merged.update(inner.merged)
    return inner.sources


def _inside(walk: Walk, node: exp.Expr, scope: Scope) -> list[Source]:
    inner = Scope(parent=scope)
    inner.sources = sources(walk, node, inner)
    scope.merged.update(inner.merged)
    return inner.sources


def _relation(walk: Walk, node: exp.Expr, scope: Scope) -> Relation:
    if isinstance(node, exp.Table):
        return named(walk, node, scope)
    if isinstance(node, exp.Subquery | exp.Query):
        if is_parenthesis(node):
            return _parenthesised(walk, node, scope)
        return walk.query(walk, node, Scope(parent=scope, siblings=True))
    if isinstance(node, exp.Lateral):
        return lateral(walk, node, scope)
    if isinstance(node, exp.Unnest):
        return unnest(walk, node, scope)
    if isinstance(node, exp.Values):
        return rows_of_values(walk, node, scope)
    if isinstance(node, exp.TableFromRows):
        if isinstance(node.this, exp.Literal):
            return stored(walk, parse_name(node.this.name, walk.dialect))
        return _relation(walk, node.this, scope)
    if isinstance(node, exp.Func):
        return table_function(walk, node, scope)
    if isinstance(node, exp.Pivot):
        return pivot_statement(walk, node, scope)
    return opaque(walk, f"{type(node).__name__} in FROM is not understood")


def _parenthesised(walk: Walk, node: exp.Expr, scope: Scope) -> Relation:
    """A join in parentheses under one alias: a query of all its columns."""
    whole = exp.Select(expressions=[exp.Star()], from_=exp.From(this=node.this))
    relation = walk.query(walk, whole, Scope(parent=scope, siblings=True))
    node.this.parent = node
    return relation


def pivot_statement(walk: Walk, node: exp.Pivot, scope: Scope) -> Relation:
    """DuckDB's `pivot t on …` and `unpivot t on …`."""
    inner = Scope(parent=scope)
    inner.sources = sources(walk, node.this, inner)
    return pivoted(walk, inner.sources[0].relation, node, scope)


def _pivot(walk: Walk, source: Source, node: exp.Pivot, scope: Scope) -> None:
    """A pivot behind an item, which may have an alias of its own."""
    source.relation = pivoted(walk, source.relation, node, scope)
    alias = node.args.get("alias")
    if isinstance(alias, exp.TableAlias):
        source.key = alias.name.lower() or source.key
        if alias.args.get("columns"):
            source.relation = renamed(walk, source.relation, alias.args["columns"])


def _numbered(node: exp.Expr, relation: Relation) -> Relation:
    """`with ordinality` behind a function: one more column, which counts the rows."""
    if not isinstance(node, exp.Table) or not node.args.get("ordinality"):
        return relation
    items = [*relation.items, column("ordinality", places(relation.rows))]
    certain = len(items) if relation.certain == len(relation.items) else relation.certain
    return Relation(items, certain=certain, rows=relation.rows, scalar=relation.scalar)


def _sampled(relation: Relation, sample: exp.Expr) -> Relation:
    return Relation(
        relation.items,
        certain=relation.certain,
        rows=relation.rows,
        filtered=True,
        pattern=relation.pattern,
        pinned=relation.pinned | one_row(sample.args.get("size"), relation.rows),
    )
