"""Linking a project again in which only queries changed.

What a relation was found to hold depends on its own node, on the relations that were asked for
while it was linked, and on what all of them share: names, hooks, sources, the policy. Where only
models changed, and in nothing that others are linked by, the last is as it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from pii_lint.artifacts.model import Node, Project

T = TypeVar("T")

_OF_A_QUERY = (
    "raw_code",
    "compiled_code",
    "compiled_path",
    "checksum",
    "depends_on",
    "depends_on_macros",
    "injected_ctes",
)
_OF_PROPERTIES = (
    "patch_path",
    "columns",
    "tags",
    "meta",
    "group",
    "access",
    "persist_docs",
    "persisted",
    "grants",
)
"""What nobody but the node itself is linked by, but for who counts as people."""
_SHARED = ("name", "adapter_type", "macros", "macro_depends_on", "catalog")


class Watched(dict[str, T]):
    """Relations by name, which notes whom it was asked for, there or not."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def __getitem__(self, uid: str) -> T:
        self.asked.add(uid)
        return super().__getitem__(uid)

    def __contains__(self, uid: object) -> bool:
        self.asked.add(str(uid))
        return super().__contains__(uid)

    def get(self, uid: str) -> T | None:  # type: ignore[override]
        """The relation, or None."""
        self.asked.add(uid)
        return super().get(uid)

    def peek(self, uid: str) -> T | None:
        """The relation, or None, without a note."""
        return super().get(uid)


def only_queries(before: Project, after: Project, *, people: bool) -> bool:
    """True where all that changed is what models say of themselves. `people`: somebody asked which
    columns stand for people, and any relation's properties may have had a say in that."""
    if any(getattr(before, name) != getattr(after, name) for name in _SHARED):
        return False
    if list(before.nodes) != list(after.nodes):
        return False
    own = _OF_A_QUERY if people else (*_OF_A_QUERY, *_OF_PROPERTIES)
    return all(
        node is after.nodes[uid] or _alone(node, after.nodes[uid], own)
        for uid, node in before.nodes.items()
    )


def _alone(before: Node, after: Node, own: tuple[str, ...]) -> bool:
    """True for a model without hooks that changed in nothing that others are linked by."""
    if before.resource_type not in ("model", "snapshot") or before.pre_hooks or before.post_hooks:
        return False
    return replace(before, **{name: getattr(after, name) for name in own}) == after
