"""One item of a select list as one column."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.expressions.columns import item_at
from pii_lint.lineage.expressions.natures import fitting, nature
from pii_lint.lineage.schemas import Schema
from pii_lint.lineage.scopes import Column, Scope, fold
from pii_lint.lineage.values import bounded, stamp
from pii_lint.lineage.walk import Walk

from .output_names import output_name


def output_column(walk: Walk, item: exp.Expr, scope: Scope) -> Column:
    """What the item holds under the name that it gets."""
    aliased = isinstance(item, exp.Alias)
    inner = item.args["this"] if aliased else item
    name, quoted = output_name(walk, item)
    if isinstance(item, exp.PositionalColumn) and item.name.isdigit():
        meant = item_at(int(item.name), scope)
        name = meant.name if isinstance(meant, Column) else name
    walk.column = name
    if aliased:
        walk.met(item.args.get("alias"))
    content = bounded(value(walk, inner, scope))
    span = walk.span
    content = stamp(content, span, over=not isinstance(inner, exp.Column))
    key = name.lower()
    scope.pending.pop(key, None)
    scope.aliases.setdefault(key, content)
    schema: Schema = None
    if walk.dialect == "duckdb" and (walk.natures or not _unremarkable(inner, scope)):
        schema = fitting(nature(inner, scope), content)
        walk.natures = walk.natures or schema is not None
        scope.schemas.setdefault(key, schema)
    exact = fold(name, quoted, walk.dialect)
    return Column(key, name, exact, content, span=span, schema=schema)


def _unremarkable(e: exp.Expr, scope: Scope) -> bool:
    """True for a plain column, while no column is known to be a list or a struct."""
    if type(e) is not exp.Column or type(e.args["this"]) is not exp.Identifier:
        return False
    return e.args.get("table") is not None or scope.source(e.name.lower()) is None
