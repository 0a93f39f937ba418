"""Calls as the catalogue knows them: their names, their entries, their arguments."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.names import BARE_WORDS
from pii_lint.lineage.walk import Walk

# NOTE: a union of types is made anew each time it is met, which costs more than the whole test
UNCLASSED = (exp.Anonymous, exp.AnonymousAggFunc, exp.CombinedAggFunc)
"""Calls that sqlglot has no class for."""


def function_name(e: exp.Expr) -> str:
    """The name a call goes by: as written where sqlglot has no class for it, else sqlglot's own."""
    if isinstance(e, UNCLASSED):
        return str(e.this.name if isinstance(e.this, exp.Expr) else e.this).lower()
    if isinstance(e, exp.Func):
        return e.sql_name().lower()
    return e.key


_spec_keys: dict[type[exp.Expr], tuple[str, ...]] = {}


def spec_of(walk: Walk, e: exp.Expr) -> FunctionSpec | None:
    """The catalogue's entry for a call. `schema.md5(x)` is whatever somebody put into that
    schema."""
    parent = e.parent
    if isinstance(parent, exp.Dot) and parent.expression is e:
        found = walk.functions.get(f"{parent.this.sql()}.{function_name(e)}".lower())
        if found is not None:
            return found
        plain = _listed(walk, e)
        return plain if plain is not None and plain.cls not in LOWERING else None
    return _listed(walk, e)


LOWERING = frozenset(
    {"part", "digest", "keyed", "fold", "quantile", "count", "size", "test", "constant", "rank"}
)
"""Classes that leave less than went in: never assumed of a function that is only named alike."""


def _listed(walk: Walk, e: exp.Expr) -> FunctionSpec | None:
    if isinstance(e, UNCLASSED):
        return walk.functions.get(function_name(e))
    if type(e) in walk.overrides:
        return FunctionSpec(walk.overrides[type(e)][0], "external", ())
    keys = _spec_keys.get(type(e))
    if keys is None:
        names = type(e).sql_names() if isinstance(e, exp.Func) else []
        keys = _spec_keys[type(e)] = (*(name.lower() for name in names), type(e).key)
    return next((spec for key in keys if (spec := walk.functions.get(key)) is not None), None)


def arguments(e: exp.Expr) -> list[tuple[int, exp.Expr]]:
    """The arguments of a call with their positions in the catalogue's order."""
    if isinstance(e, UNCLASSED):
        return [(i, arg) for i, arg in enumerate(e.expressions) if isinstance(arg, exp.Expr)]
    found: list[tuple[int, exp.Expr]] = []
    for i, key in enumerate(e.arg_types):
        arg = e.args.get(key)
        if isinstance(arg, exp.Expr):
            found.append((i, arg))
        elif isinstance(arg, list):
            found.extend((i + j, item) for j, item in enumerate(arg) if isinstance(item, exp.Expr))
    return found


def literal(e: exp.Expr) -> str | None:
    """The text of a literal, a bare word or a negative number; None for anything else."""
    if isinstance(e, (exp.Paren, exp.Cast)):
        return literal(e.this)
    if isinstance(e, (exp.Literal, exp.Var)):
        return str(e.name)
    if isinstance(e, (exp.WeekStart, exp.Week)) and isinstance(e.this, exp.Var):
        return "week"
    if isinstance(e, exp.Neg) and isinstance(e.this, exp.Literal):
        return f"-{e.this.name}"
    if isinstance(e, exp.Column) and not e.table and e.name.lower() in BARE_WORDS:
        return str(e.name)
    return None
