"""What the generator knows of relations while it writes a query: names, types, keys, sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

SCALARS = ("text", "int", "num", "date", "time", "bool")
TYPES = (*SCALARS, "json", "texts", "ints")


@dataclass(frozen=True, slots=True)
class Row:
    """The type of a struct, or with `many` of a list of structs."""

    fields: tuple[tuple[str, Type], ...]
    many: bool = False


Type = str | Row


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation. `domain` names what an id counts, so that joins find partners."""

    name: str
    type: Type
    domain: str | None = None
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation. No two rows share `key`; `size` bounds its rows roughly."""

    columns: tuple[Column, ...]
    key: tuple[str, ...] | None
    size: int
    stored: bool = False
    # a table of the world itself, whose row order is fixed

    def named(self, name: str) -> Column | None:
        """The column of this name."""
        return next((c for c in self.columns if c.name == name), None)

    def relabelled(self, names: list[str]) -> Relation:
        """The same relation under a column list, which may be shorter."""
        old = [c.name for c in self.columns]
        new = [*names, *old[len(names) :]]
        columns = tuple(replace(c, name=name) for c, name in zip(self.columns, new, strict=True))
        moved = dict(zip(old, new, strict=True))
        return Relation(columns, tuple(moved[k] for k in self.key) if self.key else None, self.size)


@dataclass(frozen=True, slots=True)
class Source:
    """One item of FROM."""

    alias: str
    relation: Relation
    merged: frozenset[str] = frozenset()
    # columns that `using` or a natural join shows once, on the left


@dataclass(slots=True)
class Scope:
    """What names mean at one place. `keyed` is False where rows can't be told apart."""

    sources: list[Source] = field(default_factory=list)
    outer: Scope | None = None
    keyed: bool = True
    size: int = 1

    @property
    def key(self) -> list[str] | None:
        """References that together tell every row apart."""
        if not self.keyed or not self.sources:
            return None
        found: list[str] = []
        for source in self.sources:
            if source.relation.key is None:
                return None
            found += [f"{source.alias}.{name}" for name in source.relation.key]
        return found

    def columns(self) -> Iterator[tuple[Source, Column]]:
        """Every column in reach, outer queries left aside."""
        for source in self.sources:
            for column in source.relation.columns:
                yield source, column

    def unambiguous(self, name: str) -> bool:
        """True where one source alone has a column of this name."""
        return sum(1 for _, c in self.columns() if c.name == name) == 1


@dataclass(slots=True)
class Place:
    """What may be written here: subqueries, windows, aggregates, lambda parameters, aliases."""

    scope: Scope
    depth: int
    windows: bool = False
    subqueries: bool = True
    grouped: tuple[tuple[str, Column], ...] | None = None
    # group keys as expressions; None where rows aren't grouped
    inside: bool = False
    # inside an aggregate: no other aggregate may stand here
    locals: tuple[tuple[str, Type], ...] = ()
    lateral: tuple[Column, ...] = ()
    # earlier aliases of the same select list
    quiet: bool = False
    # no personal column

    def deeper(self) -> Place:
        """One level further in."""
        return replace(self, depth=self.depth - 1)

    def alone(self) -> Place:
        """Inside a subquery that is written around an expression: what it can't hold stays out."""
        return replace(self, windows=False, subqueries=False, lateral=())
