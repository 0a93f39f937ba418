"""How DuckDB heads a column that nobody named: after its expression, as the engine writes it.

A literal may be a person, so it stands as `?`.
"""

from __future__ import annotations

import re

from sqlglot import exp
from sqlglot.errors import ErrorLevel

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.Add: "+", exp.And: "AND", exp.BitwiseAnd: "&", exp.BitwiseOr: "|", exp.Div: "/",
    exp.DPipe: "||", exp.EQ: "=", exp.Glob: "~~~",
    exp.GT: ">", exp.GTE: ">=", exp.ILike: "~~*", exp.IntDiv: "//", exp.Is: "IS", exp.Like: "~~",
    exp.LT: "<", exp.LTE: "<=", exp.Mod: "%", exp.Mul: "*", exp.NEQ: "!=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM", exp.Or: "OR",
    exp.Sub: "-",
}  # fmt: skip
_REFUSED: dict[type[exp.Expr], str] = {
    exp.Is: "IS NOT",
    exp.Like: "!~~",
    exp.ILike: "!~~*",
    exp.In: "NOT IN",
}
"""Under NOT."""
_TYPES = {"INT": "INTEGER", "TEXT": "VARCHAR", "REAL": "FLOAT"}
_QUOTED_TYPES = frozenset({"BLOB", "DATE", "DOUBLE", "HUGEINT", "TINYINT"})
_KEYWORDS = frozenset(
    """day decade first hour last left map minute mode month nullif quarter replace right row second
    week year""".split()  # noqa: SIM905
)
"""Functions whose names are words of the grammar."""
_OF_THE_GRAMMAR = frozenset({"position", "substring", "trim"})
_CALLED = re.compile(r"(\w+)\s*\(\s*(?:distinct\s+)?$")


def heading(e: exp.Expr, text: str | None) -> str:
    """The name of the column; `text` is the SQL, case folded."""
    if isinstance(e, exp.Paren):
        return heading(e.this, text)
    if isinstance(e, exp.Literal):
        return "?"
    if isinstance(e, exp.Column) and isinstance(e.this, exp.Identifier):
        return ".".join(part.name for part in e.parts)
    if isinstance(e, exp.Count) and isinstance(e.this, exp.Star):
        return "count_star()"
    if isinstance(e, exp.Dot) and isinstance(e.this, exp.Paren | exp.Bracket):
        return f"({heading(e.this, text)}).{e.expression.name}"
    if isinstance(e, exp.Neg):
        return f"-({heading(e.this, text)})"
    if isinstance(e, exp.Not):
        refused = _REFUSED.get(type(e.this))
        inside = e.this
        if refused is None:
            return f"(NOT {heading(inside, text)})"
        if isinstance(inside, exp.In):
            return _in(inside, refused, text)
        return f"({heading(inside.this, text)} {refused} {heading(inside.expression, text)})"
    if isinstance(e, exp.In):
        return _in(e, "IN", text)
    if isinstance(e, exp.Null):
        return "NULL"
    if isinstance(e, exp.Distinct) and len(e.expressions) == 1:
        return f"DISTINCT {heading(e.expressions[0], text)}"
    if isinstance(e, exp.Between):
        low, high = heading(e.args["low"], text), heading(e.args["high"], text)
        return f"({heading(e.this, text)} BETWEEN {low} AND {high})"
    operator = _OPERATORS.get(type(e)) if not e.args.get("negate") else _REFUSED.get(type(e))
    if operator is not None:
        operands = list(e.flatten()) if isinstance(e, exp.Connector) else [e.this, e.expression]
        return f"({f' {operator} '.join(heading(o, text) for o in operands)})"
    if type(e) in (exp.Cast, exp.TryCast) and isinstance(e.args.get("to"), exp.DataType):
        return f"{_word(e)}({heading(e.this, text)} AS {_type(e.args['to'])})"
    if isinstance(e, exp.Case) and e.this is None:
        return _case(e.args["ifs"], e.args.get("default"), text)
    if isinstance(e, exp.If):
        return _case([e], e.args.get("false"), text)
    if isinstance(e, exp.Filter):
        return f"{heading(e.this, text)} FILTER (WHERE {heading(e.expression.this, text)})"
    if isinstance(e, exp.Struct) and all(isinstance(f, exp.PropertyEQ) for f in e.expressions):
        return _struct(e, text)
    if isinstance(e, exp.Func):
        return _call(e, text)
    return _as_written(e)


