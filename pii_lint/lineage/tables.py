"""FROM: tables, subqueries, table functions, VALUES, unnest, lateral views, pivots, joins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from sqlglot import exp

from .documents import rows_of_document
from .expressions import value
from .expressions.calls import arguments, function_name, spec_of
from .expressions.choices import chosen
from .expressions.columns import item_value
from .expressions.generators import default_names, spread_call
from .expressions.paths import accessed, as_scalar
from .names import one_row
from .scopes import Column, Item, Relation, Scope, Source, Tail, base, fold
from .sql import name_of, parse_name, quoted_query, quoted_relations
from .stars import chosen_columns, expand, is_star
from .summary import NULLABLE, OPTIONAL, TRANSFORM, Edges, Fold, RelationName, Signal, Test
from .values import NOTHING, Value, alternatives, apply, descend, flat, flow, merge, union
from .walk import Walk, values


def sources(walk: Walk, node: exp.Expr, scope: Scope) -> list[Source]:
    """The sources that one FROM item brings in. A parenthesised join brings several."""
    if isinstance(node, exp.Final):
        # ClickHouse merges the rows of one key: nobody's value changes
        return sources(walk, node.this, scope)
    if _is_parenthesis(node) and not node.alias:
        return _joined(walk, node, _joined_inside(walk, node.this, scope), scope)
    opened = node.this if isinstance(node, exp.Pivot) else node
    if isinstance(opened, exp.AtIndex):
        return [Source("", _navigated(walk, opened, scope, keyed=node is not opened))]
    relation = _numbered(node, _relation(walk, node, scope))
    alias = node.args.get("alias")
    name = _alias_name(node, alias)
    if relation.scalar and not relation.find("value") and name:
        # the one column that a function doesn't name goes by the alias
        relation.items[0] = column(name, item_value(relation.items[0]))
    if isinstance(alias, exp.TableAlias) and alias.args.get("columns"):
        record = _record(walk, node, alias.args["columns"], relation)
        bigquery = isinstance(node, exp.Unnest) and walk.dialect == "bigquery"
        structs = bigquery and not relation.find("unnest")
        if record is not None:
            relation = record
        elif not structs:
            relation = renamed(walk, relation, alias.args["columns"])
            if isinstance(node, exp.Unnest) and walk.dialect in NAMES_ALL:
                relation = Relation([*relation.columns], rows=relation.rows)
        if structs and alias.this is None:
            name = alias.args["columns"][0].name.lower()
    for pivot in node.args.get("pivots") or ():
        relation = pivoted(walk, relation, pivot, scope)
        pivot_alias = pivot.args.get("alias")
        if isinstance(pivot_alias, exp.TableAlias):
            name = pivot_alias.name.lower() or name
            if pivot_alias.args.get("columns"):
                relation = renamed(walk, relation, pivot_alias.args["columns"])
    sample = node.args.get("sample")
    if sample is not None:
        relation = Relation(
            relation.items,
            certain=relation.certain,
            rows=relation.rows,
            filtered=True,
            pattern=relation.pattern,
            pinned=relation.pinned | one_row(sample.args.get("size"), relation.rows),
        )
    return _joined(walk, node, [Source(name, relation)], scope)


def _navigated(walk: Walk, node: exp.AtIndex, scope: Scope, *, keyed: bool) -> Relation:
    """PartiQL's `t.list as element at i`, and `unpivot t.object as value at key`."""
    content = value(walk, node.this, scope)
    place = flow(content, TRANSFORM) if keyed else NOTHING
    items: list[Item] = [column(node.this.alias, content), column(node.expression.name, place)]
    return Relation(items, rows=dict(apply(content, Signal("count")).edges))


def _numbered(node: exp.Expr, relation: Relation) -> Relation:
    """`with ordinality` behind a function: one more column, which counts the rows."""
    if not isinstance(node, exp.Table) or not node.args.get("ordinality"):
        return relation
    items = [*relation.items, column("ordinality", NOTHING)]
    certain = len(items) if relation.certain == len(relation.items) else relation.certain
    return Relation(items, certain=certain, rows=relation.rows, scalar=relation.scalar)


