"""How far the tools may go: the tier that holds, and what it says of administrators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum

from pii_lint.errors import ConfigError


class Tier(IntEnum):
    """What people, tools and assistants may touch; a higher one allows less."""

    STANDARD = 1
    REGULATED = 2
    AIR_GAPPED = 3

    @property
    def called(self) -> str:
        """As it is told: tier 3 (air-gapped)."""
        return f"tier {int(self)} ({self.name.lower().replace('_', '-')})"


def _nobody(_: str) -> None:
    """Where warnings go that nobody listens to."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for this run."""

    tier: Tier = Tier.STANDARD
    by: str | None = None
    # who states it; None where nobody does
    warn: Callable[[str], None] = _nobody


_standing: ContextVar[Standing | None] = ContextVar("_standing", default=None)


@contextmanager
def holding(standing: Standing) -> Iterator[None]:
    """Let a tier hold meanwhile."""
    token = _standing.set(standing)
    try:
        yield
    finally:
        _standing.reset(token)


def standing() -> Standing:
    """The tier that holds now."""
    return _standing.get() or Standing()


def refuse(why: str, mend: str, *, told: bool) -> None:
    """Hold to the tier what none allows; `why` and `mend` are the halves of a sentence.

    Raises `ConfigError` where a tier is stated. Where none is, it warns if it is to be `told`.
    """
    held = standing()
    if held.by is not None:
        raise ConfigError(f"{why}, which {held.tier.called} of {held.by} refuses: {mend}.")
    if told:
        held.warn(f"{why}: {mend}.")
