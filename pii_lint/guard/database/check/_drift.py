"""What a check reports: one thing that isn't as planned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pii_lint.guard.database.plan import Plan

APPLY = "run `pii-lint guard apply`"


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that isn't as planned."""

    kind: str
    where: str
    what: str
    mend: str
    mended_by_apply: bool = True

    @property
    def sentence(self) -> str:
        """What, where, how to mend it."""
        return f"{self.kind}: {self.where} {self.what}: {self.mend}."


def owned(plan: Plan, where: str, owner: str, what: str) -> Iterator[Drift]:
    if owner != plan.roles.owner:
        yield Drift(
            "owner",
            where,
            f"belongs to {owner}",
            f"run `alter {what} ... owner to {plan.roles.owner}`",
            False,
        )