def _joined(walk: Walk, node: exp.Expr, found: list[Source], scope: Scope) -> list[Source]:
    """The item's sources and those joined right behind it: in parentheses, and where FROM stands
    first."""
    if not node.args.get("joins") or isinstance(node, exp.Select):
        return found
    inner = Scope(parent=scope, ctes=scope.ctes, sources=found)
    for item in node.args["joins"]:
        join(walk, item, inner)
    scope.merged.update(inner.merged)
    return inner.sources


def _is_parenthesis(node: exp.Expr) -> bool:
    """True for parentheses around tables and joins, which are no query of their own."""
    inside = node.this if isinstance(node, exp.Subquery) else None
    if isinstance(inside, exp.Subquery):
        return bool(inside.alias or inside.args.get("joins")) or _is_parenthesis(inside)
    return isinstance(inside, exp.Table)


def joins_within(node: exp.Expr) -> Iterator[exp.Join]:
    """All joins whose sources this FROM item brings in."""
    if _is_parenthesis(node) and not node.alias:
        yield from joins_within(node.this)
    for item in node.args.get("joins") or () if not isinstance(node, exp.Select) else ():
        yield item
        yield from joins_within(item.this)


POSTGRES = ("postgres", "materialize", "redshift", "risingwave")
RECORDS = ("to_record", "to_recordset", "populate_record", "populate_recordset")


def _record(
    walk: Walk, node: exp.Expr, names: list[exp.Expr], relation: Relation
) -> Relation | None:
    """PostgreSQL's `jsonb_to_record(x) as t(a text, b text)`: the column list names the keys."""
    call = node.this if isinstance(node, exp.Table) else None
    if not isinstance(call, exp.Func) or not function_name(call).endswith(RECORDS):
        return None
    whole = item_value(relation.items[0])
    items: list[Item] = []
    for name in names:
        key = name.name.lower()
        items.append(column(name.name, as_scalar(descend(whole, key))))
    return Relation(items, rows=relation.rows)


def _joined_inside(walk: Walk, inside: exp.Expr, scope: Scope) -> list[Source]:
    inner = Scope(parent=scope)
    inner.sources = sources(walk, inside, inner)
    scope.merged.update(inner.merged)
    return inner.sources


def _alias_name(node: exp.Expr, alias: exp.Expr | None) -> str:
    if isinstance(alias, exp.TableAlias) and alias.this is not None:
        return str(alias.name).lower()
    if isinstance(node, exp.Table):
        if isinstance(node.this, exp.Func):
            return _called(node.this)
        return str(node.name).lower()
    if isinstance(node, exp.Lateral) and isinstance(node.this, exp.Func):
        return _called(node.this)
    return "unnest" if isinstance(node, exp.Unnest) else ""


def _relation(walk: Walk, node: exp.Expr, scope: Scope) -> Relation:
    if isinstance(node, exp.Table):
        return _table(walk, node, scope)
    if isinstance(node, exp.Subquery | exp.Query):
        if _is_parenthesis(node):
            return _parenthesised(walk, node, scope)
        child = Scope(parent=scope, siblings=True)
        return walk.query(walk, node, child)
    if isinstance(node, exp.Lateral):
        return _lateral(walk, node, scope)
    if isinstance(node, exp.Unnest):
        return _unnest(walk, node, scope)
    if isinstance(node, exp.Values):
        return rows_of_values(walk, node, scope)
    if isinstance(node, exp.TableFromRows):
        if isinstance(node.this, exp.Literal):
            return _named(walk, parse_name(node.this.name, walk.dialect))
        return _relation(walk, node.this, scope)
    if isinstance(node, exp.Func):
        return table_function(walk, node, scope)
    if isinstance(node, exp.Pivot):
        return pivot_statement(walk, node, scope)
    return opaque(walk, f"{type(node).__name__} in FROM is not understood", values(walk, (), scope))


def _parenthesised(walk: Walk, node: exp.Expr, scope: Scope) -> Relation:
    """A join in parentheses under one alias: a query of all its columns."""
    whole = exp.Select(expressions=[exp.Star()], from_=exp.From(this=node.this))
    relation = walk.query(walk, whole, Scope(parent=scope, siblings=True))
    node.this.parent = node
    return relation


