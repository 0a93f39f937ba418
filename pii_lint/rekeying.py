"""What hangs on the salt, in words that whoever touches the data understands."""

from __future__ import annotations

from dataclasses import dataclass

from pii_lint.counts import Table


@dataclass(frozen=True, slots=True)
class Keyed:
    """One relation that dbt builds and that the salt reaches."""

    node: str
    name: str
    file: str
    # of its SQL, without folders: by it dbt is told which one is meant
    table: Table
    columns: tuple[str, ...]
    # that hold pseudonyms made with the salt, lower case; `*` for those that nobody listed
    grows: bool
    # rows are added to it, run after run
    lasting: str | None = None
    # why dbt can't make it anew

    @property
    def rebuilt(self) -> bool:
        """False for what stays as it is: history, and what grows and holds no pseudonym."""
        return self.lasting is None and (bool(self.columns) or not self.grows)


@dataclass(frozen=True, slots=True)
class Rekeying:
    """Everything that has to change with the salt."""

    salt: Table
    source: str
    # what dbt calls the salt's table: package, source and table
    relations: tuple[Keyed, ...]
    given: tuple[Table, ...]
    # sources and seeds but the salt: what a build starts from
    adapter: str
    target: str | None
    # for which dbt wrote down all that
    asked: bool
    # each run of dbt looks first whether a rotation is pending
    manifest: str
    policy: str | None

    @property
    def rebuilt(self) -> tuple[Keyed, ...]:
        """Those that dbt makes anew."""
        return tuple(one for one in self.relations if one.rebuilt)
