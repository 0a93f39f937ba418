"""What a rotation of the salt found: counts, names and verdicts, never a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What became of one column of pseudonyms."""

    APART = "apart"
    # no pseudonym of before stands there
    JOINABLE = "joinable"
    # one does, or more
    RECURRING = "recurring"
    # of values too short for a digest most stood there before
    SHORT = "short"
    # of values too short for a digest few recur, as chance has it
    GONE = "gone"
    # it held pseudonyms and holds none, or it isn't there
    EMPTY = "empty"
    # it held none and holds none
    ACCEPTED = "accepted"
    # it fails, and somebody said that it may

    @property
    def fails(self) -> bool:
        """True where old and new pseudonyms may join, or nobody can say."""
        return self in (Verdict.JOINABLE, Verdict.RECURRING, Verdict.GONE)


@dataclass(frozen=True, slots=True)
class ColumnEvidence:
    """One column that holds pseudonyms; the numbers count distinct ones."""

    relation: str
    column: str
    verdict: Verdict
    before: int
    after: int
    equal: int
    # those of after that stood in any column before


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that an auditor may file."""

    engine: str
    commit: str | None
    manifest: str
    policy: str | None
    dbt: str
    resumed: bool
    columns: tuple[ColumnEvidence, ...]
    kept: tuple[tuple[str, str], ...]
    # relations that were left as they are, and why

    @property
    def broken(self) -> Sequence[ColumnEvidence]:
        """The columns where the proof fails."""
        return [one for one in self.columns if one.verdict.fails]

    @property
    def holds(self) -> bool:
        """True where no old pseudonym joins with a new one."""
        return not self.broken