def opaque(walk: Walk, reason: str, inputs: Iterable[Value] = ()) -> Relation:
    """A relation that can't be seen into: whatever went in, and an unknown."""
    lost = walk.unknown(reason)
    whole = union((lost, *(flow(v, TRANSFORM) for v in inputs)))
    return Relation([Tail(None, value=whole)], certain=0, rows=apply(whole, Signal("filter")).edges)


def _table(walk: Walk, node: exp.Table, scope: Scope) -> Relation:
    name = name_of(node)
    if name is None and not isinstance(node.this, exp.Func):
        return _rows_from(walk, node, scope)
    if name is None:
        return table_function(walk, node.this, scope)
    if len(name.parts) == 1:
        cte = scope.cte(name.parts[0][0].lower())
        if cte is not None:
            return cte
    walk.met(node.this)
    return _named(walk, name)


def _rows_from(walk: Walk, node: exp.Table, scope: Scope) -> Relation:
    """PostgreSQL's `rows from (f(…), g(…))`: the columns of all, side by side."""
    items: list[Item] = []
    rows: Edges = {}
    for call in node.args.get("rows_from") or ():
        inner = call.this if isinstance(call, exp.Table | exp.Alias) else call
        if not isinstance(inner, exp.Func):
            return opaque(walk, "a function in ROWS FROM is not understood")
        relation = table_function(walk, inner, scope)
        items += [item for item in relation.items if isinstance(item, Column)]
        merge(rows, relation.rows)
    if not items:
        return opaque(walk, "a relation without a name is not understood")
    return Relation(items, rows=rows)


def _named(walk: Walk, name: RelationName) -> Relation:
    walk.reads[name.key] = name
    shape = walk.shapes(name)
    if shape is None:
        return opaque(walk, f"relation {name.key} is not in the manifest")
    walk.natures = walk.natures or any(column.listed for column in shape.columns)
    return base(name.key, shape)


def renamed(walk: Walk, relation: Relation, names: list[exp.Expr]) -> Relation:
    """Columns named by a list, by position."""
    items: list[Item] = []
    rest = relation.items
    loose = union(item_value(item) for item in rest[relation.certain :])
    if relation.certain == len(rest) < len(names):
        # more names than columns: one of them wasn't understood
        loose = relation.row()
    for i, name in enumerate(names):
        identifier = name if isinstance(name, exp.Identifier) else name.find(exp.Identifier)
        text = identifier.name if identifier is not None else name.name
        quoted = bool(identifier.args.get("quoted")) if identifier is not None else False
        content = item_value(rest[i]) if i < relation.certain else loose
        same = rest[i] if i < relation.certain else None
        listed = isinstance(same, Column) and same.listed
        exact = fold(text, quoted, walk.dialect)
        struct = isinstance(same, Column) and same.struct
        items.append(Column(text.lower(), text, exact, content, listed=listed, struct=struct))
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


# --- functions and literals as relations ---------------------------------------------------------


def column(name: str, content: Value) -> Column:
    """A column that the engine names."""
    return Column(name.lower(), name, name, content)


PLAIN_ARRAYS = (
    exp.GenerateDateArray, exp.GenerateSeries, exp.GenerateTimestampArray, exp.JSONExtractArray,
    exp.JSONKeysAtDepth, exp.JSONValueArray, exp.RegexpExtractAll, exp.Split,
)  # fmt: skip
"""What makes arrays whose elements are no structs."""
NAMES_ALL = ("athena", "trino")
"""Engines to which a column list behind `unnest` is no list unless it names every column."""
FLATTENED = ("seq", "key", "path", "index", "value", "this")
JSON_ROWS = (
    "key",
    "value",
    "type",
    "atom",
    "id",
    "parent",
    "fullkey",
    "path",
    "rowid",
    "json",
    "root",
)


