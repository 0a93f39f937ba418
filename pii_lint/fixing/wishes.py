"""What the YAML of each relation should say and doesn't, by the rules that would report it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pii_lint.artifacts.model import Node
from pii_lint.data.registry import Registry
from pii_lint.findings import Confidence, Severity
from pii_lint.labels import READABLE, SECRET, Form, Label
from pii_lint.propagation.inventory import RelationFacts
from pii_lint.rules import Facts
from pii_lint.rules.overstated_tag import overstated
from pii_lint.rules.undeclared_label import undeclared
from pii_lint.rules.untagged_source_column import suspects
from pii_lint.rules.untrue_node_tag import TAG, untrue

Meta = dict[str, object]

_TOLD = frozenset({Form.CLEAR, Form.PARTIAL, Form.WEAK})
_HARM = ("high", "medium", "low")


@dataclass(slots=True)
class Wish:
    """What one relation's YAML should say from now on."""

    node: Node
    tag: bool | None = None
    # the node tag: to be added, to be taken away, to be left as it is
    overstated: bool = False
    # its `contains_pii: true` has to go
    columns: dict[str, Meta] = field(default_factory=dict)
    # column -> meta, beside the tag
    clean: list[str] = field(default_factory=list)
    # columns whose tag has to go


@dataclass(slots=True)
class Wishes:
    """All of them by unique_id, and a sentence for each thing that is a person's to decide."""

    by_node: dict[str, Wish] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def of(self, node: Node) -> Wish:
        """The wish for a relation."""
        return self.by_node.setdefault(node.unique_id, Wish(node))


def wishes(facts: Facts, nodes: Iterable[Node], *, sources: bool) -> Wishes:
    """What the YAML of these relations should say; `sources`: guesses by name included."""
    found = Wishes()
    chosen = {node.unique_id for node in nodes}
    _columns(facts, chosen, found)
    _stale(facts, chosen, found)
    _nodes(facts, chosen, found)
    for suspect in suspects(facts) if sources else ():
        uid = suspect.node.unique_id
        if uid in chosen and not suspect.step and suspect.sureness != Confidence.LOW:
            wish = found.of(suspect.node)
            wish.columns[suspect.column] = _meta(_alias(facts.registry, suspect.kind), Form.CLEAR)
            wish.tag = True
    return found


def _columns(facts: Facts, chosen: set[str], found: Wishes) -> None:
    for missing in undeclared(facts):
        node, name = missing.node, missing.column.name
        if node.unique_id not in chosen or not _allowed(facts, node, name):
            # where it may not stand, it has to go: a tag would only bless it
            continue
        if missing.denied:
            found.left.append(
                f"Column `{name}` of `{node.name}` says `pii: false` and holds personal data: mask "
                "it, declare it, or declassify it with a reason; that is a person's decision."
            )
            continue
        worst = min(label.form for label in missing.labels)
        word = _word(facts, [label for label in missing.labels if label.form == worst])
        found.of(node).columns[name] = _meta(word, worst)


def _stale(facts: Facts, chosen: set[str], found: Wishes) -> None:
    for wrong in overstated(facts):
        node, name = wrong.node, wrong.column.name
        if node.unique_id not in chosen:
            continue
        if wrong.by_policy:
            found.left.append(
                f"Column `{name}` of `{node.name}` {wrong.says}: the policy file says so, and that "
                "is its owner's to change."
            )
        elif wrong.form is None:
            found.of(node).clean.append(name)
        elif _allowed(facts, node, name):
            found.of(node).columns.setdefault(name, {})["pii_form"] = wrong.form.word


def _nodes(facts: Facts, chosen: set[str], found: Wishes) -> None:
    zoned = any(TAG in zone.tags for zone in facts.config.zones.values())
    for node, slip, _ in untrue(facts):
        called = facts.called(node.unique_id)
        if node.unique_id not in chosen:
            continue
        if slip == "denied":
            found.left.append(
                f"`{called}` says `contains_pii: false` and holds readable personal data: mask it "
                "or correct that; it is a person's decision."
            )
        elif slip == "overstated":
            found.of(node).overstated = True
        elif zoned:
            found.left.append(
                f"The node tag `{TAG}` of `{called}` isn't touched: the policy makes a zone of it, "
                "so that it decides what may stand there."
            )
        elif slip == "stale":
            found.of(node).tag = False
        elif all(
            _allowed(facts, node, key) for key in facts.inventory.relations[node.unique_id].columns
        ):
            found.of(node).tag = True


def held_back(facts: Facts, nodes: Iterable[Node]) -> int:
    """How many columns hold what may not stand there, so that nothing is declared of them."""
    relations: list[tuple[Node, RelationFacts]] = [
        (node, facts.inventory.relations[node.unique_id]) for node in nodes
    ]
    return sum(
        not _allowed(facts, node, key) for node, relation in relations for key in relation.columns
    )


def _allowed(facts: Facts, node: Node, column: str) -> bool:
    """True where nothing of what a column holds is an error there, or readable in a safe mart."""
    key, zone = column.lower(), facts.zone_of(node.unique_id)
    known = facts.inventory.relations[node.unique_id].columns.get(key)
    for label in known.labels if known else ():
        if (
            label.form not in _TOLD
            or label.kind == SECRET
            or facts.declassified(node.unique_id, key, label)
        ):
            continue
        severity = facts.policy.severity(zone, label)
        leaks = zone == "safe" and label.form in READABLE and severity != Severity.OFF
        if leaks or severity == Severity.ERROR:
            return False
    return True


def _meta(word: str, form: Form) -> Meta:
    meta: Meta = {"pii": True, "pii_type": word}
    return meta if form == Form.CLEAR else {**meta, "pii_form": form.word}


def _word(facts: Facts, labels: Iterable[Label]) -> str:
    """One kind's name for what a column holds: of several, the one that does most harm."""
    ordered = sorted(
        labels,
        key=lambda label: (
            _HARM.index(facts.registry.kind(label.kind).sensitivity),
            label.kind,
            label.origin,
        ),
    )
    kind = ordered[0].kind
    for label in ordered:
        if label.kind == kind and (said := _said(facts, label)):
            return said
    return _alias(facts.registry, kind)


def _said(facts: Facts, label: Label) -> str | None:
    """The word by which people called the kind where the label was born."""
    node = facts.nodes.get(label.origin.node)
    for name, column in node.columns.items() if node else ():
        said = column.meta.get("pii_type")
        if name.lower() == label.origin.column.lower() and isinstance(said, str) and said:
            return said if facts.registry.resolve(said) == label.kind else None
    return None


def _alias(registry: Registry, kind: str) -> str:
    return next((a for a in registry.kind(kind).aliases if registry.resolve(a) == kind), kind)
