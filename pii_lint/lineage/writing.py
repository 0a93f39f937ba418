"""INSERT, UPDATE, DELETE, MERGE and CREATE ... AS, each as the queries that its target takes in.

A handler gives None for what it doesn't understand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlglot import exp

from pii_lint.lineage import Query

from .effects import FILE, Effect, How, Lost, Write
from .sql import name_of
from .summary import RelationName

Effects = list[Effect] | None
Tables = Mapping[str, RelationName]
"""Relations by the name that a statement calls them by, lower case."""
STAR_BY_NAME = frozenset({"databricks", "snowflake", "spark"})
"""Dialects in which `update set *` and `insert *` go by the columns' names."""
OUTSIDE = (exp.ExternalProperty, exp.LocationProperty, exp.FileFormatProperty)


def target_of(node: exp.Expr | None) -> tuple[RelationName | None, tuple[str, ...]]:
    """A relation's name, and the columns listed behind it."""
    if isinstance(node, exp.Schema):
        return target_of(node.this)[0], tuple(item.name for item in node.expressions)
    return (name_of(node), ()) if isinstance(node, exp.Table) else (None, ())


def inserted(tree: exp.Insert, dialect: str) -> Effects:
    """INSERT, its conflict clause included."""
    if isinstance(tree.this, exp.Directory):
        return []
    name, columns = target_of(tree.this)
    query = tree.args.get("expression")
    if name is None or tree.args.get("source"):
        return None
    if query is None:
        return [] if tree.args.get("default") else None
    how = How.NAME if tree.args.get("by_name") else How.PLACE
    if tree.args.get("partition") and not columns:
        how = How.ANYWHERE
    query = _within(tree, query)
    found: list[Effect] = [Write(name, Query(query, dialect), how, columns)]
    conflict = tree.args.get("conflict")
    if conflict is not None and conflict.expressions:
        names = [exp.to_identifier(column) for column in columns]
        alias = exp.TableAlias(this=exp.to_identifier("excluded"), columns=names)
        table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        excluded = exp.Subquery(this=query.copy(), alias=alias)
        both = exp.select().from_(table.copy()).join(excluded, join_type="cross")
        where = conflict.args.get("where")
        asked = [where.this] if where is not None else []
        changed = _assigned(conflict.expressions, {}, name, both, asked, dialect)
        if changed is None:
            return None
        found += changed
    return found


def updated(tree: exp.Update, dialect: str) -> Effects:
    """UPDATE, with FROM or joins."""
    own, from_ = tree.this, tree.args.get("from_")
    if not isinstance(own, exp.Table) or not tree.expressions:
        return None
    inside = _tables(from_)
    tables = {**_tables(own), **inside}
    name = tables.get(own.alias_or_name.lower())
    if name is None:
        return None
    base = exp.select()
    if from_ is not None and own.name.lower() in inside:
        # `update z ... from t z`: the target stands in the from clause
        base = base.from_(from_.this.copy())
    else:
        base = base.from_(own.copy())
        if from_ is not None:
            base = base.join(from_.this.copy(), join_type="cross")
    where = tree.args.get("where")
    asked = [where.this] if where is not None else []
    return _assigned(tree.expressions, tables, name, _within(tree, base), asked, dialect)


def deleted(tree: exp.Delete, dialect: str) -> Effects:
    """DELETE: what decides which rows go decides which stay."""
    tables = [tree.this] if isinstance(tree.this, exp.Table) else tree.args.get("tables") or []
    where = tree.args.get("where")
    found: list[Effect] = []
    for table in tables:
        name, _ = target_of(table)
        if name is None:
            return None
        kept = exp.select("1").from_(table.copy())
        for other in tree.args.get("using") or ():
            kept = kept.join(other.copy(), join_type="cross")
        if where is not None:
            kept = kept.where(where.this.copy())
        found.append(Write(name, Query(_within(tree, kept), dialect), How.ROWS))
    return found or None


def merged(tree: exp.Merge, dialect: str) -> Effects:
    """MERGE: each WHEN by itself."""
    name, _ = target_of(tree.this)
    using = tree.args.get("using")
    if name is None or not isinstance(using, exp.Expr):
        return None
    on = tree.args.get("on") or _shared(tree, using)
    found: list[Effect] = []
    for when in tree.args["whens"].expressions:
        asked = [each.copy() for each in (on, when.args.get("condition")) if each is not None]
        effects = _when(tree, name, using, when.args["then"], asked, dialect)
        if effects is None:
            return None
        found += effects
    return found