def _as_written(e: exp.Expr) -> str:
    """The parser's own way, literals left out."""
    if e.find(exp.Literal) is not None:
        e = e.transform(lambda n: exp.Var(this="?") if isinstance(n, exp.Literal) else n)
    return str(e.sql(dialect="duckdb", unsupported_level=ErrorLevel.IGNORE))


def _word(e: exp.Expr) -> str:
    return "TRY_CAST" if isinstance(e, exp.TryCast) else "CAST"


def _type(to: exp.DataType) -> str:
    name = _as_written(to).upper()
    name = _TYPES.get(name, name)
    return f'"{name}"' if name in _QUOTED_TYPES else name


def _in(e: exp.Expr, word: str, text: str | None) -> str:
    if not e.expressions:
        return _as_written(e)
    return (
        f"({heading(e.this, text)} {word} ({', '.join(heading(i, text) for i in e.expressions)}))"
    )


def _case(branches: list[exp.Expr], default: exp.Expr | None, text: str | None) -> str:
    taken = " ".join(
        f"WHEN ({heading(branch.this, text)}) THEN ({heading(branch.args['true'], text)})"
        for branch in branches
    )
    return f"CASE  {taken} ELSE {'NULL' if default is None else heading(default, text)} END"


def _call(e: exp.Func, text: str | None) -> str:
    """A call by the name that the SQL gives it: the parser has one name for many."""
    if _deep(e):
        return _as_written(e)
    name, bracket, rest = _as_written(e).partition("(")
    name = name.lower()
    first = e.this if isinstance(e.this, exp.Expr) else next(iter(e.expressions), None)
    while isinstance(first, exp.Distinct | exp.Order):
        first = first.this or first.expressions[0]
    if isinstance(first, exp.Column) and text is not None:
        start = first.parts[0].meta.get("start")
        called = _CALLED.search(text, 0, start) if start is not None else None
        name = called[1] if called is not None else name
    arguments = _arguments(e)
    if isinstance(e, exp.Array) and not isinstance(first, exp.Query | exp.Comprehension):
        name = "main.list_value" if name.startswith("[") else name
        arguments = e.expressions
    if arguments is not None:
        bracket, rest = "(", f"{', '.join(heading(a, text) for a in arguments)})"
    if name in ("coalesce", "ifnull"):
        name = "COALESCE"
    elif name in _KEYWORDS:
        name = f'"{name}"'
    elif name in _OF_THE_GRAMMAR:
        name = f'main."{name}"'
    return f"{name}{bracket}{rest}"


DEEPEST = 20
"""Calls in each other's first place that are named one by one: each takes its whole text."""


def _deep(e: exp.Expr) -> bool:
    for _ in range(DEEPEST):
        if not isinstance(e, exp.Func) or not isinstance(e.this, exp.Expr):
            return False
        e = e.this
    return True


def _struct(e: exp.Struct, text: str | None) -> str:
    fields = ", ".join(f"{f.name} := {heading(f.expression, text)}" for f in e.expressions)
    # `{'a': x}` has a text where `struct_pack(a := x)` has a name
    written = e.expressions[0].this.meta.get("start") if e.expressions else None
    return f"{'main.' if written is None else ''}struct_pack({fields})"


def _arguments(e: exp.Func) -> list[exp.Expr] | None:
    """The arguments in the order they are written in; None where it isn't known."""
    given = {key for key, arg in e.args.items() if arg}
    if isinstance(e, exp.Anonymous):
        return list(e.expressions) if isinstance(e.this, str) else None
    if not given <= {"this", "expression", "expressions"} or len(given) > 2:
        return None
    if isinstance(e.this, exp.Order | exp.Star) or not isinstance(e.this, exp.Expr):
        return None
    return [e.this, *filter(None, [e.args.get("expression"), *e.expressions])]
