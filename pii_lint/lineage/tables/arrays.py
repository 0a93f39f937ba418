"""Arrays opened into rows: `unnest(…)`, ClickHouse's `array join`, PartiQL's `t.list at i`."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.expressions.natures import lists_rows
from pii_lint.lineage.scopes import Item, Relation, Scope, Tail
from pii_lint.lineage.summary import TRANSFORM
from pii_lint.lineage.values import NOTHING, Value, flow, opened, places, union
from pii_lint.lineage.walk import Walk, values

from .relations import column, counted

PLAIN_ARRAYS = (
    exp.GenerateDateArray, exp.GenerateSeries, exp.GenerateTimestampArray, exp.JSONExtractArray,
    exp.JSONKeysAtDepth, exp.JSONValueArray, exp.RegexpExtractAll, exp.Split,
)  # fmt: skip
"""What makes arrays whose elements are no structs."""
ALIAS_IS_COLUMN = ("postgres", "redshift")
"""Engines in which an alias behind `unnest` names its column, too."""


def unnest(walk: Walk, node: exp.Unnest, scope: Scope) -> Relation:
    """UNNEST: a column an array, and the fields of structs where the engine has them named."""
    inputs = values(walk, node.expressions, scope)
    whole = union(inputs)
    rows = counted(whole)
    bigquery = walk.dialect == "bigquery"
    if bigquery and len(inputs) == 1 and whole.fields:
        # the rows of an array of structs are its structs
        items: list[Item] = [
            column(key, union((v, Value(whole.edges)))) for key, v in whole.fields.items()
        ]
    elif walk.dialect in SPREADING and all(_rows(e, scope) for e in node.expressions):
        fields = [field for v in inputs for field in (v.fields or {}).values()]
        items = _elements("field", [union((v, Value(whole.edges))) for v in fields])
        whole = Value(whole.edges)
    else:
        items = _elements(_name(walk, node), [opened(v) for v in inputs] if bigquery else inputs)
    offset = node.args.get("offset")
    if isinstance(offset, exp.Expr):
        items.append(column(offset.name, places(rows)))
    elif offset:
        items.append(column("ordinality", places(rows)))
    certain = len(items)
    if bigquery and all(isinstance(e, PLAIN_ARRAYS) for e in node.expressions):
        return Relation(items, rows=rows, scalar=not offset)
    # the fields of an unnested struct may be named without its column, but not on DuckDB
    if walk.dialect != "duckdb" and (whole.edges or (whole.fields and not bigquery)):
        items.append(Tail(None, value=opened(whole)))
    return Relation(items, certain=certain, rows=rows)


SPREADING = frozenset({"athena", "presto", "trino"})
"""Engines that open an array of rows into a column a field."""


def _rows(e: exp.Expr, scope: Scope) -> bool:
    """True for an array of rows, with names or without, that is written out."""
    if not isinstance(e, exp.Array):
        return lists_rows(e, scope)
    structs = (exp.Struct,)
    return bool(e.expressions) and all(
        isinstance(item.this.unnest() if isinstance(item, exp.Cast) else item.unnest(), structs)
        for item in e.expressions
    )


def _name(walk: Walk, node: exp.Unnest) -> str:
    alias = node.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.this is not None:
        return alias.name if walk.dialect in ALIAS_IS_COLUMN else "unnest"
    return "unnest"


def _elements(name: str, inputs: list[Value]) -> list[Item]:
    return [column(f"{name}_{i}" if i else name, v) for i, v in enumerate(inputs)]


def array_join(walk: Walk, node: exp.Join, scope: Scope) -> Relation:
    """ClickHouse's `array join list as element`; a list without an alias keeps its name."""
    lists = [item for item in (node.this, *node.expressions) if isinstance(item, exp.Expr)]
    contents = values(walk, lists, scope)
    named = [(item, v) for item, v in zip(lists, contents, strict=True) if item.alias]
    items: list[Item] = [column(item.alias, content) for item, content in named]
    return Relation(items, rows=counted(union(contents)))


def navigated(walk: Walk, node: exp.AtIndex, scope: Scope, *, keyed: bool) -> Relation:
    """PartiQL's `t.list as element at i`, and `unpivot t.object as value at key`."""
    content = value(walk, node.this, scope)
    place = flow(content, TRANSFORM) if keyed else NOTHING
    items: list[Item] = [column(node.this.alias, content), column(node.expression.name, place)]
    return Relation(items, rows=counted(content))
