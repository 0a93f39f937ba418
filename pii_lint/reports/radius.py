"""What some columns reach: relations, uses outside the warehouse, and places past dbt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pii_lint.counts import Answer, Question
from pii_lint.findings import Approval, Flow, Location, ManifestInput
from pii_lint.labels import SECRET, UNKNOWN, VALUE_FORMS, Form, Label
from pii_lint.propagation.inventory import Hop
from pii_lint.propagation.reach import Inflows, Reached, born_in, downstream, reach
from pii_lint.reports.uses import approvals, recipient, stated
from pii_lint.rules import WHOLE, Facts

INSIDE = frozenset({"dashboard", "notebook", "analysis", "metric", "semantic_model", "saved_query"})
"""Uses that people of the company look at; what any other is used for may stand elsewhere."""
WORKSHOP = frozenset({"raw", "staging", "intermediate"})
"""Zones of relations that aren't marts."""
_OF_NOBODY = frozenset({Form.SIGNAL.word, Form.STATISTIC.word})


@dataclass(frozen=True, slots=True)
class AskedColumn:
    """A column whose reach is told."""

    node: str
    column: str
    kinds: tuple[str, ...]
    tagged: bool
    # False: the project takes it for nothing personal, and it was followed as if it were
    location: Location | None


@dataclass(frozen=True, slots=True)
class Arrived:
    """What of one asked column stands on one column, and by which way it came."""

    asked: str
    # as `unique_id.column`
    column: str
    # `*` for the choice of rows, and for columns that nobody listed
    value: bool
    # False where it only had an influence
    classification: str | None
    flow: Flow


def holds(arrived: Iterable[Arrived]) -> bool:
    """True where data of single people may stand, rather than an influence or a statistic."""
    return any(one.flow.form not in _OF_NOBODY for one in arrived)


@dataclass(frozen=True, slots=True)
class ReachedRelation:
    """A model, snapshot, seed or source that holds something of an asked column."""

    node: str
    sort: str
    zone: str | None
    mart: bool
    # what people outside the workshop read
    location: Location | None
    arrived: tuple[Arrived, ...]


@dataclass(frozen=True, slots=True)
class ReachedUse:
    """A dashboard, an export or another use outside the warehouse."""

    node: str
    type: str
    recipient: str
    export: bool
    owner: str | None
    first_run: str | None
    records: str | None
    # both as the exposure's meta states them
    takes: tuple[str, ...]
    # the relations through which it gets something
    arrived: tuple[Arrived, ...]
    location: Location | None
    sign_off: Approval | None = None


@dataclass(frozen=True, slots=True)
class PastDbt:
    """Where data comes to lie that dbt doesn't make: what a hook writes, the stored rows of a
    test."""

    by: str
    target: str
    kinds: tuple[str, ...]
    forms: tuple[str, ...]
    lost: bool
    # nobody can say what is written


