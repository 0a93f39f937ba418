"""The names of the columns that a pivot makes."""

from __future__ import annotations

from itertools import product

from sqlglot import exp

PLAIN_AGGREGATES: dict[type[exp.Expr], str] = {
    exp.AnyValue: "any_value",
    exp.Avg: "avg",
    exp.Count: "count",
    exp.Max: "max",
    exp.Min: "min",
    exp.Sum: "sum",
}
"""Aggregates after which DuckDB surely calls a column as it is written here."""


def pivot_names(
    node: exp.Pivot, calls: list[exp.Expr], choices: list[list[exp.Expr]] | None
) -> list[str]:
    """The names in order, aggregates in turn for each choice; none if unsure."""
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
    name, inside = PLAIN_AGGREGATES.get(type(call)), call.this
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


def _choice_name(choice: exp.Expr) -> str:
    plain = choice.this if isinstance(choice, exp.Cast | exp.Paren) else choice
    return choice.alias or plain.name or plain.sql().lower()
