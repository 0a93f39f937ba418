"""Names and texts in SQL: each identifier quoted, in the case in which the warehouse keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pii_lint.errors import ConfigError
from pii_lint.governed import Access, GovernedColumn, GovernedRelation

EVERYBODY = "public"
"""The word, never a role's name, on the engines that know it."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


def _as_written(name: str) -> str:
    return name


@dataclass(frozen=True, slots=True)
class Names:
    """How one engine writes names."""

    mark: str
    escape: str
    # what stands for the mark within a name
    folded: Callable[[str], str] = _as_written
    # what becomes of a name that nobody quotes
    parts: int = 3
    # of a relation's name: 2 leaves the database out
    banned: str = ""
    # characters that no name may hold there

    def quoted(self, name: str) -> str:
        """An identifier, whatever it holds."""
        if "\0" in name or any(each in name for each in self.banned):
            raise ConfigError(
                f"The name {name!r} can't stand in this engine's SQL, however it is quoted: "
                "rename it."
            )
        return f"{self.mark}{name.replace(self.mark, self.escape)}{self.mark}"

    def role(self, name: str) -> str:
        """A role; dbt writes it without quotes, so it folds unless it brings its own."""
        if name.lower() == EVERYBODY:
            return EVERYBODY
        return self.quoted(self.role_name(name))

    def role_name(self, name: str) -> str:
        """A role as the engine keeps it."""
        if len(name) > 1 and name[0] == name[-1] == self.mark:
            return name[1:-1].replace(self.escape, self.mark)
        return self.folded(name)

    def schema(self, relation: GovernedRelation) -> str:
        """The schema, qualified as far as the engine takes it."""
        return ".".join(self.quoted(part) for part in self.path(relation)[:-1])

    def relation(self, relation: GovernedRelation) -> str:
        """The relation's whole name."""
        return ".".join(self.quoted(part) for part in self.path(relation))

    def column(self, column: GovernedColumn) -> str:
        """A column's name."""
        return self.quoted(self.column_name(column))

    def column_name(self, column: GovernedColumn) -> str:
        """A column as the engine keeps it."""
        # what is no plain word can only have been quoted
        quoted = column.exact or not _PLAIN.fullmatch(column.name)
        return column.name if quoted else self.folded(column.name)

    def path(self, relation: GovernedRelation) -> tuple[str, ...]:
        """Database, schema and name as the engine keeps them."""
        return tuple(self._parts(relation))[-self.parts :]

    def _parts(self, relation: GovernedRelation) -> Iterator[str]:
        for part, name in (
            ("database", relation.database),
            ("schema", relation.schema),
            ("name", relation.name),
        ):
            if name:
                yield name if part in relation.exact else self.folded(name)


def text(value: str) -> str:
    """A string literal of standard SQL."""
    return "'" + value.replace("'", "''") + "'"


def escaped_text(value: str) -> str:
    """The same where a backslash begins an escape."""
    return text(value.replace("\\", "\\\\"))


def entered(
    access: Access, names: Names, outer: str, called: Callable[[str], str]
) -> Iterator[tuple[str, str, str]]:
    """Who may enter what, once each: the sort of place, its quoted name, the quoted reader.
    `outer` is what an engine calls that in which schemas lie, `called` how it knows a reader."""
    found: set[tuple[str, tuple[str, ...], str]] = set()
    for relation in access.relations:
        first, schema, _ = names.path(relation)
        for reader in map(called, relation.readers):
            found |= {(outer, (first,), reader), ("schema", (first, schema), reader)}
    for sort, path, reader in sorted(found):
        yield sort, ".".join(map(names.quoted, path)), names.quoted(reader)
