"""What the generator knows of a relation: its columns and their types."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

PLAIN = ("key", "link", "text", "code", "amount", "count", "flag", "date", "time", "digest")
DATA_TYPES = {
    "key": "varchar",
    "link": "varchar",
    "amount": "decimal(18, 2)",
    "count": "bigint",
    "flag": "boolean",
    "date": "date",
    "time": "timestamp",
    "birth_date": "date",
}


class Column(NamedTuple):
    """A column and its type, which is a personal kind where it isn't one of `PLAIN`."""

    name: str
    type: str

    @property
    def personal(self) -> bool:
        return self.type not in PLAIN

    @property
    def data_type(self) -> str:
        return DATA_TYPES.get(self.type, "varchar")


@dataclass(frozen=True, slots=True)
class Relation:
    """A source table or model, and how a template refers to it."""

    name: str
    ref: str
    columns: tuple[Column, ...]

    def of(self, *types: str) -> list[Column]:
        """The columns of these types."""
        return [column for column in self.columns if column.type in types]

    @property
    def names(self) -> set[str]:
        return {column.name for column in self.columns}

    @property
    def key(self) -> str:
        """The column that tells rows apart."""
        return self.of("key", "link")[0].name


def shared(relations: Sequence[Relation]) -> list[str]:
    """Keys and links that all of them have, in the first one's order."""
    common = set.intersection(*(relation.names for relation in relations))
    return [column.name for column in relations[0].of("key", "link") if column.name in common]


def some(rng: random.Random, columns: Iterable[Column], count: int) -> list[Column]:
    """At most `count` of them, in their order."""
    listed = list(columns)
    chosen = set(rng.sample(range(len(listed)), max(0, min(count, len(listed)))))
    return [column for place, column in enumerate(listed) if place in chosen]


def pick(rng: random.Random, relation: Relation, count: int) -> list[Column]:
    """About `count` columns, all by which the relation can be joined and ordered among them."""
    needed = set(relation.of("key", "link")) | {
        c for c in relation.columns if c.name == "updated_at"
    }
    needed |= {of_type[0] for of_type in map(relation.of, ("time", "amount", "code")) if of_type}
    rest = [column for column in relation.columns if column not in needed]
    chosen = needed | set(some(rng, rest, count - len(needed)))
    return [column for column in relation.columns if column in chosen]
