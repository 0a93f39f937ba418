"""The safe profile of a relation: counts, and bounds where nobody is behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pii_lint.counts import Table

Sort: TypeAlias = Literal["number", "day", "boolean", "text", "other"]
BOUNDED = ("number", "day")
"""Of no other sort is a value ever told, and of these none that reads like anything else."""


@dataclass(frozen=True, slots=True)
class KnownColumn:
    """A column as the project knows it."""

    name: str
    holds: tuple[tuple[str, str], ...] = ()
    # kind and form of what stands in it
    classification: str | None = None
    withheld: str | None = None
    # why its bounds aren't told, where they aren't


@dataclass(frozen=True, slots=True)
class ToProfile:
    """A relation that is asked for."""

    node: str
    # unique_id
    called: str
    zone: str | None
    table: Table
    columns: Mapping[str, KnownColumn]
    # by lower-case name
    fewest: int
    # values that bounds have to be taken of


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column of the warehouse; it has a name where the project knows it."""

    position: int
    known: KnownColumn | None
    sort: Sort
    nulls: int
    distinct: int
    least: str | None = None
    greatest: str | None = None
    withheld: str | None = None


@dataclass(frozen=True, slots=True)
class RelationProfile:
    """One relation."""

    asked: ToProfile
    rows: int
    columns: tuple[ColumnProfile, ...]
