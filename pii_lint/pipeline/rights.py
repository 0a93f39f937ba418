"""Where data of one person stands, and who else got it: what their rights reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pii_lint.artifacts.model import Exposure, Node
from pii_lint.config import Config
from pii_lint.config.model import LabelSpec
from pii_lint.data.registry import strictest
from pii_lint.holdings import Derived, Held, Holdings, Recipient
from pii_lint.labels import SECRET, VALUE_FORMS, Form, Label
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather, linked
from pii_lint.pipeline.prediction import foretold
from pii_lint.propagation.declared import UNNAMED_KIND
from pii_lint.reports.radius import INSIDE
from pii_lint.reports.uses import uses
from pii_lint.rules import Facts
from pii_lint.warehouse.subject.declared import called, declared, table_of

_GIVEN = ("source", "seed")
_BUILT = ("model", "snapshot")
_NO_TABLE = ("view", "ephemeral", "materialized_view")


def rights(options: Options) -> Holdings:
    """Every table that holds rows of people, and by which columns they are known there."""
    facts = gather(options)
    given = [node for node in facts.nodes.values() if node.resource_type in _GIVEN]
    said = declared(given, facts.config, facts.registry)
    marks = dict(_marks(said.held))
    followed, _ = linked(facts.projects, _as_if_personal(facts, marks), facts.project_dir, options)
    foreseen = foretold(options, facts)
    secrets = [uid for uid in foreseen.given if facts.is_secret(uid)]
    nodes = frozenset(one.node for one in said.held)
    return Holdings(
        held=said.held,
        kept=said.kept,
        derived=tuple(_derived(facts, followed, marks)),
        recipients=tuple(_recipients(facts, followed, nodes)),
        salt=foreseen.given[secrets[0]] if len(secrets) == 1 else None,
        cleared=_cleared(facts, said.held),
        seeds=tuple(sorted(_seeds(facts))),
        manifest=foreseen.manifest,
        policy=foreseen.policy,
    )


def _seeds(facts: Facts) -> set[str]:
    """Their files, those that are switched off too: these fill tables all the same, sometimes."""
    paths = {node.path for node in facts.nodes.values() if node.resource_type == "seed"}
    paths |= {path for one in facts.projects for path in one.disabled_paths}
    return {path for path in paths if path.endswith(".csv")}


def _marks(held: Iterable[Held]) -> Iterator[tuple[tuple[str, str], str]]:
    """The columns that say whose a row is, as they go on into what dbt makes."""
    for one in held:
        if one.key:
            yield (one.node, one.key.lower()), one.about(one.key)
        # what stays of a row that is blanked says nothing of the person any more
        for column in one.offers if one.on_forget == "delete" else ():
            yield (one.node, column), one.about(column)
        for reference in one.references:
            if not reference.path:
                yield (one.node, reference.column.lower()), reference.to


def _as_if_personal(facts: Facts, marks: Mapping[tuple[str, str], str]) -> Config:
    labels = {uid: dict(specs) for uid, specs in facts.config.labels.items()}
    kind = facts.registry.resolve(UNNAMED_KIND)
    for uid, column in marks:
        held = facts.inventory.relations[uid].columns.get(column)
        name = held.name if held else column
        if not facts.labelled(uid).get(column):
            labels.setdefault(uid, {})[name] = LabelSpec(kind)
    return replace(facts.config, labels=labels)


def _derived(
    facts: Facts, followed: Facts, marks: Mapping[tuple[str, str], str]
) -> Iterator[Derived]:
    for node in sorted(facts.nodes.values(), key=lambda one: one.unique_id):
        if node.resource_type not in _BUILT or not _is_table(node):
            continue
        columns = followed.inventory.relations[node.unique_id].columns.values()
        own = facts.inventory.relations[node.unique_id].columns.values()
        keys = {
            column.name: frozenset(_led_to(column.labels, marks))
            for column in columns
            if any(_led_to(column.labels, marks))
        }
        yield Derived(
            node=node.unique_id,
            called=called(node),
            table=table_of(node),
            restricted=facts.zone_of(node.unique_id) == "restricted",
            lasting=node.resource_type == "snapshot" or node.materialized not in ("table", None),
            keys=keys,
            pseudonyms=frozenset(
                column.name
                for column in own
                if any(label.form is Form.PSEUDONYM for label in column.labels)
            ),
        )
    stored = {uid: test for one in facts.projects for uid, test in one.stored_tests.items()}
    for uid, test in sorted(stored.items()):
        yield Derived(uid, called(test), table_of(test), restricted=False, lasting=False)


def _led_to(labels: Iterable[Label], marks: Mapping[tuple[str, str], str]) -> Iterator[str]:
    for label in labels:
        about = marks.get((label.origin.node, label.origin.column.lower()))
        if about is not None and label.form is Form.CLEAR:
            yield about


def _is_table(node: Node) -> bool:
    return node.relation_name is not None and node.materialized not in _NO_TABLE


def _recipients(facts: Facts, followed: Facts, held: frozenset[str]) -> Iterator[Recipient]:
    """Uses outside the company that take something of people, if only the key."""
    for uid, use in uses(facts).items():
        exposure = facts.exposures[uid]
        taken = [one for node in use.takes for one in _values(facts, node, held)]
        keyed = [one for node in use.takes for one in _values(followed, node, held)]
        if not _leaves(exposure) or not (taken or keyed):
            continue
        signed = use.sign_off
        yield Recipient(
            exposure=exposure.name,
            recipient=use.recipient,
            owner=use.owner,
            signed_by=signed.approved_by if signed else None,
            signed_until=signed.until if signed else None,
            takes=use.takes,
            of=frozenset(label.origin.node for label in (*taken, *keyed)),
            kinds=tuple(sorted({label.kind for label in taken})),
            forms=tuple(sorted({label.form.word for label in taken})),
        )


def _values(facts: Facts, node: str, held: frozenset[str]) -> list[Label]:
    return [
        label
        for column in facts.inventory.relations[node].columns.values()
        for label in column.labels
        if label.form in VALUE_FORMS and label.kind != SECRET and label.origin.node in held
    ]


def _leaves(exposure: Exposure) -> bool:
    stated = exposure.meta.get("export")
    return exposure.type not in INSIDE if stated is None else stated is not False


def _cleared(facts: Facts, held: Iterable[Held]) -> tuple[str, ...]:
    """The roles that may read the most sensitive of it."""
    classes = [
        facts.registry.kind(kind).data_classification
        for one in held
        for kind in one.personal.values()
    ]
    return tuple(dict.fromkeys(facts.policy.readers(strictest(classes) or "confidential")))
