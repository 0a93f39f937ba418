"""What a statement that isn't a query does: symbolic, like a summary, and as blind to labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pii_lint.lineage import Query

from .summary import RelationName

FILE = RelationName((("$file", True),))
"""The target of what is written into a file."""
OPEN = RelationName((("?", True),))
"""The target of what is written into a relation that only a run of dbt names."""


class How(Enum):
    """Which of a target's columns takes what."""

    NAME = "by the name of each of the query's columns"
    PLACE = "by the place of each of the query's columns"
    ANYWHERE = "nobody can say"
    ROWS = "none: the query only decides which rows stay"


@dataclass(frozen=True, slots=True)
class Write:
    """A relation takes in what a query gives."""

    target: RelationName
    query: Query
    how: How
    columns: tuple[str, ...] = ()
    # the target's columns by place, where they are listed
    rows: bool = True
    # what decides the query's rows decides the target's
    temporary: bool = False
    # the target goes with the session


@dataclass(frozen=True, slots=True)
class Assignment:
    """A variable of the session takes the value of a query's one column."""

    name: str
    query: Query


@dataclass(frozen=True, slots=True)
class Routine:
    """A function or macro whose calls give the value of a query's one column; None: whatever."""

    name: str
    parameters: tuple[str, ...]
    query: Query | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A type has the values that a query gives."""

    name: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody can say what a statement writes."""

    reason: str
    targets: tuple[RelationName, ...] = ()
    sure: bool = False
    # it can't mean any other relation


Effect = Write | Assignment | Routine | Listing | Lost
