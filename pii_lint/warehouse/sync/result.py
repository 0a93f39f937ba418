"""What a sync did: names and numbers, never a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pii_lint.warehouse.sync.plan import Drift

Mode: TypeAlias = Literal["full", "incremental"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """One table."""

    called: str
    source: str
    mode: Mode
    why: str
    # a full load was chosen; empty where nobody has to wonder
    read: int
    # rows that came over
    rows: int
    # that the table holds now
    removed: int = 0
    # deleted in the source, or marked so there
    stripped: int = 0
    # payloads that lost keys
    refused: int = 0
    # rows that were kept out for their payload
    forgotten: int = 0
    # rows that were kept out for whose they are


@dataclass(frozen=True, slots=True)
class Result:
    """One run. Where a drift stops it, nothing was loaded."""

    loaded: tuple[Loaded, ...]
    drifts: tuple[Drift, ...]
    dry: bool = False

    @property
    def stopped(self) -> bool:
        return any(each.stops for each in self.drifts)
