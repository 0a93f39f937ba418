"""What the labels foretell of a warehouse, in words that whoever looks at its data understands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pii_lint.counts import Table


@dataclass(frozen=True, slots=True)
class Place:
    """A column where personal data of one kind is born."""

    node: str
    column: str
    kind: str
    keys: tuple[str, ...] = ()
    # of a JSON document: the keys with that kind; empty where the whole value is personal


@dataclass(frozen=True, slots=True)
class Expected:
    """One label on a column, or on the rows of a relation."""

    place: tuple[str, str]
    # unique_id and column where it was born
    kind: str
    form: str
    excused: str | None = None
    # the reason for which the policy lets it through


@dataclass(frozen=True, slots=True)
class Forecast:
    """One relation that dbt builds."""

    node: str
    name: str
    table: Table
    safe: bool
    columns: Mapping[str, tuple[Expected, ...]]
    rows: tuple[Expected, ...]
    # of its rows: what decided which there are
    reads: tuple[str, ...] = ()
    # unique_ids


@dataclass(frozen=True, slots=True)
class Prediction:
    """Everything that follows from the labels, and by what it was computed."""

    places: tuple[Place, ...]
    relations: tuple[Forecast, ...]
    # models and snapshots, each after what it reads
    given: Mapping[str, Table]
    # sources and seeds, the salt among them: what a build starts from
    derived: Mapping[str, str]
    # a kind that is a part of another kind's values -> that kind
    manifest: str
    # SHA-256
    policy: str | None
    # SHA-256 of the policy file; None where the shipped policy holds


@dataclass(frozen=True, slots=True)
class Publication:
    """What is to be handed out, and by which verdict."""

    marts: tuple[Forecast, ...]
    refused: tuple[str, ...]
    # why it may not go; empty where it may
    recipient: str | None
    # an exposure; None for a copy within the company
    salt: Table | None
    # where the one salt stands, of which a recipient's own is made
    manifest: str
    policy: str | None
