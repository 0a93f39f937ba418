"""Labels and what operations do to them (FLOW: labels, transfer). Pure and small: no SQL text, no
graph."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple, Protocol

from pii_lint.data.registry import Kind
from pii_lint.lineage.summary import (
    CHANGED,
    ENCODE,
    MOVED,
    NULLABLE,
    SIZING,
    UNKEYED,
    Chain,
    Decode,
    Digest,
    Flow,
    Fold,
    Part,
    Reveal,
    Signal,
    Test,
)

SECRET = "secret"  # noqa: S105 - the name of a kind
"""The kind of a salt or key."""
UNKNOWN = "unknown"
"""The kind of a label that stands for lost sight."""
MOST_OUTCOMES = 16
"""A choice among more literals than this tells part of the value."""
MAYBE_NULL, CHANGED_SECRET = "nullable", "changed"
"""`Label.part` of a secret that may be missing, or that is no longer whole: neither may be relied
on as a key."""


MANY = "many"
"""`Label.part` of a statistic where the SQL demands enough people of each group."""
OF_CHANGED = "~"
"""Begins `Label.part` where the value was changed first: who knows which part that is."""


class Form(IntEnum):
    """What is left of a value, worst first."""

    CLEAR = 0
    PARTIAL = 1
    WEAK = 2
    PSEUDONYM = 3
    STATISTIC = 4
    SIGNAL = 5
    UNKNOWN = 6

    @property
    def word(self) -> str:
        """The form's name in reports and policy files."""
        return self.name.lower()


VALUE_FORMS = frozenset({Form.CLEAR, Form.PARTIAL, Form.WEAK, Form.PSEUDONYM})
READABLE = frozenset({Form.CLEAR, Form.PARTIAL})


class Origin(NamedTuple):
    """The column where a label was born."""

    node: str
    column: str

    def __str__(self) -> str:
        return f"{self.node}.{self.column}"


class Label(NamedTuple):
    """What a column carries: of which origin, of which kind, in which form."""

    origin: Origin
    kind: str
    form: Form
    clause: str | None = None
    # of a signal: filter, join, group, sort, window, condition, test, count, exists, set
    equated: bool = False
    part: str | None = None
    # of a partial: what was kept, so that two different parts can be told apart
    # of a statistic: MANY or nothing

    def to(
        self,
        form: Form,
        clause: str | None = None,
        *,
        equated: bool = False,
        part: str | None = None,
    ) -> Label:
        """The same label in another form."""
        return Label(self.origin, self.kind, form, clause, equated, part)


class Surroundings(Protocol):
    """What the meaning of an operation depends on beyond the label itself."""

    def kind(self, name: str) -> Kind:
        """The kind's attributes."""

    def derived(self, kind: str, part: str) -> str | None:
        """The coarser kind that a declared part of this kind is."""

    def small(self, label: Label) -> bool:
        """True where the label's domain is so small that a test is the value."""

    def keyed(self, digest: Digest) -> bool:
        """True where one of the digest's keys is a secret, whole and always there."""

    def single(self, fold: Fold, label: Label) -> bool:
        """True where the fold's groups hold one person of this label each."""

    def many(self, fold: Fold, label: Label) -> bool:
        """True where the fold's groups surely hold enough people of this label each."""

    def numeric(self, label: Label) -> bool:
        """True where the value is a number."""


def carry(label: Label, chain: Chain, around: Surroundings) -> Label | None:
    """The label after a chain of operations; None where nothing of it is left."""
    current: Label | None = label
    changed = False
    moved = False
    measured = False
    for op in chain:
        if current is None:
            return None
        if isinstance(op, Flow):
            changed = changed or bool(op.how & (CHANGED | ENCODE))
            moved = moved or bool(op.how & (MOVED | SIZING))
            current = _secret_through(current, op) if current.kind == SECRET else current
        elif isinstance(op, Part):
            if moved and current.form is Form.CLEAR and current.kind != SECRET:
                # each row may hold another piece: all of them are the whole
                continue
            current = _part(current, op, around, changed)
            measured = True
        elif isinstance(op, Digest):
            current = _digest(current, op, around)
        elif isinstance(op, Reveal):
            current = current.to(Form.CLEAR) if current.form in VALUE_FORMS else current
        elif isinstance(op, Fold):
            current = _fold(current, op, around, measured)
        elif isinstance(op, Test):
            current = _test(current, op, around)
        elif isinstance(op, Decode):
            current = _decode(current, op, around)
        elif isinstance(op, Signal):
            if current.kind == SECRET:
                # how many salts there are tells nothing of them
                return None
            counted = bool(op.group) and current.form is Form.CLEAR and around.small(current)
            if counted and around.single(Fold(op.group, False), current):
                continue
            current = current if current.form is Form.SIGNAL else current.to(Form.SIGNAL, op.clause)
    return current


def _secret_through(label: Label, op: Flow) -> Label:
    if op.how & UNKEYED:
        return label._replace(part=CHANGED_SECRET)
    return label._replace(part=label.part or MAYBE_NULL) if op.how & NULLABLE else label


def _part(label: Label, op: Part, around: Surroundings, changed: bool) -> Label:
    if label.kind == SECRET:
        return label._replace(part=CHANGED_SECRET)
    if label.form is Form.PARTIAL:
        return label._replace(part=f"{label.part} | {op.spec}")
    if label.form is not Form.CLEAR:
        return label
    if op.width is not None and op.width >= around.kind(label.kind).min_length:
        return label
    derived = None if changed else around.derived(label.kind, op.spec)
    spec = f"{OF_CHANGED}{op.spec}" if changed else op.spec
    return Label(label.origin, derived or label.kind, Form.PARTIAL, part=spec)


def _digest(label: Label, op: Digest, around: Surroundings) -> Label | None:
    if label.kind == SECRET:
        return None
    if label.form in (Form.SIGNAL, Form.STATISTIC, Form.PSEUDONYM):
        return label
    if around.keyed(op):
        return label.to(Form.PSEUDONYM)
    return label.to(Form.WEAK) if label.form in VALUE_FORMS else label


def _fold(label: Label, op: Fold, around: Surroundings, measured: bool) -> Label:
    if label.form not in READABLE or label.kind == SECRET:
        return label
    if not (op.numeric or measured or around.numeric(label)) or around.single(op, label):
        return label
    enough = bool(op.floors) and around.many(op, label)
    return label.to(Form.STATISTIC, part=MANY if enough else None)


def _test(label: Label, op: Test, around: Surroundings) -> Label:
    if label.form is Form.SIGNAL:
        return label._replace(equated=False)
    if not op.equated and label.form is Form.CLEAR and around.small(label):
        return label
    return label.to(Form.SIGNAL, op.clause, equated=op.equated and label.form in READABLE)


def _decode(label: Label, op: Decode, around: Surroundings) -> Label:
    if label.form is Form.SIGNAL:
        return label._replace(equated=False)
    if label.form is Form.CLEAR and around.small(label):
        return label
    if op.outcomes > MOST_OUTCOMES and label.form in READABLE:
        return label.to(Form.PARTIAL, part=f"one of {op.outcomes}")
    return label.to(Form.SIGNAL, "condition")
