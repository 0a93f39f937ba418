"""Which labels may stand where: zones, and the matrix zone x form x kind (FLOW: policy)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from fnmatch import fnmatchcase
from functools import lru_cache

from pii_lint.artifacts.model import Exposure, Node
from pii_lint.config import UNZONED, Config, Zone
from pii_lint.data.registry import CLASSIFICATIONS, Registry, ancestors
from pii_lint.findings import Severity
from pii_lint.labels import SECRET, VALUE_FORMS, Form, Label

SAFE, EXPORT, RAW = "safe", "export", "raw"
ZONES = (SAFE, EXPORT, "staging", "intermediate", "restricted", RAW)
"""Strictest first: where several zones claim a node, the first of these holds."""


class Policy:
    """What a project's policy says of its nodes and labels."""

    def __init__(self, config: Config, registry: Registry) -> None:
        self._config = config
        self._registry = registry
        self._known: dict[tuple[object, ...], tuple[str, ...]] = {}
        # the zones that claim a node, by all that they are claimed by

    def zone(self, node: Node | Exposure) -> str | None:
        """The zone of a node, the strictest where several claim it; None where none does."""
        if isinstance(node, Exposure):
            return EXPORT
        claiming = self._claiming(node)
        if claiming:
            return claiming[0]
        return RAW if node.resource_type == "source" else None

    def zone_conflicts(self, node: Node) -> tuple[str, ...]:
        """Every zone that claims a node, strictest first, where several do."""
        claiming = self._claiming(node)
        return claiming if len(claiming) > 1 else ()

    def is_safe(self, node: Node) -> bool:
        """True for what everybody in the company may read."""
        return self.zone(node) == SAFE

    def severity(self, zone: str | None, label: Label) -> Severity:
        """How bad it is that a label stands in a zone (None: a node that no zone claims).

        The label's kind decides, never its `part`: whoever follows a value knows whether a declared
        derivation made it of the value itself, and gives it the derived kind only then.
        """
        kind = self._registry.kind(label.kind)
        if not kind.allowed and label.form in VALUE_FORMS:
            return Severity.ERROR
        cell = self._config.policy[zone or UNZONED][label.form.word]
        for name in ancestors(label.kind):
            if name in cell.kinds:
                return cell.kinds[name]
        if label.form is Form.PARTIAL and kind.derived_from and cell.derived:
            return cell.derived
        if label.form is Form.SIGNAL and label.equated and cell.equated:
            return cell.equated
        return cell.default

    def states(self, zone: str | None, label: Label) -> bool:
        """True where the policy names the label's kind, or one above it, in its cell."""
        cell = self._config.policy[zone or UNZONED][label.form.word]
        return any(name in cell.kinds for name in ancestors(label.kind))

    def classification(self, label: Label) -> str:
        """How guarded a label's values are; secrets like the most guarded."""
        if label.kind == SECRET:
            return "restricted"
        return self._registry.kind(label.kind).data_classification

    def readers(self, classification: str) -> tuple[str, ...]:
        """The roles, or patterns of roles, that may read such data, the most guarded last."""
        clearances = CLASSIFICATIONS[CLASSIFICATIONS.index(classification) :]
        return tuple(role for one in clearances for role in self._config.roles.get(one, ()))

    def clears(self, role: str, classification: str) -> bool:
        """True where a role may read such data."""
        name = role.strip().lower()
        return any(
            fnmatchcase(name, pattern.strip().lower()) for pattern in self.readers(classification)
        )

    def _claiming(self, node: Node) -> tuple[str, ...]:
        where = (node.resource_type == "source", node.path, node.database, node.schema)
        said = (*where, node.tags, node.group, node.access)
        if said not in self._known:
            zones = self._config.zones
            found = (name for name in ZONES if name in zones and _claims(zones[name], node))
            self._known[said] = tuple(found)
        return self._known[said]


def _claims(zone: Zone, node: Node) -> bool:
    # The path of a source is that of the YAML that declares it, often a staging folder's.
    placed = node.resource_type != "source" and any(
        path_matches(pattern, node.path) for pattern in zone.paths
    )
    return (
        placed
        or any(_schema_matches(pattern, node) for pattern in zone.schemas)
        or not node.tags.isdisjoint(zone.tags)
        or node.group in zone.groups
        or node.access in zone.access
    )


def path_matches(pattern: str, path: str) -> bool:
    """True where a path or a folder above it fits: `*` within a name, `**` for any folders."""
    folder, _, name = path.rpartition("/")
    segments, reached = _reached(pattern, folder)
    return len(segments) in _onward(segments, reached, _segments(name))


def _segments(path: str) -> tuple[str, ...]:
    return tuple(segment for segment in path.split("/") if segment not in ("", "."))


@lru_cache(maxsize=4096)
def _reached(pattern: str, folder: str) -> tuple[Sequence[str], Set[int]]:
    """A pattern's segments, and those of them that a folder may lead to; many files share one."""
    segments = _segments(pattern)
    return segments, _onward(segments, _skip_stars(segments, {0}), _segments(folder))


def _onward(pattern: Sequence[str], reached: Set[int], path: Sequence[str]) -> Set[int]:
    # one step a segment, so linear for any pattern
    for segment in path:
        if len(pattern) in reached:
            return reached
        onward = set()
        for position in reached:
            if pattern[position] == "**":
                onward.add(position)
            elif fnmatchcase(segment, pattern[position]):
                onward.add(position + 1)
        reached = _skip_stars(pattern, onward)
    return reached


def _skip_stars(pattern: Sequence[str], positions: Set[int]) -> Set[int]:
    reached = set(positions)
    for position in positions:
        while position < len(pattern) and pattern[position] == "**":
            position += 1
            reached.add(position)
    return reached


def _schema_matches(pattern: str, node: Node) -> bool:
    schema = (node.schema or "").lower()
    if "." in pattern:
        schema = f"{(node.database or '').lower()}.{schema}"
    return bool(node.schema) and fnmatchcase(schema, pattern.lower())
