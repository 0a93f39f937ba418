"""A manifest that is read again and again: of one that hardly changed, only what did is decoded.

dbt writes the whole manifest anew when one model was edited. Its entries are compared as they
stand in the text; what an edit of a model's SQL can't have changed makes the whole count as new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from pii_lint.artifacts import shapes
from pii_lint.artifacts.envelope import MANIFEST, moment, read
from pii_lint.artifacts.keys import Keys
from pii_lint.artifacts.manifest import Reader, load_manifest, target
from pii_lint.artifacts.model import Node, Project

_OF_AN_EDIT = ("raw_code", "compiled_code", "compiled", "checksum", "depends_on", "extra_ctes")
"""Fields of an entry in `nodes` that change when its SQL does."""
_SO_ARE = (
    "raw_code",
    "compiled_code",
    "compiled_path",
    "checksum",
    "depends_on",
    "depends_on_macros",
    "injected_ctes",
)
"""The fields of a Node that are made of these."""


class _Text(msgspec.Struct, gc=False):
    """A manifest, its entries still text."""

    metadata: shapes.Metadata
    nodes: dict[str, msgspec.Raw]
    sources: msgspec.Raw = msgspec.Raw()
    functions: msgspec.Raw = msgspec.Raw()
    macros: msgspec.Raw = msgspec.Raw()
    exposures: msgspec.Raw = msgspec.Raw()
    metrics: msgspec.Raw = msgspec.Raw()
    semantic_models: msgspec.Raw = msgspec.Raw()
    saved_queries: msgspec.Raw = msgspec.Raw()
    unit_tests: msgspec.Raw = msgspec.Raw()
    disabled: msgspec.Raw = msgspec.Raw()

    def beside(self) -> tuple[bytes, ...]:
        """All that is no entry of `nodes`."""
        return tuple(
            bytes(part)
            for part in (
                self.sources,
                self.functions,
                self.macros,
                self.exposures,
                self.metrics,
                self.semantic_models,
                self.saved_queries,
                self.unit_tests,
                self.disabled,
            )
        )


@dataclass(frozen=True, slots=True)
class _Known:
    text: _Text
    project: Project


class Rereader:
    """Reads manifests. Nodes that are as they were are the very objects that they were."""

    def __init__(self) -> None:
        self._known: dict[Path, _Known] = {}

    def load(self, path: Path) -> Project:
        """As `load_manifest` would, with its errors."""
        data = read(path, MANIFEST)
        sha256 = hashlib.sha256(data).hexdigest()
        text, known = _text(data), self._known.get(path)
        project = _edited(text, known, path) if text and known else None
        if project is None:
            project = load_manifest(path)
            project = _with_old_nodes(project, known.project) if known else project
        else:
            project = replace(project, sha256=sha256)
        self._known.pop(path, None)
        # dbt may have written it once more in between
        if text is not None and project.sha256 == sha256 and not project.compiled_apart:
            self._known[path] = _Known(text, project)
        return project


def _text(data: bytes) -> _Text | None:
    try:
        return msgspec.json.decode(data, type=_Text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _edited(text: _Text, known: _Known, path: Path) -> Project | None:
    """The project as it was, but for the SQL of some models; None where more has changed."""
    before, head = known.text, text.metadata
    alike = _at(head, before.metadata) == head and text.beside() == before.beside()
    if not alike or list(text.nodes) != list(before.nodes):
        return None
    reader = Reader(path, head, known.project.name)
    nodes: dict[str, Node] = {}
    for uid, raw in text.nodes.items():
        if bytes(raw) != bytes(before.nodes[uid]):
            node = _node(reader, uid, before.nodes[uid], raw, known.project.nodes)
            if node is None:
                return None
            nodes[uid] = node
    return replace(
        known.project,
        nodes={**known.project.nodes, **nodes},
        generated_at=moment(head.generated_at),
        invocation_id=head.invocation_id,
        target=target(path, head),
    )


def _at(run: shapes.Metadata, before: shapes.Metadata) -> shapes.Metadata:
    """What stood in an earlier manifest, were it of this run."""
    return msgspec.structs.replace(
        before, generated_at=run.generated_at, invocation_id=run.invocation_id
    )


def _node(
    reader: Reader, uid: str, before: msgspec.Raw, after: msgspec.Raw, nodes: Mapping[str, Node]
) -> Node | None:
    """A model whose SQL was edited; None where its properties were, or where it is none."""
    try:
        old, new = (msgspec.json.decode(raw, type=shapes.Node) for raw in (before, after))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if uid not in nodes or new.resource_type not in ("model", "snapshot") or not new.compiled_code:
        return None
    nothing = dict.fromkeys(_OF_AN_EDIT)
    if msgspec.structs.replace(old, **nothing) != msgspec.structs.replace(new, **nothing):
        return None
    # what its tests say of its columns stands in other entries, and these are as they were
    read = reader.node(uid, new, Keys())
    return replace(nodes[uid], **{name: getattr(read, name) for name in _SO_ARE})


def _with_old_nodes(project: Project, before: Project) -> Project:
    nodes = {
        uid: before.nodes[uid] if before.nodes.get(uid) == node else node
        for uid, node in project.nodes.items()
    }
    return replace(project, nodes=nodes)
