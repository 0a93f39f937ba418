"""How a rotation is asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """What may happen on the way, and what may not."""

    accepted: Collection[str] = ()
    # `model.column`, lower case: there the proof may fail
    fewer: bool = False
    # what grows may lose rows that raw tables no longer hold
    variables: str | None = None
    # what dbt's --vars takes
    resume: bool = False
