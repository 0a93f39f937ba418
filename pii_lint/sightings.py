"""Where a scan of a warehouse's own data met personal values: counts, never a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pii_lint.counts import Table


class Unreadable(Exception):
    """A relation that isn't there or can't be read; the message is why."""


Standing: TypeAlias = Literal["unexpected", "declared clean", "expected"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A relation that is to be looked through."""

    node: str
    # unique_id
    called: str
    # as people call it
    zone: str | None
    table: Table
    personal: frozenset[str]
    clean: frozenset[str]
    # columns in lower case: known to hold readable personal data, and declared to hold none

    def standing(self, column: str) -> Standing:
        """What a personal value in a column says of what is known of it."""
        if column.lower() in self.personal:
            return "expected"
        return "declared clean" if column.lower() in self.clean else "unexpected"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One shape or listed key met in one column."""

    node: str
    column: str
    pattern: str
    kind: str
    rows: int
    # that hold it
    looked: int
    # rows looked at
    zone: str | None = None
    standing: Standing = "unexpected"


@dataclass(frozen=True, slots=True)
class Looked:
    """One relation as far as it was looked through."""

    node: str
    called: str
    zone: str | None
    rows: int
    # looked at
    columns: int
    # that could hold text
    why: str | None = None
    # the reason where it wasn't, or not wholly


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan found."""

    relations: tuple[Looked, ...]
    sightings: tuple[Sighting, ...]

    @property
    def unexpected(self) -> tuple[Sighting, ...]:
        """Those that nobody knew of."""
        return self.standing("unexpected")

    def standing(self, *words: Standing) -> tuple[Sighting, ...]:
        return tuple(one for one in self.sightings if one.standing in words)