def table_function(walk: Walk, call: exp.Expr, scope: Scope) -> Relation:
    """A function in FROM. Its arguments go into every column."""
    name = _called(call)
    if name == "query_table":
        return _query_table(walk, call)
    if name == "query":
        return _query_text(walk, call)
    document = rows_of_document(walk, call, scope)
    if document is not None:
        return document
    args = [arg for _, arg in arguments(call)]
    inputs = [value(walk, arg, scope) for arg in args]
    paths = [k.expression for k in call.find_all(exp.Kwarg) if k.this.name.lower() == "path"]
    if paths:
        inputs = [accessed(walk, union(inputs[:1]), paths, scope)]
    elif "json" in name and len(args) == 2 and isinstance(args[1], exp.Literal):
        inputs = [accessed(walk, inputs[0], args[1:], scope)]
    whole = union(inputs)
    rows = dict(apply(whole, Signal("count")).edges)
    spec = spec_of(walk, call)
    cls = spec.cls if spec is not None else ""
    if cls == "series":
        return Relation([column(name, value(walk, call, scope))], rows=rows)
    if cls == "constant":
        return Relation([column(name, NOTHING), Tail(None)], certain=0)
    if cls in ("table", "keys", "access"):
        # its columns are its own, never fields of its arguments
        opened = flow(whole, TRANSFORM)
        if "flatten" in name or (walk.dialect == "snowflake" and isinstance(call, exp.Explode)):
            items: list[Item] = [
                column(c, whole if c in ("value", "this") else flow(whole, TRANSFORM))
                for c in FLATTENED
            ]
            return Relation(items, rows=rows)
        if name in ("json_tree", "each") or ("json" in name and "each" in name):
            named = JSON_ROWS[:2] if walk.dialect in POSTGRES else JSON_ROWS
            return Relation([column(c, whole) for c in named], rows=rows)
        if walk.dialect in POSTGRES and not name.endswith((*RECORDS, "unnest")):
            own = "value" if "array_elements" in name or name == "svals" else name
            return Relation([column(own, whole)], rows=rows, scalar=True)
        names = default_names(call) if walk.dialect in ("spark", "databricks") else []
        if names:
            contents = spread_call(walk, call, len(names), scope)
            items = [column(c, v) for c, v in zip(names, contents, strict=True)]
            return Relation(items, rows=rows)
        return Relation([column(name, whole), Tail(None, value=opened)], certain=1, rows=rows)
    reason = f"table function {name} reads something outside the manifest"
    if cls != "external":
        reason = f"table function {name} is not in the catalogue"
    return opaque(walk, reason, inputs)


def _called(call: exp.Expr) -> str:
    """The name of a function in FROM; `range` is `generate_series` to the parser, but for its
    end."""
    return "range" if call.args.get("is_end_exclusive") else function_name(call)


def _query_table(walk: Walk, call: exp.Expr) -> Relation:
    relations = [_named(walk, name) for name in quoted_relations(call)]
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


def _query_text(walk: Walk, call: exp.Expr) -> Relation:
    trees = quoted_query(call, walk.dialect)
    if trees:
        return walk.query(walk, trees[0], None)
    return opaque(walk, "query() runs SQL that is made at run time")


def rows_of_values(walk: Walk, node: exp.Values, scope: Scope) -> Relation:
    """VALUES: each position is a copy of what any row holds there."""
    width = 0
    contents: list[list[Value]] = []
    for row in node.expressions:
        cells = row.expressions if isinstance(row, exp.Tuple) else [row]
        width = max(width, len(cells))
        for i, cell in enumerate(cells):
            if i == len(contents):
                contents.append([])
            contents[i].append(value(walk, cell, scope))
    prefix = {
        "duckdb": "col",
        "bigquery": "f",
        "trino": "_col",
        "spark": "col",
        "databricks": "col",
    }
    first = 0 if walk.dialect in ("duckdb", "trino") else 1
    stem = prefix.get(walk.dialect, "column")
    return Relation(
        [
            column(f"{stem}{i + first}", alternatives(cells, OPTIONAL))
            for i, cells in enumerate(contents)
        ]
    )


def _unnest(walk: Walk, node: exp.Unnest, scope: Scope) -> Relation:
    inputs = values(walk, node.expressions, scope)
    whole = union(inputs)
    alias = node.args.get("alias")
    name = "unnest"
    if (
        isinstance(alias, exp.TableAlias)
        and alias.this is not None
        and walk.dialect in ("postgres", "redshift")
    ):
        name = alias.name
    items: list[Item] = [column(name, v) for v in inputs[:1]]
    items += [column(f"{name}_{i}", v) for i, v in enumerate(inputs[1:], 1)]
    if walk.dialect == "bigquery" and len(inputs) == 1 and whole.fields:
        # the rows of an array of structs are its structs
        items = [column(key, union((v, Value(whole.edges)))) for key, v in whole.fields.items()]
    offset = node.args.get("offset")
    if isinstance(offset, exp.Expr):
        items.append(column(offset.name, NOTHING))
    # the fields of an unnested struct may be named without its column, but not on DuckDB
    certain = len(items)
    rows = dict(apply(whole, Signal("count")).edges)
    if walk.dialect == "bigquery" and all(isinstance(e, PLAIN_ARRAYS) for e in node.expressions):
        return Relation(items, rows=rows, scalar=not offset)
    if walk.dialect != "duckdb" and (whole.edges or (whole.fields and walk.dialect != "bigquery")):
        items.append(Tail(None, value=whole))
    return Relation(items, certain=certain, rows=rows)