@dataclass(frozen=True, slots=True)
class Unseen:
    """A place downstream where sight was lost, so that more may be reached than is told."""

    node: str
    reason: str
    location: Location | None


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """Everything that some columns reach."""

    manifests: tuple[ManifestInput, ...]
    asked: tuple[AskedColumn, ...]
    relations: tuple[ReachedRelation, ...]
    uses: tuple[ReachedUse, ...]
    past_dbt: tuple[PastDbt, ...]
    unseen: tuple[Unseen, ...]
    notes: tuple[str, ...]
    questions: tuple[Question, ...] = ()
    # what a warehouse can be asked about it
    counted: tuple[Answer, ...] | None = None
    # None where it wasn't asked
    meanings: Mapping[str, str] = field(default_factory=dict)
    # of kinds, for people who know none of their names

    @property
    def marts(self) -> tuple[ReachedRelation, ...]:
        """Relations that people outside the workshop read, with data of single people in them."""
        return tuple(one for one in self.relations if one.mart and holds(one.arrived))

    @property
    def exports(self) -> tuple[ReachedUse, ...]:
        """Uses by which data of single people may have left the company."""
        return tuple(use for use in self.uses if use.export and holds(use.arrived))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of personal data that the asked columns hold."""
        return tuple(sorted({kind for one in self.asked for kind in one.kinds}))


Columns = Sequence[tuple[str, str]]


def radius(
    facts: Facts,
    inflows: Inflows,
    columns: Columns,
    untagged: Iterable[tuple[str, str]],
    manifests: tuple[ManifestInput, ...],
    notes: tuple[str, ...],
) -> BlastRadius:
    """What the columns reach; each is a unique_id with a key of that relation's columns."""
    supposed = set(untagged)
    arrived: dict[str, dict[tuple[object, ...], Arrived]] = {}
    hooked = frozenset(_hooked(facts))
    for node, column in columns:
        for one in reach(facts.inventory, inflows, node, column, hooked):
            told = _arrived(facts, _called(facts, node, column), one)
            flow = told.flow
            shown = (told.asked, told.column, flow.kind, flow.form, flow.clause)
            arrived.setdefault(one.node, {}).setdefault(shown, told)
    # an export may stand right on an asked relation
    here = {uid: list(found.values()) for uid, found in arrived.items()}
    stood = {uid: list(found) for uid, found in here.items()}
    for node, column in columns:
        stood.setdefault(node, []).extend(_standing(facts, node, column))
    below = downstream(facts.inventory, {node for node, _ in columns})
    return BlastRadius(
        manifests=manifests,
        asked=tuple(_asked(facts, at, at not in supposed) for at in columns),
        relations=tuple(_relation(facts, uid, found) for uid, found in sorted(here.items())),
        uses=tuple(_uses(facts, stood)),
        past_dbt=tuple(_past_dbt(facts, columns, stood)),
        unseen=tuple(_unseen(facts, below)),
        notes=(*notes, *(_supposed(facts, at) for at in columns if at in supposed)),
        meanings={
            kind: facts.registry.kind(kind).description.partition(";")[0]
            for kind in sorted({one.flow.kind for found in stood.values() for one in found})
            if kind not in (UNKNOWN, SECRET)
        },
    )


def _hooked(facts: Facts) -> Iterator[str]:
    """Relations that hooks or operations may write to."""
    operations = [
        (node.compiled_code or node.raw_code or "").lower()
        for project in facts.projects
        for node in project.nodes.values()
        if node.resource_type == "operation"
    ]
    for node, relation in facts.relations():
        name = (node.alias or node.name).lower()
        own = node.pre_hooks or node.post_hooks or relation.hooked
        if own or any(name in text for text in operations):
            yield node.unique_id


def is_personal(facts: Facts, node: str, column: str) -> bool:
    """True where the column holds a value that somebody said is personal, or lost sight."""
    return any(label.form != Form.SIGNAL for label in _labels(facts, node, column))


def _labels(facts: Facts, node: str, column: str) -> Iterable[Label]:
    relation = facts.inventory.relations[node]
    held = relation.columns.get(column)
    signals = relation.signals if column == WHOLE else {}
    return [*(held.labels if held is not None else {}), *signals]


def _called(facts: Facts, node: str, column: str) -> str:
    return f"{node}.{_name(facts, node, column)}"


def _name(facts: Facts, node: str, column: str) -> str:
    held = facts.inventory.relations[node].columns.get(column)
    return held.name if held is not None else WHOLE


def _asked(facts: Facts, at: tuple[str, str], tagged: bool) -> AskedColumn:
    labels = _labels(facts, *at)
    kinds = {label.kind for label in labels if label.form != Form.SIGNAL}
    return AskedColumn(
        node=at[0],
        column=_name(facts, *at),
        kinds=tuple(sorted(kinds)),
        tagged=tagged,
        location=facts.places.column(*at, labels),
    )


def _supposed(facts: Facts, at: tuple[str, str]) -> str:
    name = f"`{facts.called(at[0])}.{_name(facts, *at)}`"
    if not is_personal(facts, *at):
        return (
            f"{name} isn't personal by any tag, and no column's value flows into it that could be "
            "followed: what it reaches isn't known."
        )
    return f"{name} isn't personal by any tag: it was followed as if it were."


