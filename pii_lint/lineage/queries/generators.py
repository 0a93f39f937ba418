"""A generator in the select list under several names; a script that can do anything."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions.generators import default_names, spread_call
from pii_lint.lineage.scopes import Column, Scope, fold
from pii_lint.lineage.summary import TRANSFORM
from pii_lint.lineage.tables.relations import column
from pii_lint.lineage.values import flow, union
from pii_lint.lineage.walk import Walk, values


def generated(walk: Walk, item: exp.Expr, scope: Scope) -> list[Column] | None:
    """The columns of such an item; None for another."""
    if isinstance(item, exp.QueryTransform):
        return _transformed(walk, item, scope)
    call = item
    if isinstance(item, exp.Aliases):
        call, names = item.this, [alias.name for alias in item.args["expressions"]]
    else:
        names = default_names(call) if walk.dialect in ("spark", "databricks") else []
    if not names:
        return None
    contents = spread_call(walk, call, len(names), scope)
    return [
        Column(name.lower(), name, fold(name, False, walk.dialect), content)
        for name, content in zip(names, contents, strict=True)
    ]


def _transformed(walk: Walk, item: exp.QueryTransform, scope: Scope) -> list[Column]:
    """Hive's `transform(…) using '…'`."""
    schema = item.args.get("schema")
    names = [c.name for c in schema.expressions] if schema is not None else ["key", "value"]
    inside = flow(union(values(walk, item.expressions, scope)), TRANSFORM)
    lost = union((inside, walk.unknown("an external script transforms the rows")))
    return [column(name, lost) for name in names]
