"""What the page holds, before it is packed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pii_lint.findings import Report
from pii_lint.sightings import Sighting

ROWS = "(rows)"
"""Stands for a column where personal data decided which rows there are."""
UNLISTED = "*"
"""Stands for the columns that nobody listed."""

Standing = Literal["tagged", "clean", "unreviewed", ""]
State = Literal["holds", "expired", "unusable", "weakens"]
Signed = Literal["nothing to sign", "signed", "signed in part", "expired", "unsigned", "open"]


@dataclass(frozen=True, slots=True)
class Edge:
    """A column takes from another."""

    node: str
    column: str
    op: str
    expression: str
    # literals are `?`
    place: str


@dataclass(frozen=True, slots=True)
class Stand:
    """One label on one column, and the label before it on its witness path."""

    origin: tuple[str, str]
    kind: str
    classification: str
    form: str
    clause: str
    before: tuple[str, str, int] | None
    # node, column and which of the labels there
    op: str
    expression: str
    place: str


@dataclass(frozen=True, slots=True)
class ToldColumn:
    """A column with everything that is known of it."""

    name: str
    standing: Standing
    # of a source's or seed's column: whether somebody looked at it
    stands: tuple[Stand, ...]
    made_of: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class ToldNode:
    """A relation, or a use outside the warehouse."""

    uid: str
    name: str
    sort: str
    zone: str
    owner: str
    file: str
    folder: str
    complete: bool
    reads: tuple[str, ...]
    recipients: tuple[str, ...]
    columns: tuple[ToldColumn, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """A dashboard, an export, or whatever else takes from the warehouse."""

    uid: str
    type: str
    recipient: str
    state: Signed
    sentence: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Something that lets a finding pass, or makes the gate milder than it ships."""

    sort: str
    state: State
    node: str
    # empty where it isn't about one
    column: str
    what: str
    reason: str
    by: str
    until: str
    place: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the page shows."""

    project: str
    report: Report
    nodes: tuple[ToldNode, ...]
    uses: tuple[Use, ...]
    leaves: tuple[Leave, ...]
    masked: tuple[str, ...]
    # the expression of each of the report's masks
    sightings: tuple[Sighting, ...] | None = None
    # what a scan of the data met; None where there was none
