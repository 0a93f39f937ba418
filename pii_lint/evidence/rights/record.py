"""What was done about one person and what the searches found: counts and names, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pii_lint.evidence.rights.erasure import Left, Touched
from pii_lint.holdings import Kept, Recipient


@dataclass(frozen=True, slots=True)
class Searched:
    """What was looked for."""

    values: int
    pseudonyms: int
    skipped: Mapping[str, int]
    # by why: values that weren't looked for, since somebody else has them, or anybody


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Everything that may be filed of one erasure."""

    day: date
    engine: str
    commit: str | None
    manifest: str
    policy: str | None
    touched: tuple[Touched, ...]
    kept: tuple[Kept, ...]
    searched: Searched
    cells: tuple[Left, ...]
    # in which something was found
    excused: tuple[Left, ...]
    # of these somebody says that they are another's
    bytes: str
    # what was looked through byte by byte, and what not
    bytes_found: int | None
    # None where nobody could look
    statistics: tuple[Left, ...]
    # PostgreSQL's, of columns
    files: tuple[str, ...]
    # that dbt wrote, in which something stands
    seeds: tuple[str, ...]
    # the same of seeds, which version control keeps
    recipients: tuple[Recipient, ...]
    built: bool
    again: bool
    # they had been forgotten before
    unclear: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """True where nothing was found."""
        return not (self.cells or self.bytes_found or self.statistics or self.files)