def _when(
    tree: exp.Merge,
    name: RelationName,
    using: exp.Expr,
    then: exp.Expr,
    asked: list[exp.Expr],
    dialect: str,
) -> Effects:
    own = tree.this
    if isinstance(then, exp.Update) and then.expressions and not then.find(exp.Star):
        both = exp.select().from_(own.copy()).join(using.copy(), join_type="cross")
        tables = {own.alias_or_name.lower(): name}
        return _assigned(then.expressions, tables, name, _within(tree, both), asked, dialect)
    # what comes in is the source's, and the target only decides about it
    there = exp.select("1").from_(own.copy()).where(*asked)
    source = exp.select(_star_of(using)).from_(using.copy()).where(exp.Exists(this=there))
    whole = Query(_within(tree, source), dialect)
    by_name = dialect in STAR_BY_NAME and then.find(exp.Star)
    ways = (How.NAME,) if by_name else (How.NAME, How.PLACE)
    if isinstance(then, exp.Update):
        return [Write(name, whole, how) for how in ways]
    if isinstance(then, exp.Var):
        word = then.name.lower()
        return [Write(name, whole, How.ROWS)] if word == "delete" else _nothing_if(word)
    if not isinstance(then, exp.Insert):
        return None
    values = then.args.get("expression")
    if isinstance(values, exp.Tuple):
        given = source.select(*(value.copy() for value in values.expressions), append=False)
        columns = then.this.expressions if isinstance(then.this, exp.Tuple) else []
        listed = tuple(column.name for column in columns)
        return [Write(name, Query(_within(tree, given), dialect), How.PLACE, listed)]
    return [Write(name, whole, how) for how in ways]


def _nothing_if(word: str) -> Effects:
    return [] if word == "do nothing" else None


def _star_of(using: exp.Expr) -> exp.Expr:
    alias = using.alias_or_name
    return exp.Column(this=exp.Star(), table=exp.to_identifier(alias)) if alias else exp.Star()


def _shared(tree: exp.Merge, using: exp.Expr) -> exp.Expr:
    """`using (id)` as a condition."""
    left, right = tree.this.alias_or_name, using.alias_or_name
    pairs = [
        exp.EQ(this=exp.column(key.name, left), expression=exp.column(key.name, right))
        for key in tree.args.get("using_cond") or ()
    ]
    return exp.and_(*pairs) if pairs else exp.true()


def created(tree: exp.Create, dialect: str) -> Effects:
    """CREATE TABLE or VIEW from a query or as a copy; without either it holds nothing."""
    name, columns = target_of(tree.this)
    query, clone = tree.args.get("expression"), tree.args.get("clone")
    properties = tree.args.get("properties")
    if name is None:
        return None
    if clone is not None:
        query = clone.this
    if isinstance(query, exp.Table):
        query = exp.select("*").from_(query.copy())
    if isinstance(query, exp.Query | exp.Values | exp.Pivot):
        how = How.PLACE if columns else How.NAME
        passing = properties is not None and properties.find(exp.TemporaryProperty) is not None
        whole = Query(_within(tree, query), dialect)
        return [Write(name, whole, how, columns, temporary=passing)]
    if query is not None or (properties is not None and properties.find(*OUTSIDE)):
        return None
    if isinstance(tree.this, exp.Schema):
        return filled(name, tree.this.this, tree.this.expressions, dialect)
    return [] if properties is not None and properties.find(exp.LikeProperty) else None


def filled(
    name: RelationName, table: exp.Expr, columns: Iterable[exp.Expr], dialect: str
) -> list[Effect]:
    """Columns that are defined: each takes its default, or what it is generated from."""
    found: list[Effect] = []
    for column in columns:
        given = [column.args.get("default")]
        for constraint in column.args.get("constraints") or ():
            kind = constraint.args.get("kind")
            if isinstance(kind, exp.GeneratedAsIdentityColumnConstraint):
                given.append(kind.args.get("expression"))
            elif isinstance(kind, exp.DefaultColumnConstraint | exp.ComputedColumnConstraint):
                given.append(kind.this)
        for content in given:
            if not isinstance(content, exp.Expr) or not content.find(exp.Query, exp.Func):
                continue
            query = exp.select(exp.alias_(content.copy(), column.name))
            if content.find(exp.Column):
                query = query.from_(table.copy())
            found.append(Write(name, Query(query, dialect), How.NAME, rows=False))
    return found


