"""One person in a warehouse: their rows, and every value by which they could be found again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pii_lint.data import names
from pii_lint.errors import ConfigError
from pii_lint.holdings import Held, Holdings
from pii_lint.warehouse.subject.database import Database, number, spelled
from pii_lint.warehouse.subject.documents import parsed, told_under
from pii_lint.warehouse.subject.rows import SHORTEST, Theirs, identifies, normal, reach
from pii_lint.warehouse.subject.tombstones import Tombstones

MOST = 10
"""Rows of people that may be one person."""
LONG = 10
"""A text of letters alone that is at least so long is looked for inside of others, too."""
_MANY_DIGITS = 7
_GLUE = re.compile("[^a-z0-9]")
_NODES = ("source.", "seed.")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([ T].*)?")


@dataclass(frozen=True, slots=True)
class Former:
    """A value of theirs. Nothing may show it."""

    value: str = field(repr=False)
    kind: str
    shared: bool = False
    # it stands in somebody else's rows as well

    @property
    def telling(self) -> bool:
        """False for what says nothing of anybody: too short, or a day."""
        return len(self.value.strip()) >= SHORTEST and not _DATE.fullmatch(self.value.strip())

    @property
    def fit(self) -> Fit:
        """Where it would be theirs: an address anywhere, a first name only by itself."""
        text = self.value.strip()
        if "@" in text:
            return "part"
        if not any(one.isalpha() for one in text):
            digits = sum(one.isdigit() for one in text)
            return "words" if digits >= _MANY_DIGITS or "." in text or ":" in text else "whole"
        return "words" if len(text) >= LONG else "whole"


Fit: TypeAlias = Literal["part", "words", "whole"]
"""Where something counts as found: in any text, between other words, or as all of a cell."""


@dataclass(frozen=True, slots=True)
class Term:
    """What is looked for, in small letters."""

    text: str = field(repr=False)
    fit: Fit
    spellings: frozenset[bytes] = field(repr=False)
    # as it may stand in a file
    pseudonym: bool = False

    @property
    def sought(self) -> str:
        """The text as cells are compared with it."""
        return f" {_GLUE.sub(' ', self.text)} " if self.fit == "words" else self.text

    def within(self, folded: str) -> bool:
        """True for a text, in small letters, in which it stands."""
        if self.fit == "words":
            return self.sought in f" {_GLUE.sub(' ', folded)} "
        return self.text in folded if self.fit == "part" else self.text == folded


@dataclass(frozen=True, slots=True)
class Person:
    """What was found before anything is touched."""

    theirs: Theirs
    known: frozenset[tuple[str, str]] = field(repr=False)
    # what tells their rows, as (kind or column among all, value)
    former: tuple[Former, ...] = field(repr=False)
    terms: tuple[Term, ...] = field(repr=False)

    def gone(self, text: str) -> bool:
        """True for a text in which one of their values stands."""
        folded = _folded(text)
        return any(term.within(folded) for term in self.terms)


def identified(lines: Iterable[str], held: Sequence[Held]) -> frozenset[tuple[str, str]]:
    """What somebody says of a person, a line each: `TABLE=KEY`, or a value of a column under
    `found_by`. No message repeats it."""
    people = {name.lower(): one for one in held if one.key for name in _names(one)}
    kinds = sorted({kind for one in held for _, kind in one.found_by})
    found: set[tuple[str, str]] = set()
    for line in lines:
        text = line.strip()
        name, sign, value = text.partition("=")
        table = people.get(name.strip().lower()) if sign else None
        if table is not None and table.key and value.strip():
            found.add((table.about(table.key), normal(value)))
        elif text:
            found |= {(kind, normal(text)) for kind in kinds}
    if not found:
        raise ConfigError(
            "Nobody is named: give an e-mail address or another value of a column under `found_by`,"
            " or TABLE=KEY, a line each, with --subject-file (`-` is standard input)."
        )
    return frozenset(found)


def look(
    database: Database,
    holdings: Holdings,
    given: frozenset[tuple[str, str]],
    standing: Tombstones | None = None,
) -> Person:
    """Find their rows, and collect their values; with tombstones, those of whoever these are of."""
    theirs = Theirs(database, holdings.held)
    known = set(given)
    demand_tables(database, theirs, holdings.held)
    if standing is None:
        reach(theirs, holdings.held, known)
        demand_one(theirs, holdings.held)
    else:
        reach(theirs, holdings.held, known, standing.holds)
    former = tuple(_former(database, theirs, holdings.held, given))
    # a small number may be a key of somebody else in another table
    keys = {one for about, one in known if about.startswith(_NODES) and identifies(one)}
    secret = _salt(database, holdings)
    return Person(theirs, frozenset(known), former, tuple(_terms(former, keys, secret)))


def demand_tables(database: Database, theirs: Theirs, held: Sequence[Held]) -> None:
    """Raise `ConfigError` where people can't be looked for: none found would mean nothing."""
    if all(theirs.table(one) is None and not database.columns(one.table) for one in held):
        raise ConfigError(
            "None of the tables in which the manifest says that people stand is in this database: "
            "compile the project for its target, or load the raw tables."
        )
    for one in held:
        if theirs.table(one) is None and database.columns(one.table):
            raise ConfigError(
                f"{one.called} is no table in this database, so nobody's rows can be taken out of "
                f"it: declare what it is made of as a source, too, and say whose rows these are."
            )


