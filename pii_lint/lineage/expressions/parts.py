"""Calls that keep a part of a value: its first letters, its year, its length."""

from __future__ import annotations

import re

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec, unit_proves_part
from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import TRANSFORM, Part, Signal
from pii_lint.lineage.values import Value, apply, flow, sized, union
from pii_lint.lineage.walk import Walk, values

from .calls import literal
from .containers import moved
from .natures import LISTS, gives_array, surely_list
from .roles import Args, CallHandler, sorted_args, transformed


def _part(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = sorted_args(walk, spec, args, scope)
    if spec.name in LENGTHS and args and _is_list(walk, args[0][1], scope):
        return union((sized(union(main), Signal("count")), side))
    bounds: list[str] = []
    computed: list[exp.Expr] = []
    width: int | None = None
    proven = True
    present = {position for position, _ in args}
    if 2 not in present and walk.dialect in FROM_THE_END and "substr" in spec.name:
        # the last letters: no more than the start counts from the end
        start = literal(args[1][1]) if len(args) > 1 else None
        if start is not None and re.fullmatch(r"-\d+", start):
            args = [*args, (2, exp.Literal.number(start[1:]))]
            present.add(2)
    for position, role in enumerate(spec.roles):
        if role == "width" and position not in present:
            proven = False
    for position, arg in args:
        role = spec.role(position)
        if role not in ("width", "literal", "unit"):
            continue
        text = literal(arg)
        if text is None or (role == "literal" and not text):
            proven = False
            computed += [arg] if text is None else []
            continue
        bounds.append(text.lower())
        if role == "width":
            try:
                width = int(text)
            except ValueError:
                proven = False
        elif role == "unit" and not unit_proves_part(spec.name, text):
            proven = False
    if not proven or (width is not None and width < 0):
        how = moved(union(main), values(walk, computed, scope)) if computed else 0
        return union((flow(union(main), TRANSFORM | how), side))
    if width == 0:
        return side
    name = PART_NAMES.get(spec.name, spec.name)
    if name in ("extract", "date_part") and len(bounds) == 1:
        part = bounds[0]
    else:
        part = f"{name}({','.join(bounds)})" if bounds else name
    return union((apply(union(main), Part(part, width)), side))


FROM_THE_END = frozenset(
    """athena bigquery clickhouse databricks doris duckdb hive mysql oracle presto singlestore
    snowflake spark sqlite starrocks trino""".split()  # noqa: SIM905
)
"""Dialects in which a substring that starts at a negative place starts so far from the end."""


def _is_list(walk: Walk, e: exp.Expr, scope: Scope) -> bool:
    """True for what has elements to be counted, not characters."""
    if walk.dialect == "clickhouse":
        return isinstance(e, LISTS) or gives_array(e)
    return isinstance(e, LISTS) or (walk.dialect == "duckdb" and surely_list(e, scope))


LENGTHS = frozenset({"length", "len"})


PART_NAMES = {
    "timestamp_trunc": "date_trunc",
    "datetime_trunc": "date_trunc",
    "timestamptrunc": "date_trunc",
    "datetrunc": "date_trunc",
    "substr": "substring",
    "datepart": "date_part",
    "char_length": "length",
    "character_length": "length",
}
"""Spellings of one part function, brought together so that policy files need only one."""


def blots_out(walk: Walk, e: exp.Expr) -> bool:
    given = {key for key, arg in e.args.items() if arg is not None} - ALWAYS_GIVEN
    pattern, by = e.expression, e.args.get("replacement")
    flags = e.args.get("modifiers")
    if walk.dialect in FIRST_ONLY:
        told = isinstance(flags, exp.Literal) and flags.name in ("g", "gs", "sg")
        everywhere = told and given == {"modifiers"}
    else:
        everywhere = walk.dialect in EVERYWHERE and not given
    dot = isinstance(pattern, exp.Literal | exp.RawString) and pattern.name == "."
    return everywhere and dot and isinstance(by, exp.Literal) and by.name in PLAIN_MARKS


ALWAYS_GIVEN = frozenset({"this", "expression", "replacement", "single_replace"})

FIRST_ONLY = frozenset({"duckdb", "postgres"})
"""Dialects that replace the first match unless they are told otherwise."""

EVERYWHERE = frozenset(
    {"bigquery", "databricks", "mysql", "oracle", "redshift", "snowflake", "spark", "trino"}
)

PLAIN_MARKS = frozenset("*#-_.+=~xX0")
"""What stands for itself in a replacement: no sign by which the match comes back."""


def _mask(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    """Each letter replaced by its sort's mark. Without a mark for the rest, letters of scripts that
    know no case stay as they are."""
    marked = {position for position, arg in args if literal(arg)}
    if not set(range(1, len(spec.roles))) <= marked:
        return transformed(walk, e, spec, args, scope)
    main, side = sorted_args(walk, spec, args, scope)
    return union((apply(union(main), Part("mask")), side))


CLASSES: dict[str, CallHandler] = {"part": _part, "mask": _mask}