def _lateral(walk: Walk, node: exp.Lateral, scope: Scope) -> Relation:
    inside = node.this
    if isinstance(inside, exp.Subquery | exp.Query):
        return walk.query(walk, inside, Scope(parent=scope))
    if isinstance(inside, exp.Unnest):
        return _unnest(walk, inside, scope)
    if isinstance(inside, exp.Table):
        return _table(walk, inside, scope)
    document = rows_of_document(walk, inside, scope)
    if document is not None:
        return document
    relation = table_function(walk, inside, scope)
    alias = node.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.args.get("columns"):
        # LATERAL VIEW: the names stand for whatever the function gives
        names = alias.args["columns"]
        counted = 1 if node.args.get("ordinality") else 0
        contents = spread_call(walk, inside, len(names) - counted, scope) + [NOTHING] * counted
        items: list[Item] = [column(c.name, v) for c, v in zip(names, contents, strict=True)]
        return Relation(items, rows=relation.rows, scalar=relation.scalar)
    return relation


# --- joins ---------------------------------------------------------------------------------------


def join(walk: Walk, node: exp.Join, scope: Scope) -> None:
    """Add a join's sources to the scope."""
    left = list(scope.sources)
    if node.kind.upper() == "ARRAY":
        scope.sources = [*left, Source("", _array_join(walk, node, scope))]
        return
    new = sources(walk, node.this, scope)
    scope.sources = [*left, *new]
    side, kind = node.side.upper(), node.kind.upper()
    positional = node.method.upper() == "POSITIONAL"
    if node.method.upper() == "NATURAL":
        _merge_columns(walk, scope, left, new, _common(left, new))
    using = [name.name.lower() for name in node.args.get("using") or ()]
    if using:
        _merge_columns(walk, scope, left, new, using)
    if side in ("LEFT", "FULL") or positional:
        for source in new:
            source.how |= NULLABLE
    if side in ("RIGHT", "FULL") or positional:
        for source in left:
            source.how |= NULLABLE
    if kind in ("SEMI", "ANTI"):
        for source in new:
            source.visible = False
    for pivot in node.args.get("pivots") or ():
        new[-1].relation = pivoted(walk, new[-1].relation, pivot, scope)


def _array_join(walk: Walk, node: exp.Join, scope: Scope) -> Relation:
    """ClickHouse's `array join list as element`; a list without an alias keeps its name."""
    lists = [item for item in (node.this, *node.expressions) if isinstance(item, exp.Expr)]
    contents = values(walk, lists, scope)
    named = [(item, v) for item, v in zip(lists, contents, strict=True) if item.alias]
    items: list[Item] = [column(item.alias, content) for item, content in named]
    return Relation(items, rows=dict(apply(union(contents), Signal("count")).edges))


def _common(left: list[Source], right: list[Source]) -> list[str]:
    there = {c.key for source in left for c in source.relation.columns}
    return list(
        dict.fromkeys(c.key for source in right for c in source.relation.columns if c.key in there)
    )


def _merge_columns(
    walk: Walk, scope: Scope, left: list[Source], right: list[Source], keys: list[str]
) -> None:
    for key in keys:
        both: list[Value] = []
        for source in (*left, *right):
            known = source.relation.find(key)
            if known:
                both += [c.value for c in known]
            else:
                both += [v for tail in source.relation.tails if (v := tail.column(key)) is not None]
        for source in (*left, *right):
            if source.relation.find(key) or any(source.relation.tails):
                source.joint |= {key}
        before = scope.merged.get(key)
        scope.merged[key] = union((*both, before) if before is not None else both)
    for source in right:
        source.merged |= frozenset(keys)