def _arrived(facts: Facts, asked: str, one: Reached) -> Arrived:
    return _told(facts, asked, _name(facts, one.node, one.column), one.label, one.path)


def _standing(facts: Facts, node: str, column: str) -> Iterator[Arrived]:
    """What an asked column holds itself, for those who take from its relation."""
    called, name = _called(facts, node, column), _name(facts, node, column)
    born = born_in(facts.inventory, node, column)
    for label in _labels(facts, node, column):
        path = facts.inventory.path(node, column, label)
        yield _told(facts, called, name, label, path if label in born else path[-1:])


def _told(facts: Facts, asked: str, column: str, label: Label, path: tuple[Hop, ...]) -> Arrived:
    known = label.kind not in (UNKNOWN, SECRET)
    return Arrived(
        asked=asked,
        column=column,
        value=label.form in VALUE_FORMS,
        classification=facts.registry.kind(label.kind).data_classification if known else None,
        flow=Flow(
            id="",
            origin=str(label.origin),
            kind=label.kind,
            form=label.form.word,
            clause=label.clause,
            equated=label.equated,
            steps=facts.places.way(path),
        ),
    )


def _relation(facts: Facts, uid: str, arrived: list[Arrived]) -> ReachedRelation:
    node, zone = facts.nodes[uid], facts.zone_of(uid)
    made = node.resource_type in ("model", "snapshot") and node.materialized != "ephemeral"
    return ReachedRelation(
        node=uid,
        sort=node.resource_type,
        zone=zone,
        mart=made and zone not in WORKSHOP,
        location=facts.places.node(uid),
        arrived=tuple(arrived),
    )


def _uses(facts: Facts, held: Mapping[str, list[Arrived]]) -> Iterator[ReachedUse]:
    signed = approvals(facts)
    for uid, use in sorted(facts.exposures.items()):
        takes = tuple(sorted(set(use.depends_on) & held.keys()))
        if not takes:
            continue
        yield ReachedUse(
            node=uid,
            type=use.type,
            recipient=recipient(use),
            export=use.type not in INSIDE,
            owner=use.owner,
            first_run=stated(use, "first_run"),
            records=stated(use, "records"),
            takes=takes,
            arrived=tuple(one for node in takes for one in held[node]),
            location=facts.places.node(uid),
            sign_off=signed[uid],
        )


def _past_dbt(
    facts: Facts, columns: Columns, held: Mapping[str, list[Arrived]]
) -> Iterator[PastDbt]:
    """By origin: which column a hook's query takes it from isn't asked."""
    origins = {str(label.origin) for at in columns for label in _labels(facts, *at)}
    for outlet in facts.inventory.outlets:
        author = facts.nodes.get(outlet.by)
        found = [label for label in outlet.labels if str(label.origin) in origins]
        blind = outlet.lost is not None and (
            author is None or outlet.by in held or bool(set(author.depends_on) & held.keys())
        )
        if found or blind:
            yield _place(outlet.by, outlet.target or "named when dbt runs", found, lost=blind)
    for uid, failures in sorted(facts.inventory.failures.items()):
        found = [label for label in failures.labels if str(label.origin) in origins]
        if found:
            yield _place(uid, "stored failures", found, lost=not failures.seen)


def _place(by: str, target: str, labels: Iterable[Label], *, lost: bool) -> PastDbt:
    known = list(labels)
    return PastDbt(
        by=by,
        target=target,
        kinds=tuple(sorted({label.kind for label in known})),
        forms=tuple(sorted({label.form.word for label in known})),
        lost=lost,
    )


def _unseen(facts: Facts, below: Iterable[str]) -> Iterator[Unseen]:
    for uid in sorted(below):
        for spot in facts.inventory.relations[uid].blind:
            yield Unseen(uid, spot.reason, facts.places.span(uid, spot.span))
