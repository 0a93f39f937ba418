"""What a join makes of the sources on its two sides."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from pii_lint.lineage.scopes import Scope, Source
from pii_lint.lineage.summary import NULLABLE, Op, Test
from pii_lint.lineage.values import NOTHING, Value, apply, union


def joined(node: exp.Join, left: list[Source], right: list[Source], scope: Scope) -> None:
    """Note the merged columns, the nulls of outer joins, the hidden side of semi joins."""
    method, side = node.method.upper(), node.side.upper()
    keys = [name.name.lower() for name in node.args.get("using") or ()]
    if method == "NATURAL":
        keys += _common(left, right)
    for key in keys:
        shown = _shown(node, nearest=key == keys[-1])
        if shown[1] != UNEQUAL:
            _equate(scope, key, left, right)
        _merge(scope, key, left, right, shown)
    if side in ("LEFT", "FULL") or method == "POSITIONAL":
        for source in right:
            source.how |= NULLABLE
    if side in ("RIGHT", "FULL") or method == "POSITIONAL":
        for source in left:
            source.how |= NULLABLE
    if node.kind.upper() in ("SEMI", "ANTI"):
        for source in right:
            source.visible = False


def _common(left: list[Source], right: list[Source]) -> list[str]:
    there = {c.key for source in left for c in source.relation.columns}
    return list(
        dict.fromkeys(c.key for source in right for c in source.relation.columns if c.key in there)
    )


Shown = tuple[Op | None, Op | None]
"""What a merged column keeps of the left side's values and of the right side's; None for all."""
EQUATED, UNEQUAL = Test("join", equated=True), Test("join")


def _shown(node: exp.Join, *, nearest: bool) -> Shown:
    """An outer join shows the column of the side that it keeps whole, a semi join that of the only
    side there is; the last column of an ASOF join isn't even equal to its match."""
    side, kind, asof = node.side.upper(), node.kind.upper(), node.method.upper() == "ASOF"
    if kind == "ANTI" or (asof and nearest):
        return None, UNEQUAL
    if kind == "SEMI" or asof or side == "LEFT":
        return None, EQUATED
    return (EQUATED, None) if side == "RIGHT" else (None, None)


def _equate(scope: Scope, key: str, left: list[Source], right: list[Source]) -> None:
    """Asked for by its table, a column of one side carries what it was found equal to."""
    for mine, others in ((left, right), (right, left)):
        met = apply(union(_values(key, others)), EQUATED)
        for source in mine if met else ():
            place = id(source), key
            scope.equated[place] = union((scope.equated.get(place, NOTHING), met))


def _merge(scope: Scope, key: str, left: list[Source], right: list[Source], shown: Shown) -> None:
    before = [scope.merged[key]] if key in scope.merged else []
    # what was merged already stands for its sources
    lefts = [*before, *_values(key, (s for s in left if not (before and key in s.joint)))]
    sides = (lefts, _values(key, right))
    kept = [
        value if op is None else apply(value, op)
        for values, op in zip(sides, shown, strict=True)
        for value in values
    ]
    for source in (*left, *right):
        if source.relation.find(key) or any(source.relation.tails):
            source.joint |= {key}
    scope.merged[key] = union(kept)
    for source in right:
        source.merged |= {key}


def _values(key: str, sources: Iterable[Source]) -> list[Value]:
    return [value for source in sources for value in source.relation.candidates(key)]