# --- pivots --------------------------------------------------------------------------------------


def pivoted(walk: Walk, relation: Relation, node: exp.Pivot, scope: Scope) -> Relation:
    """PIVOT or UNPIVOT applied to a table."""
    inner = Scope(parent=scope, sources=[Source("", relation)])
    if node.args.get("unpivot"):
        return _unpivoted(walk, relation, node, inner)
    keys, choices = _pivot_keys(node)
    using = node.args.get("using")
    calls = [c for c in using or node.expressions if isinstance(c, exp.Expr)]
    group = node.args.get("group")
    used = {c.name.lower() for item in (*keys, *calls) for c in item.find_all(exp.Column)}
    kept: list[Item]
    if group is not None and group.expressions:
        grouped = {c.name.lower() for c in group.find_all(exp.Column)}
        kept = [item for item in relation.items if isinstance(item, Column) and item.key in grouped]
    else:
        hidden = frozenset(used)
        kept = [
            item.hiding(hidden) if isinstance(item, Tail) else item
            for item in relation.items
            if isinstance(item, Tail) or item.key not in used
        ]
    inner.group = frozenset(edge for item in kept for edge in flat(item_value(item)))
    decided = union(values(walk, keys, inner))
    folded = values(walk, calls, inner) or [apply(decided, Signal("count"))]
    items = list(kept)
    certain = min(relation.certain, len(kept))
    named = _pivot_names(node, calls, choices)
    if named:
        choice = chosen([decided], [], len(named))
        # the aggregates take turns for each choice
        contents = [union((folded[i % len(folded)], choice)) for i in range(len(named))]
        items += [column(name, content) for name, content in zip(named, contents, strict=True)]
        certain = len(items) if certain == len(kept) else certain
    else:
        items.append(Tail(None, value=union((*folded, decided))))
    rows = dict(relation.rows)
    merge(rows, apply(union(item_value(item) for item in kept), Signal("group")).edges)
    return Relation(items, certain=certain, rows=rows)


def _pivot_keys(node: exp.Pivot) -> tuple[list[exp.Expr], list[list[exp.Expr]] | None]:
    """The columns pivoted on, and the literals listed for each; None where any is computed."""
    keys: list[exp.Expr] = []
    choices: list[list[exp.Expr]] | None = []
    for item in node.args.get("fields") or (node.expressions if node.args.get("using") else ()):
        listed = item.expressions if isinstance(item, exp.In) else []
        keys.append(item.this if isinstance(item, exp.In) else item)
        if not listed or not all(_constant(choice) for choice in listed):
            choices = None
        elif choices is not None:
            choices.append(listed)
    return keys, choices or None


def _pivot_names(
    node: exp.Pivot, calls: list[exp.Expr], choices: list[list[exp.Expr]] | None
) -> list[str]:
    """The names of the columns a pivot makes, aggregates in turn for each choice; none if
    unsure."""
    if choices is None:
        return []
    if node.args.get("columns"):
        names = [c.name for c in node.args["columns"]]
        return names if len(names) % max(len(calls), 1) == 0 else []
    suffixes = [f"_{call.alias}" if call.alias else "" for call in calls]
    if len(calls) > 1:
        suffixes = [
            suffix or _call_name(call) for suffix, call in zip(suffixes, calls, strict=True)
        ]
        if not all(suffixes):
            return []
    stems = ["_".join(_choice_name(c) for c in combination) for combination in product(*choices)]
    return [f"{stem}{suffix}" for stem in stems for suffix in suffixes or [""]]


def _call_name(call: exp.Expr) -> str:
    """What DuckDB adds to a column's name for one of several aggregates; empty if unsure."""
    # what the parser adds to any_value
    call = call.this if isinstance(call, exp.IgnoreNulls) else call
    name, inside = _PLAIN_AGGREGATES.get(type(call)), call.this
    given = {key for key, arg in call.args.items() if arg} - {"this", "big_int"}
    if name is None or given:
        return ""
    if name == "count" and isinstance(inside, exp.Star):
        return "_count_star()"
    distinct = isinstance(inside, exp.Distinct) and len(inside.expressions) == 1
    if distinct and inside.args.get("on") is None:
        name, inside = f"{name}(DISTINCT ", inside.expressions[0]
    else:
        name = f"{name}("
    plain = isinstance(inside, exp.Column) and not inside.table and not inside.this.quoted
    return f"_{name}{inside.name})" if plain else ""


