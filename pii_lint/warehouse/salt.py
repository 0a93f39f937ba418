"""The salt that keys `hash_pii`: made or brought in once, then only looked at.

It is data in a table of its own, never code: nothing here prints it, logs it, puts it into a
message or into SQL text. A salt that stands is never overwritten, since every hash made with it
would stop joining with the hashes to come.
"""

from __future__ import annotations

import re
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from pii_lint.errors import ConfigError

SCHEMA = "pii_secrets"
TABLE = "pii_salt"
RELATION = f"{SCHEMA}.{TABLE}"
COLUMN = "salt"
ROTATION = f"{SCHEMA}.pii_salt_rotation"
"""The table that stands there while a new salt waits for all that hangs on it to be built anew."""

BYTES = 32
LEAST_LENGTH = 2 * BYTES
SHAPE = rf"[0-9A-Fa-f]{{{LEAST_LENGTH},}}"
# With fewer different digits it is a placeholder: chance makes such a salt once in 10^18 draws.
LEAST_VARIETY = 8

_START_OVER = (
    f"drop table {RELATION}, then run `pii-lint salt import` with the salt that made the hashes, "
    "or `pii-lint salt init` where no hash must stay joinable"
)


@dataclass(frozen=True, slots=True)
class Salt:
    """Secret text, out of sight of `repr` and so of tracebacks."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What may be known of a stored salt without reading it."""

    table: bool
    rows: int = 0
    nulls: int = 0
    shortest: int = 0
    shaped: bool = True
    # every value that isn't null is hexadecimal and long enough
    pending: bool = False
    # a rotation has begun and not ended


class Session(Protocol):
    """One transaction on the database that holds the salt."""

    def look(self) -> Sighting:
        """What stands there."""

    def holds(self, salt: Salt) -> bool:
        """True where exactly this salt stands there; compared inside the database."""

    def put(self, salt: Salt) -> None:
        """Write the only row, the table too where there is none."""


class Store(Protocol):
    """Where a salt can be kept: one implementation a database engine.

    Two sessions that both `put` must not both commit: the later one sees the row, or fails.
    """

    @property
    def name(self) -> str:
        """How a message calls it."""

    def session(self, *, write: bool) -> AbstractContextManager[Session]:
        """Open it; commits at the end, rolls back on an exception."""


def init(store: Store) -> str:
    """Make a salt where none stands; returns the sentence to show."""
    with store.session(write=True) as session:
        seen = session.look()
        if not _vacant(seen):
            demand_sound(seen, store)
            return (
                f"A sound salt already stands in {RELATION} of {store.name}; it is left as it is."
            )
        session.put(fresh())
        demand_sound(session.look(), store)
    return (
        f"A new salt of {BYTES} random bytes stands in {RELATION} of {store.name}; back it up "
        "where you keep secrets, for without it no later hash joins with the hashes made now."
    )


def import_(store: Store, given: str) -> str:
    """Bring a salt along, so that its hashes stay joinable; returns the sentence to show."""
    salt = _accept(given)
    with store.session(write=True) as session:
        seen = session.look()
        if not _vacant(seen):
            demand_sound(seen, store)
            if session.holds(salt):
                return f"This very salt already stands in {RELATION} of {store.name}."
            raise ConfigError(
                f"Another salt already stands in {RELATION} of {store.name} and is never "
                f"overwritten: to give it up and every hash made with it, drop table {RELATION} "
                "and run `pii-lint salt import` again."
            )
        session.put(salt)
        demand_sound(session.look(), store)
    return f"The imported salt stands in {RELATION} of {store.name}."


def check(store: Store) -> str:
    """Say that the salt is sound, or raise with the sentence that says what is wrong with it."""
    with store.session(write=False) as session:
        seen = session.look()
    demand_sound(seen, store)
    if seen.pending:
        raise ConfigError(
            f"A rotation of the salt in {store.name} has begun and not ended, and some relations "
            "may still stand under the old one: run `pii-lint rotate-salt --resume`."
        )
    return f"The salt in {RELATION} of {store.name} is sound."


def fresh() -> Salt:
    """One that nobody ever saw."""
    return Salt(secrets.token_bytes(BYTES).hex())


def _vacant(seen: Sighting) -> bool:
    return not seen.table or seen.rows == 0


def demand_sound(seen: Sighting, store: Store) -> None:
    """Raise with the sentence that says what is wrong with the salt."""
    if fault := _fault(seen):
        what, mend = fault
        raise ConfigError(f"The salt in {RELATION} of {store.name} {what}: {mend}.")


def _fault(seen: Sighting) -> tuple[str, str] | None:
    """What is wrong and how to mend it."""
    if not seen.table:
        return "is missing, for there is no such table", "run `pii-lint salt init`"
    if seen.rows == 0:
        return (
            "is missing, for the table is empty",
            "run `pii-lint salt init`, or `pii-lint salt import` where hashes were made before",
        )
    if seen.rows > 1:
        return f"stands there {seen.rows} times instead of once", _START_OVER
    if seen.nulls:
        return "is null, so that every hash would be null", _START_OVER
    if seen.shortest < LEAST_LENGTH:
        return f"is {seen.shortest} characters long instead of {LEAST_LENGTH} or more", _START_OVER
    if not seen.shaped:
        return "isn't written in hexadecimal digits", _START_OVER
    return None


def _accept(given: str) -> Salt:
    text = given.strip()
    # Kept as it is written: digits in the other case would make other hashes.
    if len(text) < LEAST_LENGTH:
        raise ConfigError(
            f"The salt to import is {len(text)} characters long instead of {LEAST_LENGTH} or more: "
            "make one with `openssl rand -hex 32`, or let `pii-lint salt init` make it."
        )
    if not re.fullmatch(SHAPE, text):
        raise ConfigError(
            "The salt to import holds characters other than hexadecimal digits: "
            "make one with `openssl rand -hex 32`, or let `pii-lint salt init` make it."
        )
    if len(set(text.lower())) < LEAST_VARIETY:
        raise ConfigError(
            "The salt to import looks like a placeholder, for it repeats a few digits: "
            "make one with `openssl rand -hex 32`, or let `pii-lint salt init` make it."
        )
    return Salt(text)
