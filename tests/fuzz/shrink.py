"""Counterexamples made small: whatever can be left out of the SQL while it still shows the miss."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp

from .copies import Models

Still = Callable[[Models], bool]
SECONDS = 40


def shrunk(models: Models, still: Still, seconds: float = SECONDS) -> Models:
    """The smallest program found on the way down that still shows what `still` asks for."""
    current = dict(models)
    end = time.monotonic() + seconds
    again = True
    while again:
        again = False
        for candidate in _smaller(current):
            if time.monotonic() > end:
                return current
            if _size(candidate) < _size(current) and still(candidate):
                current = candidate
                again = True
                break
    return current


def _size(models: Models) -> int:
    return sum(len(sql) for sql in models.values()) + 40 * len(models)


def _smaller(models: Models) -> Iterator[dict[str, str]]:
    names = list(models)
    for count in range(1, len(names)):
        yield {name: models[name] for name in names[:count]}
    for name in names[:-1]:
        rest = {n: sql for n, sql in models.items() if n != name}
        if not any(f"base.{name}" in sql for sql in rest.values()):
            yield rest
        inlined = {n: sql.replace(f"base.{name}", f"({models[name]})") for n, sql in rest.items()}
        yield inlined
    for name in reversed(names):
        for sql in _variants(models[name]):
            yield {**models, name: sql}


def _variants(sql: str) -> Iterator[str]:
    """Every text that one cut gives, large cuts first."""
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.ParseError:
        return
    count = sum(1 for _ in tree.walk())
    seen = {sql}
    for index in range(count):
        for number in range(40):
            copy = tree.copy()
            node = next(n for i, n in enumerate(copy.walk(bfs=True)) if i == index)
            cuts = list(_cuts(node))
            if number >= len(cuts):
                break
            cut = cuts[number]
            result = cut(copy)
            try:
                text = (result if result is not None else copy).sql(dialect="duckdb")
            except (ValueError, AttributeError, TypeError):
                continue
            for spelled in (text, _from_first(text)):
                if spelled not in seen:
                    seen.add(spelled)
                    yield spelled


def _from_first(text: str) -> str:
    return text.removeprefix("SELECT * ") if text.startswith("SELECT * FROM ") else text


Cut = Callable[[exp.Expression], exp.Expression | None]


def _cuts(node: exp.Expression) -> Iterator[Cut]:
    if isinstance(node, exp.Select):
        yield from (_without(node, key) for key in ("where", "having", "qualify", "order", "limit",
                    "offset", "distinct", "group", "with_", "with") if node.args.get(key))  # fmt: skip
    if isinstance(node, exp.SetOperation):
        yield from (_become(node, side) for side in (node.this, node.expression))
    for key, value in node.args.items():
        if isinstance(value, list) and len(value) > 1 - (key in ("joins", "laterals", "ifs")):
            yield from (_drop(node, key, at) for at in range(len(value)))
    if isinstance(node, exp.Subquery):
        body = node.this
        if isinstance(body, exp.Select) and body.args.get("from_") and not body.args.get("joins"):
            inner = body.args["from_"].this
            if isinstance(inner, exp.Table | exp.Subquery):
                yield _lift(node, inner)
        if isinstance(node.parent, exp.Subquery | exp.SetOperation) or node.parent is None:
            yield _become(node, body)
    if isinstance(node, exp.CTE):
        yield _inline(node)
        return
    if _is_value(node):
        children = [c for c in _children(node) if _is_value(c)]
        yield from (_become(node, child) for child in children)
        if not isinstance(node, exp.Column | exp.Literal | exp.Null | exp.Boolean | exp.Star):
            yield from (
                _become(node, leaf) for leaf in (exp.Literal.number(1), exp.Literal.string("a"))
            )
            yield from (_become(node, c.copy()) for c in list(node.find_all(exp.Column))[:3])


def _is_value(node: exp.Expression) -> bool:
    return isinstance(
        node, exp.Condition | exp.Window | exp.Filter | exp.Lambda
    ) and not isinstance(node, exp.Table | exp.Identifier | exp.Query | exp.DataType)


def _children(node: exp.Expression) -> Iterator[exp.Expression]:
    for value in node.args.values():
        if isinstance(value, exp.Expression):
            yield value
        elif isinstance(value, list):
            yield from (v for v in value if isinstance(v, exp.Expression))


def _without(node: exp.Expression, key: str) -> Cut:
    return lambda root: node.set(key, None)


def _drop(node: exp.Expression, key: str, at: int) -> Cut:
    def cut(root: exp.Expression) -> None:
        node.set(key, [v for i, v in enumerate(node.args[key]) if i != at])

    return cut


def _become(node: exp.Expression, other: exp.Expression) -> Cut:
    def cut(root: exp.Expression) -> exp.Expression | None:
        other.pop() if other.parent is not None else None
        if node is root:
            return other
        node.replace(other)
        return None

    return cut


def _inline(node: exp.CTE) -> Cut:
    """A CTE that is read once moves to where it is read."""

    def cut(root: exp.Expression) -> None:
        name, body, clause = node.alias, node.this, node.parent
        for table in list(root.find_all(exp.Table)):
            if table.name == name and not table.db:
                alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
                joins = table.args.get("joins")
                table.replace(exp.Subquery(this=body.copy(), alias=alias, joins=joins))
        if clause is not None and len(clause.expressions) > 1:
            node.pop()
        elif clause is not None:
            clause.pop()

    return cut


def _lift(node: exp.Subquery, inner: exp.Expression) -> Cut:
    """A subquery that only passes a relation on becomes that relation."""

    def cut(root: exp.Expression) -> exp.Expression | None:
        alias = node.args.get("alias")
        inner.pop()
        inner.set("alias", alias)
        if node is root:
            return inner
        node.replace(inner)
        return None

    return cut


def written(models: Models) -> str:
    """A program as it is shown."""
    if len(models) == 1:
        return next(iter(models.values()))
    return "\n".join(f"{name}: {sql}" for name, sql in models.items())


PLAIN = (exp.Select, exp.From, exp.Table, exp.TableAlias, exp.Column, exp.Identifier, exp.Alias,
         exp.Literal, exp.DataType, exp.Paren, exp.Subquery, exp.Null, exp.Cast)  # fmt: skip


def constructs(models: Models) -> str:
    """What a shrunk program is about: its kinds of node, the everyday ones left out."""
    names: set[str] = set()
    for sql in models.values():
        for node in sqlglot.parse_one(sql, dialect="duckdb").walk():
            if isinstance(node, exp.Anonymous):
                names.add(node.name.lower())
            elif not isinstance(node, PLAIN):
                names.add(type(node).__name__)
    return " ".join(sorted(names)) or "copy"
