"""Which branch of an incremental model a manifest shows, and whether the other could bring in
anything new."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pii_lint.artifacts.model import Node, Project

_BLOCK = re.compile(
    r"\{%-?\s*if\s+is_incremental\(\)\s*-?%\}(?P<body>.*?)\{%-?\s*(?:endif|else|elif)\b",
    re.DOTALL | re.IGNORECASE,
)
_USE = re.compile(r"is_incremental\s*\(", re.IGNORECASE)
_MORE_THAN_FILTER = re.compile(r"\b(?:union|intersect|except|join|over)\b", re.IGNORECASE)
_FILTER = re.compile(r"^\s*(?:where|and|or|having|qualify|limit|order\s+by)\b", re.IGNORECASE)


BOTH = ("full", "incremental")


def uses_is_incremental(node: Node, projects: Sequence[Project]) -> bool:
    """True where the node calls `is_incremental()`, itself or through macros."""
    seen: set[str] = set()
    rest = list(node.depends_on_macros)
    while rest:
        macro = rest.pop()
        if macro in seen:
            continue
        seen.add(macro)
        if macro.rsplit(".", 1)[-1] == "is_incremental":
            return True
        for project in projects:
            rest += project.macro_depends_on.get(macro, ())
    return False


def branches(
    node: Node, projects: Sequence[Project], reads: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The branches seen and missing over all manifests; a query that reads its own relation is the
    incremental one."""
    texts = {
        (p.nodes[node.unique_id].compiled_code or "").strip()
        for p in projects
        if node.unique_id in p.nodes
    }
    if len(texts) > 1:
        return BOTH, ()
    seen = "incremental" if node.unique_id in reads else "full"
    return (seen,), tuple(branch for branch in BOTH if branch != seen)


def unseen_branch(node: Node, projects: Sequence[Project], reads: tuple[str, ...]) -> str | None:
    """Why a branch that no manifest shows could matter; None where it can't or where all were
    seen."""
    if node.materialized != "incremental" or not uses_is_incremental(node, projects):
        return None
    seen, missing = branches(node, projects, reads)
    if not missing or ("incremental" in missing and only_filters(node.raw_code or "")):
        return None
    unseen = f"its {missing[0]} branch was not seen (only {seen[0]})"
    return f"{unseen}: compile both and give both manifests"


def only_filters(raw: str) -> bool:
    """True where every `if is_incremental()` block does nothing but choose rows."""
    blocks = [match.group("body") for match in _BLOCK.finditer(raw)]
    if not blocks or len(blocks) != len(_USE.findall(raw)):
        return False
    return all(_FILTER.match(body) and not _MORE_THAN_FILTER.search(body) for body in blocks)
