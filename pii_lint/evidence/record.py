"""What a run of `verify` found: counts, names and verdicts, never a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from pii_lint.evidence.scratch import Altered


class Verdict(Enum):
    """What became of one column of a safe mart."""

    HOLE = "hole"
    # it moved, and no label foretold it
    READABLE = "readable"
    # it moved, as its label foretold: personal data can be read there
    UNSEEN = "unseen"
    # it moved, and the analysis had said that it can't see there
    EXCUSED = "excused"
    # it moved and may, for a reason that somebody declared
    FORETOLD = "foretold"
    # it moved as a pseudonym, a statistic or a signal may
    STILL = "still"
    # its label foretold that it might move, and it never did
    UNSTABLE = "unstable"
    # it differs from build to build even where nothing was altered
    CLEAN = "clean"
    # no label, and it never moved

    @property
    def fails(self) -> bool:
        """True where the promise is broken."""
        return self in (Verdict.HOLE, Verdict.READABLE, Verdict.UNSEEN)


@dataclass(frozen=True, slots=True)
class ColumnEvidence:
    """One column of a safe mart."""

    relation: str
    column: str
    verdict: Verdict
    moved_by: tuple[str, ...] = ()
    # the kinds whose change moved it
    forms: tuple[str, ...] = ()
    # those that its labels foretell
    first: str | None = None
    # of a hole: the first relation where what moved is unlabelled
    note: str = ""


@dataclass(frozen=True, slots=True)
class KindEvidence:
    """One kind of personal data, altered by itself."""

    kind: str
    places: tuple[Altered, ...]
    failed: str | None = None
    # the node that could not be built with other values

    @property
    def altered(self) -> int:
        """How many distinct values were altered."""
        return sum(place.altered for place in self.places)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that an auditor may file."""

    commit: str | None
    manifest: str
    policy: str | None
    dbt: str
    duckdb: str
    kinds: tuple[KindEvidence, ...]
    rows: tuple[tuple[str, int], ...]
    # of each safe mart
    columns: tuple[ColumnEvidence, ...]
    canaries: int | None = None
    # how many were planted; None where none were looked for
    missing: tuple[str, ...] = ()
    # safe marts that a build didn't make

    @property
    def holds(self) -> bool:
        """True where nothing moved that may not, and every kind could be tried."""
        return not (self.missing or self.broken or any(kind.failed for kind in self.kinds))

    @property
    def broken(self) -> Sequence[ColumnEvidence]:
        """The columns that break the promise."""
        return [one for one in self.columns if one.verdict.fails]
