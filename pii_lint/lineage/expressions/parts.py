"""Calls that keep a part of a value: its first letters, its year, its length."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec, unit_proves_part
from pii_lint.lineage.scopes import Scope
from pii_lint.lineage.summary import TRANSFORM, Part, Signal
from pii_lint.lineage.values import Value, apply, flow, sized, union
from pii_lint.lineage.walk import Walk, values

from .calls import literal
from .containers import moved
from .natures import LISTS, surely_list
from .roles import Args, CallHandler, sorted_args


def _part(walk: Walk, e: exp.Expr, spec: FunctionSpec, args: Args, scope: Scope) -> Value:
    main, side = sorted_args(walk, spec, args, scope)
    if spec.name in LENGTHS and args and _is_list(walk, args[0][1], scope):
        return union((sized(union(main), Signal("count")), side))
    bounds: list[str] = []
    computed: list[exp.Expr] = []
    width: int | None = None
    proven = True
    present = {position for position, _ in args}
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


def _is_list(walk: Walk, e: exp.Expr, scope: Scope) -> bool:
    """True for what has elements to be counted, not characters."""
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


CLASSES: dict[str, CallHandler] = {"part": _part}
