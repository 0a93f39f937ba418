"""Who may see what, in words that whoever writes a warehouse's access rules understands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SECRET_MASK = "secret"  # noqa: S105 - the name of a mask
"""The mask of a column with a salt or key, for which nobody is cleared."""


@dataclass(frozen=True, slots=True)
class GovernedColumn:
    """One column, with what makes it personal."""

    name: str
    data_type: str | None = None
    # as the catalogue or the project's YAML says
    value: str = "text"
    # what the kind's values are: text, number, date, boolean
    exact: bool = False
    # the warehouse keeps the letters' case as written here
    classification: str | None = None
    # the strictest one of the readable kinds; None where there is none
    kinds: tuple[str, ...] = ()
    form: str | None = None
    # the most readable one
    mask: str | None = None
    # whose clearance it takes to see it: a classification, or `secret`; None: every reader's
    description: str | None = None
    # that dbt writes into the warehouse as the column's comment


@dataclass(frozen=True, slots=True)
class GovernedRelation:
    """One table or view of the inventory."""

    node: str
    database: str | None
    schema: str
    name: str
    exact: tuple[str, ...] = ()
    # which of database, schema and name dbt quotes, so that they keep their case
    view: bool = False
    zone: str | None = None
    columns: tuple[GovernedColumn, ...] = ()
    tail_mask: str | None = None
    # what columns that nobody listed may hold, as `GovernedColumn.mask`
    readers: tuple[str, ...] = ()
    # roles that dbt's `grants` name

    @property
    def masks(self) -> frozenset[str]:
        """Every clearance that it takes to see the whole of it."""
        asked = {column.mask for column in self.columns} | {self.tail_mask}
        return frozenset(mask for mask in asked if mask is not None)


@dataclass(frozen=True, slots=True)
class Access:
    """Everything that the inventory and the policy say about access."""

    adapter: str
    # of the manifest that the names come from
    relations: tuple[GovernedRelation, ...]
    cleared: Mapping[str, tuple[str, ...]]
    # by classification, `secret` too: the roles that see such columns clear
    roles: tuple[str, ...]
    # every role that the policy or a grant names; of others nothing is said
    builders: tuple[str, ...] = ()
    # roles that build and load, and have to see everything
    notes: tuple[str, ...] = field(default=())

    def sees_all(self, role: str, relation: GovernedRelation) -> bool:
        """True where a role is cleared for every column of a relation."""
        return all(role in self.cleared[mask] for mask in relation.masks)
