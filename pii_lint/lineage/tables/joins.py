"""What a join makes of the sources on its two sides."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.scopes import Scope, Source
from pii_lint.lineage.summary import NULLABLE
from pii_lint.lineage.values import union


def joined(node: exp.Join, left: list[Source], right: list[Source], scope: Scope) -> None:
    """Note the merged columns, the nulls of outer joins, the hidden side of semi joins."""
    method, side = node.method.upper(), node.side.upper()
    if method == "NATURAL":
        _merge_columns(scope, left, right, _common(left, right))
    using = [name.name.lower() for name in node.args.get("using") or ()]
    if using:
        _merge_columns(scope, left, right, using)
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


def _merge_columns(scope: Scope, left: list[Source], right: list[Source], keys: list[str]) -> None:
    for key in keys:
        both = [v for source in (*left, *right) for v in source.relation.candidates(key)]
        for source in (*left, *right):
            if source.relation.find(key) or any(source.relation.tails):
                source.joint |= {key}
        before = scope.merged.get(key)
        scope.merged[key] = union((*both, before) if before is not None else both)
    for source in right:
        source.merged |= frozenset(keys)
