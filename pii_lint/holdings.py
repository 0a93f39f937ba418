"""What a warehouse holds of one person, and by what it is known: names, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pii_lint.counts import Table

OnForget: TypeAlias = Literal["delete", "blank", "keep"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that says whose a row is."""

    column: str
    to: str
    # what it refers to, as `unique_id.column` in lower case
    path: tuple[str, ...] = ()
    # of a JSON document: the keys that lead to it


@dataclass(frozen=True, slots=True)
class Held:
    """A table in which rows of people stand."""

    node: str
    called: str
    # as people call it
    file: str
    # the YAML
    table: Table
    key: str | None = None
    # of a table of people: what tells them apart
    found_by: tuple[tuple[str, str], ...] = ()
    # columns by which a person may be looked up, each with the kind of its values
    references: tuple[Reference, ...] = ()
    documents: tuple[str, ...] = ()
    # columns of JSON or text, in which a person is known by what `found_by` holds
    offers: tuple[str, ...] = ()
    # columns that other tables refer to
    personal: Mapping[str, str] = field(default_factory=dict)
    # tagged columns with their kinds
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # of a JSON document: the keys that are personal
    on_forget: OnForget = "delete"
    blank: tuple[str, ...] = ()
    # the columns that lose their value
    keep_keys: tuple[str, ...] = ()
    # of a JSON document that is blanked: the keys that stay, with dots between steps

    def about(self, column: str) -> str:
        """What tombstones call a column of it."""
        return place(self.node, column)


@dataclass(frozen=True, slots=True)
class Kept:
    """A table whose rows stay, for a reason that somebody declared."""

    called: str
    table: Table
    reason: str


@dataclass(frozen=True, slots=True)
class Derived:
    """A table that dbt makes of others."""

    node: str
    called: str
    table: Table
    restricted: bool
    lasting: bool
    # a snapshot or incremental: dbt doesn't make its rows anew
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # columns that hold a copy of what says whose a row is, each with what it refers to
    pseudonyms: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Recipient:
    """An export that personal data goes to."""

    exposure: str
    recipient: str
    owner: str | None
    signed_by: str | None
    signed_until: str | None
    takes: tuple[str, ...]
    # unique_ids
    of: frozenset[str]
    # unique_ids of the tables in which what it gets was born
    kinds: tuple[str, ...]
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything that has to be looked at when somebody asks for their data, or for its end."""

    held: tuple[Held, ...]
    kept: tuple[Kept, ...]
    derived: tuple[Derived, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    salt: Table | None = None
    # where the one salt stands that pseudonyms are made with
    cleared: tuple[str, ...] = ()
    # roles that may read all of it, as names or globs; empty where the policy names none
    seeds: tuple[str, ...] = ()
    # their files, from the project's root
    manifest: str = ""
    policy: str | None = None


def place(node: str, column: str) -> str:
    """A column's name among all."""
    return f"{node}.{column.lower()}"
