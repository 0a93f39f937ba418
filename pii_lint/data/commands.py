"""What each command touches, and as whom: `commands.yml`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache

from pii_lint.data.names import catalogue, entries, words
from pii_lint.tiers import Tier

FILES = "files"


@dataclass(frozen=True, slots=True)
class Touch:
    """One sort of thing that a command may look at or change."""

    name: str
    tier: Tier
    # the last one that allows it
    means: str
    does: str


@dataclass(frozen=True, slots=True)
class Row:
    """One command."""

    touches: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # what it touches where an option is given
    credentials: str | None = None
    configured: str | None = None
    role: str | None = None
    limits: Mapping[Tier, str] = field(default_factory=dict)
    instead: Mapping[Tier, str] = field(default_factory=dict)

    def touched(self, given: Collection[str] = ()) -> tuple[Touch, ...]:
        """What it touches with these options, the least allowed last."""
        chosen = [self.options[option] for option in given if option in self.options]
        named = {name for names in chosen or [self.touches] for name in names}
        return tuple(touch for name, touch in touches().items() if name in named)

    def tier(self, given: Collection[str] = ()) -> Tier:
        """The last tier that allows it."""
        return min(touch.tier for touch in self.touched(given))


STRANGER = Row(("change",))
"""A command of which nothing is known."""


@cache
def touches() -> Mapping[str, Touch]:
    """Everything that can be touched, from the most to the least allowed."""
    return {
        name: Touch(name, Tier(int(str(each["tier"]))), str(each["means"]), str(each["does"]))
        for name, each in entries(catalogue("commands.yml")["touches"]).items()
    }


@cache
def commands() -> Mapping[str, Row]:
    """Every command by its words: `check`, `guard ddl`."""
    listed = entries(catalogue("commands.yml")["commands"])
    return {name: _row(each) for name, each in listed.items()}


def _row(given: Mapping[str, object]) -> Row:
    options = given.get("with")
    return Row(
        touches=words(given["touches"]),
        options={name: words(each) for name, each in options.items()}
        if isinstance(options, Mapping)
        else {},
        credentials=_text(given, "credentials"),
        configured=_text(given, "configured"),
        role=_text(given, "role"),
        limits=_by_tier(given.get("limits")),
        instead=_by_tier(given.get("instead")),
    )


def _by_tier(given: object) -> Mapping[Tier, str]:
    listed = given if isinstance(given, Mapping) else {}
    return {Tier(int(tier)): str(text) for tier, text in listed.items()}


def _text(given: Mapping[str, object], key: str) -> str | None:
    return str(given[key]) if key in given else None
