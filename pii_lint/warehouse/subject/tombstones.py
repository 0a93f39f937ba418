"""What is remembered of people who are forgotten: keyed digests, by which they are kept out.

The key is a secret of its own. It is stored like the salt and never rotates with it: under another
key nobody would be recognised.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter

from pii_lint.counts import Table
from pii_lint.errors import ConfigError
from pii_lint.warehouse.salt import BYTES, SCHEMA
from pii_lint.warehouse.subject.database import Database, spelled
from pii_lint.warehouse.subject.rows import normal

KEY = Table(SCHEMA, "pii_tombstone_key")
TOMBSTONES = Table(SCHEMA, "pii_tombstones")
VALUE, TABLE = "value", "table"
"""What a tombstone is about, beside kinds and columns: a former value, and a table that was
cleaned, which stands there by its name."""
_ABOUT = {
    KEY: "One row: the key of the tombstones. Never rotates; without it nobody is kept out.",
    TOMBSTONES: "Keyed digests of people who were forgotten; they keep them from coming back.",
}


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Everybody who was forgotten, as far as one can be recognised."""

    key: bytes = field(repr=False)
    digests: frozenset[tuple[str, str]] = field(repr=False)
    tables: frozenset[str] = frozenset()
    # unique_ids of tables in which rows of theirs stood
    people: int = 0

    def holds(self, about: str, value: str) -> bool:
        """True where this is somebody's who was forgotten."""
        return (about, digest(self.key, about, value)) in self.digests

    def gone(self, words: Iterable[str]) -> bool:
        """True where one of the words is a former value."""
        return any(self.holds(VALUE, word) for word in words)


def digest(key: bytes, about: str, value: str) -> str:
    """HMAC-SHA-256 of what a value says."""
    return hmac.digest(
        key, f"{about}\0{normal(value)}".encode("utf-8", "surrogatepass"), "sha256"
    ).hex()


def read(database: Database) -> Tombstones | None:
    """The tombstones; None where nobody was forgotten yet."""
    if spelled(database, TOMBSTONES) is None:
        return None
    rows = database.query(f"select person, about, digest from {database.relation(TOMBSTONES)}")
    if not rows:
        return None
    return Tombstones(
        key=_key(database),
        digests=frozenset((str(about), str(each)) for _, about, each in rows if about != TABLE),
        tables=frozenset(str(each) for _, about, each in rows if about == TABLE),
        people=len({person for person, _, _ in rows}),
    )


def raise_for(
    database: Database,
    said: Collection[tuple[str, str]],
    tables: Iterable[str],
    today: date,
) -> None:
    """Raise tombstones for one person, of whom these things are known; those that stand, stay."""
    _prepare(database)
    key = _key(database)
    known = read(database)
    rows = {(about, digest(key, about, value)) for about, value in said}
    rows |= {(TABLE, one) for one in tables}
    if known is not None:
        rows -= known.digests | {(TABLE, one) for one in known.tables}
    person = secrets.token_hex(8)
    database.workbench("pii_lint_new", "about varchar, digest varchar")
    database.fill("pii_lint_new", _shuffled(rows))
    database.execute(
        f"insert into {database.relation(TOMBSTONES)} select '{person}', about, digest, "
        f"date '{today.isoformat()}' from pii_lint_new"
    )


def lift(database: Database, known: Iterable[tuple[str, str]]) -> int:
    """Take down the tombstones of whoever is known so; gives how many people's these were."""
    standing = read(database)
    if standing is None:
        return 0
    digests = [digest(standing.key, about, value) for about, value in known]
    name, mark = database.relation(TOMBSTONES), database.mark
    database.workbench("pii_lint_new", "digest varchar")
    database.fill("pii_lint_new", ((one,) for one in digests))
    among = (
        f"select distinct person from {name} where about <> '{TABLE}' "
        "and digest in (select digest from pii_lint_new)"
    )
    people = [row[0] for row in database.query(among)]
    for person in people:
        database.execute(f"delete from {name} where person = {mark}", person)
    return len(people)


def _prepare(database: Database) -> None:
    database.execute(f"create schema if not exists {database.quoted(SCHEMA)}")
    for table, columns in (
        (KEY, "key varchar not null"),
        (
            TOMBSTONES,
            "person varchar not null, about varchar not null, digest varchar not null, "
            "forgotten_on date not null",
        ),
    ):
        if spelled(database, table) is None:
            name = database.relation(table)
            database.execute(f"create table {name} ({columns})")
            database.execute(f"comment on table {name} is '{_ABOUT[table]}'")
            database.seal(table)
    if not database.query(f"select 1 from {database.relation(KEY)}"):
        if database.query(f"select 1 from {database.relation(TOMBSTONES)} limit 1"):
            raise _without_key()
        database.fill(database.relation(KEY), [(secrets.token_hex(BYTES),)])


def _key(database: Database) -> bytes:
    if spelled(database, KEY) is None:
        raise _without_key()
    rows = database.query(f"select key from {database.relation(KEY)}")
    if len(rows) != 1 or not rows[0][0]:
        raise _without_key()
    return str(rows[0][0]).encode()


def _shuffled(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """In an order that tells nothing of what belongs to what."""
    return sorted(rows, key=itemgetter(1))


def _without_key() -> ConfigError:
    return ConfigError(
        f"{TOMBSTONES.schema}.{TOMBSTONES.name} holds tombstones and {KEY.name} not the one key "
        "that they were made with, so nobody can be kept out: bring the key back from your backup."
    )