def copied(tree: exp.Copy, dialect: str) -> Effects:
    """COPY into a relation loads files; out of one it writes them."""
    name, _ = target_of(tree.this)
    if name is not None and tree.args.get("kind"):
        return [Lost("it loads files", (name,), sure=True)]
    source = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    query = exp.select("*").from_(source.copy()) if isinstance(source, exp.Table) else source
    if isinstance(query, exp.Subquery):
        query = query.this
    known = isinstance(query, exp.Query)
    return [Write(FILE, Query(query, dialect), How.NAME, rows=False)] if known else []


# --- SET a = x -----------------------------------------------------------------------------------


def _assigned(
    pairs: list[exp.Expr],
    tables: Tables,
    name: RelationName,
    base: exp.Expr,
    asked: list[exp.Expr],
    dialect: str,
) -> Effects:
    """Each value with what decides whether it is set, by target: a statement may change several."""
    if not isinstance(base, exp.Select):
        return None
    decisive = [*asked, *(j.args["on"] for j in base.find_all(exp.Join) if j.args.get("on"))]
    items: dict[RelationName, list[exp.Expr]] = {}
    for pair in pairs:
        if not isinstance(pair, exp.EQ):
            return None
        for place, content in _pairs(pair):
            if decisive:
                condition = exp.and_(*(each.copy() for each in decisive))
                content = exp.Case(ifs=[exp.If(this=condition, true=content)])
            target, column = _assigned_to(place, tables, name)
            named = exp.Alias(this=content, alias=exp.to_identifier(column, quoted=True))
            items.setdefault(target, []).append(named)
    base = base.where(*(each.copy() for each in asked))
    return [
        Write(target, Query(base.select(*contents), dialect), How.NAME, rows=False)
        for target, contents in items.items()
    ]


def _pairs(pair: exp.EQ) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """`a = x`, or `(a, b) = (x, y)`, or `(a, b) = (select ...)`: there each may be either."""
    places = pair.this.expressions if isinstance(pair.this, exp.Tuple) else [pair.this]
    right = pair.expression
    contents = right.expressions if isinstance(right, exp.Tuple) else []
    if len(contents) != len(places):
        contents = [right] * len(places)
    for place, content in zip(places, contents, strict=True):
        default = isinstance(content, exp.Column) and content.name.lower() == "default"
        yield place, exp.Null() if default else content.copy().transform(_excluded)


def _excluded(node: exp.Expr) -> exp.Expr:
    """MySQL's `values(a)` is what others call `excluded.a`."""
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "values" and node.expressions:
        return exp.column(node.expressions[0].name, "excluded")
    return node


def _assigned_to(place: exp.Expr, tables: Tables, name: RelationName) -> tuple[RelationName, str]:
    """Whose column is set; behind a name that is no table's stands a field of a struct."""
    parts = [part.name for part in getattr(place, "parts", [place])]
    known = {name.parts[-1][0].lower(): name, **tables}
    for i in range(len(parts) - 2, -1, -1):
        if parts[i].lower() in known:
            return known[parts[i].lower()], parts[i + 1]
    return name, parts[0]


def _tables(place: exp.Expr | None) -> dict[str, RelationName]:
    return {
        table.alias_or_name.lower(): name
        for table in (place.find_all(exp.Table) if place is not None else ())
        if (name := name_of(table)) is not None
    }


def _within(tree: exp.Expr, query: exp.Expr) -> exp.Expr:
    """The query with the common table expressions of the statement around it."""
    outer = tree.args.get("with_")
    if outer is None:
        return query
    query, both = query.copy(), outer.copy()
    inner = query.args.get("with_")
    if inner is not None:
        both.set("expressions", [*both.expressions, *inner.expressions])
        both.set("recursive", outer.args.get("recursive") or inner.args.get("recursive"))
    query.set("with_", both)
    return query
