"""What each command touches, and as whom: `commands.yml`.

It is read before every run, so it is kept as JSON beside it: most runs need no YAML.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

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

    touches: tuple[Touch, ...]
    options: Mapping[str, tuple[Touch, ...]] = field(default_factory=dict)
    # what it touches where an option is given
    credentials: str | None = None
    configured: str | None = None
    role: str | None = None
    limits: Mapping[Tier, str] = field(default_factory=dict)
    instead: Mapping[Tier, str] = field(default_factory=dict)

    def touched(self, given: Collection[str] = ()) -> tuple[Touch, ...]:
        """What it touches with these options, the least allowed last."""
        chosen = [self.options[option] for option in given if option in self.options]
        found = {touch.name: touch for some in chosen or [self.touches] for touch in some}
        return tuple(sorted(found.values(), key=lambda touch: -touch.tier))

    def tier(self, given: Collection[str] = ()) -> Tier:
        """The last tier that allows it."""
        return min(touch.tier for touch in self.touched(given))


@dataclass(frozen=True, slots=True)
class Table:
    """Everything that can be touched, and every command by its words: `check`, `guard ddl`."""

    touches: Mapping[str, Touch]
    commands: Mapping[str, Row]

    def row(self, command: str) -> Row:
        """A command's row; of one that has none, the worst is thought."""
        return self.commands.get(command) or Row(tuple(self.touches.values()))


@cache
def shipped() -> Table:
    """The table as it was generated."""
    text = resources.files("pii_lint.data").joinpath("commands.json").read_text("utf-8")
    return table(json.loads(text))


def table(content: object) -> Table:
    """A table that fits `commands.schema.json`."""
    touches = {
        name: Touch(name, Tier(int(str(given["tier"]))), str(given["means"]), str(given["does"]))
        for name, given in _named(_part(content, "touches"))
    }

    def row(given: Mapping[str, object]) -> Row:
        return Row(
            touches=named(given["touches"]),
            options={option: named(each) for option, each in _part(given, "with").items()},
            credentials=_text(given, "credentials"),
            configured=_text(given, "configured"),
            role=_text(given, "role"),
            limits=_by_tier(_part(given, "limits")),
            instead=_by_tier(_part(given, "instead")),
        )

    def named(words: object) -> tuple[Touch, ...]:
        return tuple(touches[str(word)] for word in (words if isinstance(words, list) else ()))

    return Table(touches, {name: row(given) for name, given in _named(_part(content, "commands"))})


def render_commands_json() -> str:
    """The text of `commands.json`, from `commands.yml`."""
    # Not at the top: a run reads no YAML for this.
    from pii_lint.data.names import catalogue

    content = catalogue("commands.yml")
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _part(content: object, key: str) -> Mapping[str, object]:
    part = content.get(key) if isinstance(content, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _named(part: Mapping[str, object]) -> list[tuple[str, Mapping[str, object]]]:
    return [(name, given) for name, given in part.items() if isinstance(given, Mapping)]


def _by_tier(given: Mapping[str, object]) -> Mapping[Tier, str]:
    return {Tier(int(tier)): str(text) for tier, text in given.items()}


def _text(given: Mapping[str, object], key: str) -> str | None:
    return str(given[key]) if key in given else None