_PLAIN_AGGREGATES: dict[type[exp.Expr], str] = {
    exp.AnyValue: "any_value",
    exp.Avg: "avg",
    exp.Count: "count",
    exp.Max: "max",
    exp.Min: "min",
    exp.Sum: "sum",
}


def _choice_name(choice: exp.Expr) -> str:
    plain = choice.this if isinstance(choice, exp.Cast | exp.Paren) else choice
    return choice.alias or plain.name or plain.sql().lower()


def _constant(e: exp.Expr) -> bool:
    if isinstance(e, exp.Alias | exp.PivotAlias | exp.Paren | exp.Cast | exp.Neg):
        return _constant(e.this)
    if isinstance(e, exp.Tuple):
        return all(_constant(item) for item in e.expressions)
    return isinstance(e, exp.Literal | exp.Null | exp.Boolean)


def _unpivoted(walk: Walk, relation: Relation, node: exp.Pivot, inner: Scope) -> Relation:
    """Columns into rows: the name column holds names, each value column its share of the inputs."""
    names, outputs, inputs = _unpivot_parts(node)
    shares: list[list[Value]] = [[] for _ in outputs]
    used: set[str] = set()
    for item in inputs:
        target = item.this if isinstance(item, exp.Alias | exp.PivotAlias) else item
        chosen = _chosen(walk, target, inner)
        if chosen is not None:
            used |= {c.key for c in chosen if isinstance(c, Column)}
            for share in shares:
                share += [item_value(c) for c in chosen]
            continue
        used |= {c.name.lower() for c in target.find_all(exp.Column)}
        cells = target.expressions if isinstance(target, exp.Tuple) else [target]
        matched = len(cells) == len(outputs)
        for i, cell in enumerate(cells):
            content = value(walk, cell, inner)
            for share in [shares[i]] if matched else shares:
                share.append(content)
    kept = [
        item.hiding(frozenset(used)) if isinstance(item, Tail) else item
        for item in relation.items
        if isinstance(item, Tail) or item.key not in used
    ]
    contents = [union(share) for share in shares]
    fresh = [column(name, NOTHING) for name in names]
    fresh += [column(name, content) for name, content in zip(outputs, contents, strict=True)]
    certain = len(kept) + len(fresh) if relation.certain == len(relation.items) else 0
    rows = dict(relation.rows)
    # nulls give no row
    merge(rows, apply(union(contents), Signal("filter")).edges)
    return Relation([*kept, *fresh], certain=certain, rows=rows)


def _unpivot_parts(node: exp.Pivot) -> tuple[list[str], list[str], list[exp.Expr]]:
    """The name columns, the value columns, and what goes into them."""
    into = node.args.get("into")
    if into is not None:
        return [into.this.name], [c.name for c in into.expressions], list(node.expressions)
    if not node.args.get("fields"):
        return ["name"], ["value"], list(node.expressions)
    outputs = [
        c.name
        for e in node.expressions
        for c in (e.expressions if isinstance(e, exp.Tuple) else [e])
    ]
    fields = node.args["fields"]
    return [f.this.name for f in fields], outputs, [e for f in fields for e in f.expressions]


def _chosen(walk: Walk, target: exp.Expr, scope: Scope) -> list[Item] | None:
    if isinstance(target, exp.Columns):
        return chosen_columns(walk, target, scope).items
    return expand(walk, target, scope)[0] if is_star(target) else None


def pivot_statement(walk: Walk, node: exp.Pivot, scope: Scope) -> Relation:
    """DuckDB's `pivot t on …` and `unpivot t on …`."""
    inner = Scope(parent=scope)
    inner.sources = sources(walk, node.this, inner)
    return pivoted(walk, inner.sources[0].relation, node, scope)


def summarized(walk: Walk, relation: Relation) -> Relation:
    """DuckDB's `summarize`: extremes and quartiles are values, the rest are figures about them."""
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


def equated_to(v: Value, clause: str) -> Value:
    """What a column carries of a value it was found equal to."""
    return apply(v, Test(clause, equated=True))
