"""How a rotation is asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pii_lint.rekeying import Rekeying


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


def chosen_of(plan: Rekeying) -> list[str]:
    """Which models dbt is to make anew, as words of its command line."""
    # by file, for a model's name alone would mean a folder of that name, too
    files = sorted({f"file:{one.file}" for one in plan.rebuilt})
    return ["--resource-type", "model", "--select", *files]
