"""What a session keeps for later statements: variables, functions, macros."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from pii_lint.data.statements import load_statement_words
from pii_lint.lineage import Query

from .effects import Assignment, Effect, Routine
from .sql import parse

CARRIERS = (exp.Query, exp.Func, exp.Parameter)
"""What may bring data into a variable; the rest are words and literals."""


def assigned(tree: exp.Set | exp.Declare, dialect: str) -> list[Effect] | None:
    """SET and DECLARE."""
    found: list[Effect] = []
    for item in tree.expressions:
        pair = item.this
        if isinstance(item, exp.DeclareItem):
            places, content = item.this, item.args.get("default")
        elif isinstance(pair, exp.EQ):
            places, content = [pair.this], pair.expression
        elif item.find(*CARRIERS):
            return None
        else:
            continue
        if isinstance(content, exp.Expr) and content.find(*CARRIERS):
            query = Query(_scalar(content), dialect)
            found += [Assignment(name, query) for place in places for name in _names(place)]
    return found


def _names(place: exp.Expr) -> Iterator[str]:
    for each in place.expressions if isinstance(place, exp.Tuple) else [place]:
        words = [part.name for part in each.find_all(exp.Identifier, exp.Var, bfs=False)]
        yield ".".join(words).lower()


def configured(tree: exp.Select, dialect: str) -> list[Effect] | None:
    """`select set_config('name', value, ...)`; None where the name is computed."""
    found: list[Effect] = []
    for call in tree.find_all(exp.Anonymous):
        if str(call.this).lower() == "set_config" and len(call.expressions) > 1:
            setting, content = call.expressions[:2]
            if not setting.is_string:
                return None
            query = tree.select(exp.alias_(content.copy(), "value"), append=False)
            found.append(Assignment(setting.name.lower(), Query(query, dialect)))
    return found


def made(tree: exp.Create, dialect: str) -> Iterator[Routine]:
    """CREATE FUNCTION or MACRO."""
    head, body = tree.this, tree.args.get("expression")
    parameters: tuple[str, ...] = ()
    if isinstance(head, exp.UserDefinedFunction):
        parameters = tuple(parameter.name for parameter in head.expressions)
        head = head.this
    languages = [each.this.name.lower() for each in tree.find_all(exp.LanguageProperty)]
    if any(language in load_statement_words().closed_languages for language in languages):
        return
    name, plain = head.name.lower(), languages in ([], ["sql"])
    if isinstance(body, exp.MacroOverloads):
        for overload in body.expressions:
            parameters = tuple(parameter.name for parameter in overload.expressions)
            yield Routine(name, parameters, Query(_scalar(overload.this), dialect))
    elif isinstance(body, exp.Heredoc) or (isinstance(body, exp.Literal) and body.is_string):
        yield routine(name, parameters, body.name if plain else "", dialect)
    elif isinstance(body, exp.Expr) and plain:
        yield Routine(name, parameters, Query(_scalar(body), dialect))
    else:
        yield Routine(name, parameters, None)


def routine(name: str, parameters: tuple[str, ...], body: str, dialect: str) -> Routine:
    """A function by the text of its body: a query, or an expression."""
    for text in (body, f"select {body}"):
        try:
            trees = parse(text, dialect)
        except ValueError:
            continue
        if len(trees) == 1 and isinstance(trees[0], exp.Query):
            return Routine(name, parameters, Query(_scalar(trees[0]), dialect))
    return Routine(name, parameters, None)


def _scalar(content: exp.Expr) -> exp.Expr:
    """A query of one column that gives a value."""
    content = content.copy()
    if isinstance(content, exp.Query) and not isinstance(content, exp.Subquery):
        content = exp.Subquery(this=content)
    return exp.select(exp.Alias(this=content, alias=exp.to_identifier("value")))
