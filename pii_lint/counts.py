"""What a warehouse is asked to count, and what it answers: numbers, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A relation as the warehouse calls it."""

    schema: str
    name: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where a person's country is looked up."""

    table: Table
    subject: str
    country: str


@dataclass(frozen=True, slots=True)
class Part:
    """One relation of which rows and people are counted."""

    called: str
    # as people call it
    table: Table | None
    # None for what the warehouse doesn't hold
    kinds: Mapping[str, tuple[str, ...]]
    # the columns that hold a value of each kind
    subject: str | None
    # the column that tells people apart
    country: str | None = None
    home: Home | None = None
    # where the relation has no country itself


@dataclass(frozen=True, slots=True)
class Question:
    """Relations whose rows are counted together; one may be among them twice."""

    node: str
    # unique_id of the mart or the use that it is about; empty for all exports together
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Residence:
    """Distinct people by where they live; a person with two homes counts in both."""

    eu: int
    eea: int
    # without the EU
    uk: int
    elsewhere: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The answer to one question; None for what can't be said, and `why`."""

    rows: int | None
    kinds: Mapping[str, int]
    # rows that hold a value of the kind
    subjects: int | None
    residence: Residence | None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was counted for one mart or use."""

    node: str
    counts: Counts