def demand_one(theirs: Theirs, held: Sequence[Held]) -> None:
    """Raise `ConfigError` where too many are taken for one."""
    for one in held:
        if one.key and theirs.count(one) > MOST:
            raise ConfigError(
                f"More than {MOST} rows of {one.called} would be one person: a column under "
                f"`found_by` in {one.file} holds values that many share, so take it out there."
            )


def _salt(database: Database, holdings: Holdings) -> str | None:
    """The one salt, to know their pseudonyms by; None where there is none that can be read."""
    if holdings.salt is None or (table := spelled(database, holdings.salt)) is None:
        return None
    rows = database.query(f"select * from {database.relation(table)}")
    return str(rows[0][0]) if len(rows) == 1 and rows[0] and rows[0][0] else None


def _names(held: Held) -> Iterator[str]:
    yield held.called
    yield held.called.rpartition(".")[2]
    for name in (held.called, held.called.rpartition(".")[2]):
        yield f"{name}.{held.key}"


def _former(
    database: Database,
    theirs: Theirs,
    held: Sequence[Held],
    given: frozenset[tuple[str, str]],
) -> Iterator[Former]:
    values: dict[str, str] = {}
    identities = {kind for one in held for _, kind in one.found_by}
    for one in held:
        for column, kind in one.personal.items():
            document = column in one.keys or column in one.documents
            for text in theirs.values(one, column):
                if not document:
                    values.setdefault(text.strip(), kind)
                    continue
                for leaf in told_under(parsed(text), _personal(one.keys.get(column))):
                    values.setdefault(leaf.strip(), kind)
    for about, value in given:
        if about in identities and not any(normal(each) == value for each in values):
            values.setdefault(value, about)
    for value, kind in values.items():
        # what people are found by is theirs wherever it stands: all such rows are
        if value:
            shared = kind not in identities and _is_shared(database, theirs, held, value)
            yield Former(value, kind, shared)


def _personal(listed: Collection[str] | None) -> Callable[[str], bool]:
    """Keys that are listed, and those that say by their name what they hold."""

    def told(key: str) -> bool:
        guess = names.guess(key)
        sure = guess is not None and guess[1] in ("high", "medium")
        return sure or key.casefold() in (listed or ())

    return told


def _is_shared(database: Database, theirs: Theirs, held: Sequence[Held], value: str) -> bool:
    for one in held:
        table = theirs.table(one)
        if table is None:
            continue
        columns = {each.name.lower(): each.name for each in database.columns(table)}
        same = [
            f"lower(trim(cast({database.quoted(columns[c.lower()])} as varchar))) "
            f"= lower({database.mark})"
            for c in one.personal
            if c.lower() in columns and c not in one.keys and c not in one.documents
        ]
        if not same:
            continue
        others = f" and not coalesce({mine}, false)" if (mine := theirs.condition(one)) else ""
        sql = f"select count(*) from {database.relation(table)} where ({' or '.join(same)}){others}"
        if number(database, sql, *[value] * len(same)):
            return True
    return False


def _terms(former: Iterable[Former], keys: Iterable[str], secret: str | None) -> Iterator[Term]:
    seen: set[str] = set()
    texts = [one for one in former if one.telling and not one.shared]
    for one in texts:
        for text in _spellings(one.value):
            if text.lower() not in seen:
                seen.add(text.lower())
                raw = {text, text.lower(), text.upper()}
                yield Term(
                    _folded(text),
                    one.fit,
                    spellings=frozenset(each.encode("utf-8", "surrogatepass") for each in raw),
                )
    for value in {
        *(one.value for one in texts if one.fit != "whole" or identifies(one.value)),
        *keys,
    }:
        for digest in _digests(value, secret, weak=value not in keys):
            if digest not in seen:
                seen.add(digest)
                spellings = frozenset({digest.encode(), digest.upper().encode()})
                yield Term(digest, "part", spellings, pseudonym=True)


def _spellings(value: str) -> Iterator[str]:
    yield value
    # as it stands within JSON, and in a column of bytes
    yield json.dumps(value)[1:-1]
    yield value.encode("utf-8", "surrogatepass").hex()


def _folded(text: str) -> str:
    return text.strip().lower()


def _digests(value: str, secret: str | None, *, weak: bool) -> Iterator[str]:
    for text in {value, value.lower(), value.upper()}:
        data = text.encode("utf-8", "surrogatepass")
        if secret:
            yield hashlib.sha256(data + secret.encode()).hexdigest()
        if weak:
            yield hashlib.sha256(data).hexdigest()
            yield hashlib.md5(data, usedforsecurity=False).hexdigest()
