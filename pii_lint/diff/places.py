"""Names that two states of a project share, even where the project itself was renamed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pii_lint.config import Config

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Places:
    """Calls a node of either state by the later project's name."""

    base: str
    head: str

    def node(self, name: str) -> str:
        """A unique id (or what begins with one) as the head calls it."""
        sort, _, rest = name.partition(".")
        package, _, ending = rest.partition(".")
        return f"{sort}.{self.head}.{ending}" if package == self.base else name

    def config(self, config: Config) -> Config:
        """The base's policy, fit for the head's project."""
        if self.base == self.head:
            return config
        return replace(
            config,
            labels=self._keys(config.labels),
            clean=self._keys(config.clean),
            secrets=tuple(
                replace(each, name=self.node(each.name))
                if each.sort in ("column", "relation")
                else each
                for each in config.secrets
            ),
            declassified=tuple(
                replace(each, node=self.node(each.node)) for each in config.declassified
            ),
            ignored=tuple(replace(each, node=self.node(each.node)) for each in config.ignored),
        )

    def _keys(self, given: Mapping[str, T]) -> dict[str, T]:
        return {self.node(uid): each for uid, each in given.items()}
