"""Where things stand in the project's files, and the way a label came there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pii_lint.artifacts.locate import Locator
from pii_lint.artifacts.model import Exposure, Node
from pii_lint.findings import Location, Step
from pii_lint.labels import Label
from pii_lint.lineage import mention
from pii_lint.propagation.inventory import Hop, Inventory, Span
from pii_lint.rules._excerpts import Excerpts

ORIGIN = "origin"
"""The operation by which a label stands where it was born."""
WHOLE = "*"
"""The column of a finding about a relation as a whole; in an inventory, the open tail."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest's nodes, and the way back from its compiled SQL to the templates."""

    nodes: Mapping[str, Node]
    locator: Locator


@dataclass(frozen=True, slots=True)
class Places:
    """Turns nodes, columns and spans into locations and steps."""

    nodes: Mapping[str, Node]
    exposures: Mapping[str, Exposure]
    inventory: Inventory
    manifests: tuple[Manifest, ...]
    dialect: str
    excerpts: Excerpts

    @property
    def locator(self) -> Locator:
        """For what all manifests say alike."""
        return self.manifests[0].locator

    def node(self, uid: str) -> Location | None:
        """The file that makes a relation or an exposure."""
        if uid in self.exposures:
            return self.locator.yaml_location(self.exposures[uid])
        node = self.nodes.get(uid)
        if node is None:
            return None
        if node.resource_type == "source":
            return self.locator.yaml_location(node)
        return self.locator.template_location(node)

    def properties(self, uid: str, column: str | None = None) -> Location | None:
        """The lines of YAML that describe a relation or a column of it, else its file."""
        node = self.nodes.get(uid)
        if node is None:
            return self.node(uid)
        named = None if column == WHOLE else column
        return self.locator.yaml_location(node, named) or self.node(uid)

    def span(self, uid: str, span: Span | None) -> Location | None:
        """A span of a model's compiled SQL, in its template."""
        if span is None:
            return self.node(uid)
        manifest = self.manifests[span.manifest]
        node = manifest.nodes.get(uid)
        if node is None:
            return self.node(uid)
        return manifest.locator.template_location(node, span.start, span.end)

    def mention(self, uid: str, relation: str) -> Location | None:
        """Where a model's SQL reads from a relation of this name, else the model's file."""
        for number, manifest in enumerate(self.manifests):
            node = manifest.nodes.get(uid)
            found = mention(node.compiled_code or "", self.dialect, relation) if node else None
            if found is not None:
                return self.span(uid, Span(*found, number))
        return self.node(uid)

    def text(self, uid: str, place: Location) -> str | None:
        """The text of a relation in which a place stands; None for YAML, or where it is lost."""
        for manifest in self.manifests:
            node = manifest.nodes.get(uid)
            text = manifest.locator.text(node, place) if node is not None else None
            if text is not None:
                return text
        return None

    def column(self, uid: str, column: str, labels: Iterable[Label] = ()) -> Location | None:
        """Where the relation's SQL lets one of the labels in, else the column's line of YAML."""
        relation = self.inventory.relations[uid]
        facts = relation.columns.get(column)
        known = dict(relation.signals) if column == WHOLE else {}
        known |= facts.labels if facts else {}
        ways = [known[label] for label in labels if label in known]
        if None in ways or not ways:
            return self.properties(uid, facts.name) if facts else self.node(uid)
        return self.span(uid, next((via.span for via in ways if via and via.span), None))

    def steps(self, uid: str, column: str, label: Label) -> tuple[Step, ...]:
        """The witness path of a label, origin first."""
        return self.way(self.inventory.path(uid, column, label))

    def way(self, hops: Iterable[Hop]) -> tuple[Step, ...]:
        """Any path over columns, its places and expressions looked up."""
        return tuple(self._step(hop) for hop in hops)

    def _step(self, hop: Hop) -> Step:
        span = hop.via.span if hop.via else None
        place = self.span(hop.node, span) if hop.via else self.properties(hop.node, hop.column)
        return Step(
            node=hop.node,
            column=hop.column,
            op=hop.via.op if hop.via else ORIGIN,
            form=hop.label.form.word,
            expression=self.excerpt(hop.node, span),
            location=place,
        )

    def excerpt(self, uid: str, span: Span | None) -> str:
        """The SQL of a span without literals and comments."""
        node = self.manifests[span.manifest].nodes.get(uid) if span else None
        if span is None or node is None or node.compiled_code is None:
            return ""
        return self.excerpts.of(node.compiled_code, span.start, span.end)
