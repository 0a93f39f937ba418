"""How long rows may be kept, in words that a warehouse understands."""

from __future__ import annotations

from dataclasses import dataclass

from pii_lint.counts import Table


@dataclass(frozen=True, slots=True)
class Erasure:
    """How a row says that it is to go: a mark, and how long it may stay from then on."""

    column: str
    # a boolean, or the moment of the wish itself
    days: int = 0
    since: str | None = None
    # the column of that moment, where the mark is a boolean


@dataclass(frozen=True, slots=True)
class Term:
    """What is declared of one relation."""

    days: int
    since: str | None = None
    # the column of the moment from which days count
    erasure: Erasure | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A column elsewhere that holds keys of a relation."""

    called: str
    table: Table
    column: str
    key: str
    # the column that it refers to
    blank: bool
    # it becomes null when the row that it refers to goes


@dataclass(frozen=True, slots=True)
class Kept:
    """One relation with its term."""

    node: str
    called: str
    table: Table
    term: Term
    references: tuple[Reference, ...] = ()
    # those that refer to it


@dataclass(frozen=True, slots=True)
class Overdue:
    """What stands in one relation; numbers of rows, never a row."""

    called: str
    rows: int = 0
    expired: int = 0
    # past their days
    erased: int = 0
    # marked, and past their time of grace; not counted above
    undated: int = 0
    # nobody can say how old they are
    left: tuple[tuple[str, int], ...] = ()
    # rows elsewhere that refer to what has to go, and would go on to
    why: str | None = None
    # it can't be looked at

    @property
    def due(self) -> int:
        """How many have to go."""
        return self.expired + self.erased
