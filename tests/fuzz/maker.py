"""The hand that draws: choices, fresh names, and how much may still be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import TypeVar

import yaml

from .scope import Place, Relation, Scope, Type

T = TypeVar("T")
MISLEADING = ("email", "email_hash", "city", "id", "label", "region", "status", "masked", "amount")
"""Names that say something else than what stands under them."""


class Impossible(Exception):
    """This construct can't be written here; another is taken."""


@cache
def grammar() -> dict[str, dict[str, list[str]]]:
    """The templates of grammar.yml."""
    return yaml.safe_load(Path(__file__).with_name("grammar.yml").read_text())


@dataclass(slots=True)
class Maker:
    """The state of one program being written. `subquery` and `query` are the recursion's
    entrances."""

    random: Random
    subquery: Callable[[Maker, Type, Place], str]
    query: Callable[[Maker, int, Scope | None], tuple[str, Relation]]
    relations: dict[str, Relation] = field(default_factory=dict)
    # by the name to write: tables, models, and the CTEs in sight
    fuel: int = 0
    # expressions and relations that may still be written, roughly
    counter: int = 0
    aliases: set[str] = field(default_factory=set)
    # misleading names of relations that are taken
    touched: bool = False
    # a personal column was written since the flag was reset

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self.random.randint(low, high)

    def pick(self, options: Sequence[T]) -> T:
        """One of several."""
        if not options:
            raise Impossible
        return options[self.number(0, len(options) - 1)]

    def chance(self, percent: int) -> bool:
        """True that often."""
        return self.number(0, 99) >= 100 - percent

    def weighted(self, options: dict[T, int]) -> T:
        """One of several, by weight."""
        rest = self.number(0, sum(options.values()) - 1)
        for option, weight in options.items():
            if rest < weight:
                return option
            rest -= weight
        raise Impossible

    def fresh(self, prefix: str) -> str:
        """A name that nothing else has."""
        self.counter += 1
        return f"{prefix}{self.counter}"

    def column_name(self, taken: set[str]) -> str:
        """An alias, now and then one that misleads."""
        if self.chance(30):
            name = self.pick(MISLEADING)
            if name not in taken:
                taken.add(name)
                return name
        name = self.fresh("c")
        taken.add(name)
        return name

    @contextmanager
    def noting(self) -> Iterator[list[bool]]:
        """Tells in the end whether a personal column was written inside."""
        before, self.touched = self.touched, False
        note: list[bool] = []
        try:
            yield note
        finally:
            note.append(self.touched)
            self.touched = self.touched or before
