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

_TAG = re.compile(r"\{%-?(.*?)-?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_STATE = re.compile(
    r"\b(?:get_columns_in_relation|get_relation|load_cached_relation|load_relation"
    r"|should_full_refresh)\s*\("
    r"|\bflags\s*\.\s*full_refresh\b",
    re.IGNORECASE,
)
_SET = re.compile(r"set\s+(\w+)\s*=(.*)", re.DOTALL)

LISTED = "$columns"
"""Stands for columns that the warehouse lists while dbt renders."""
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
    return all(map(_filters, blocks))


def _filters(body: str) -> bool:
    return _FILTER.match(body) is not None and not _MORE_THAN_FILTER.search(body)


def unseen_by_state(node: Node, projects: Sequence[Project]) -> set[str]:
    """Words of the branches that no manifest shows, where what the warehouse holds or how dbt is
    called decides which one is taken."""
    raw = node.raw_code or ""
    if not _STATE.search(raw):
        return set()
    compiled = [
        _spaced(p.nodes[node.unique_id].compiled_code or "")
        for p in projects
        if node.unique_id in p.nodes
    ]
    words: set[str] = set()
    for name, body in _by_state(raw):
        if _filters(body):
            continue
        pieces = [_spaced(piece) for piece in _TAG.sub("\0", body).split("\0")]
        if name == "for":
            words.add(LISTED)
        elif not any(pieces) or not all(any(one in text for text in compiled) for one in pieces):
            words.update(re.findall(r"\w+|\*", body.lower()))
    return words


def _by_state(raw: str) -> list[tuple[str, str]]:
    """The bodies of all branches and loops that hang on a state, each with its tag's name."""
    deciding: set[str] = set()
    opened: list[tuple[str, bool, int]] = []
    bodies: list[tuple[str, str]] = []
    for tag in _TAG.finditer(raw):
        inner = (tag[1] or "").strip()
        word = inner.partition(" ")[0].partition("(")[0]
        if (given := _SET.match(inner)) and _hangs(given[2], deciding):
            deciding.add(given[1])
        if word in ("elif", "else", "endif", "endfor") and opened:
            name, hanging, start = opened.pop()
            if hanging:
                bodies.append((name, raw[start : tag.start()]))
            if word in ("elif", "else"):
                opened.append(("if", hanging or _hangs(inner, deciding), tag.end()))
        elif word in ("if", "for"):
            opened.append((word, _hangs(inner, deciding), tag.end()))
    return bodies


def _hangs(expression: str, deciding: set[str]) -> bool:
    return bool(_STATE.search(expression)) or bool(deciding & set(re.findall(r"\w+", expression)))


def _spaced(text: str) -> str:
    return " ".join(text.split())
