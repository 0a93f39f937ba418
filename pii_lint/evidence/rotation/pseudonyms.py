"""Pseudonyms of before and after, compared inside the database: only counts come out.

What is compared are runs of 32 characters or more as digests are written, in hexadecimal, base64
or as a UUID, wherever in a text they stand: so a document around one, or a word in its place where
a value is missing, changes nothing. Where a column holds no such run, whole values are compared;
of those some may recur by chance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from pii_lint.counts import Table
from pii_lint.evidence.rotation.record import ColumnEvidence, Verdict
from pii_lint.rekeying import Keyed, Rekeying
from pii_lint.warehouse.quoting import literal, relation

RUN = "[0-9A-Za-z+/_=-]{32,}"
OPEN = "*"


class Reader(Protocol):
    """An open database, as the SQL here needs to know it."""

    @property
    def old(self) -> str:
        """The table that keeps the old pseudonyms, as SQL names it."""

    def columns(self, table: Table) -> list[tuple[str, str]]:
        """Each column's name, and its value as text; none where there is no such relation."""

    def tables(self) -> list[Table]:
        """Every table, but those of the database itself, of the salt and of `pii-lint sync`."""

    def runs(self, text: str) -> str:
        """An expression that gives a row for each run in a text."""

    def has_run(self, text: str) -> str:
        """A condition that a text holds one."""

    def execute(self, sql: str) -> None:
        """Run a statement."""

    def count(self, sql: str) -> int:
        """The only number of a query."""


def remember(reader: Reader, plan: Rekeying) -> None:
    """Keep the pseudonyms that stand there now."""
    reader.execute(f"create table {reader.old} (place varchar, token varchar, whole boolean)")
    for one in plan.relations:
        for name, text in _held(reader, one):
            place, rows = literal(_place(one, name)), f"from {relation(one.table)}"
            reader.execute(
                f"insert into {reader.old} select distinct {place}, token, false from "  # noqa: S608
                f"(select {reader.runs(text)} as token {rows}) as found"
            )
            reader.execute(
                f"insert into {reader.old} select distinct {place}, {text}, true {rows} "
                f"where {text} is not null and not {reader.has_run(text)}"
            )


def obstacles(reader: Reader, plan: Rekeying) -> Iterator[str]:
    """What would keep old pseudonyms beside the new ones."""
    if not any(reader.columns(one.table) for one in plan.rebuilt if one.columns):
        yield (
            "no relation with pseudonyms stands in this database: compile the project for this "
            "target and build it first"
        )
    lasting = [one for one in plan.relations if not one.rebuilt]
    for one in lasting:
        held = [name for name, _ in _held(reader, one) if _counted(reader, one, name)]
        if held:
            yield (
                f"{one.name} keeps pseudonyms made with the old salt ({', '.join(held)}), and "
                f"{one.lasting}: take them out of it, drop them from its table, then run this again"
            )
    passed = {*(_key(one.table) for one in plan.relations), *map(_key, plan.given)}
    passed -= {_key(one.table) for one in lasting}
    for table in reader.tables():
        if _key(table) in passed:
            continue
        texts = [text for _, text in reader.columns(table)]
        if texts and _recurring(reader, table, texts, plan):
            yield (
                f"{table.schema}.{table.name} holds pseudonyms made with the old salt, and dbt "
                "doesn't make it anew: drop it or what it holds of them, then run this again"
            )


def compare(reader: Reader, plan: Rekeying, accepted: Collection[str]) -> Iterator[ColumnEvidence]:
    """What became of each column."""
    for one in plan.rebuilt:
        there = {name.lower(): (name, text) for name, text in _held(reader, one)}
        listed = [name for name in one.columns if name != OPEN]
        for key in sorted({*listed, *there}):
            name, text = there.get(key, (key, None))
            yield _verdict(reader, plan, one, name, text, accepted)


def _verdict(
    reader: Reader,
    plan: Rekeying,
    one: Keyed,
    name: str,
    text: str | None,
    accepted: Collection[str],
) -> ColumnEvidence:
    before, short_before = _counted(reader, one, name, "not whole"), _counted(reader, one, name)
    after = equal = 0
    if text is not None:
        found = f"(select {reader.runs(text)} as token from {relation(one.table)}) as found"  # noqa: S608
        after = reader.count(f"select count(distinct token) from {found}")  # noqa: S608
        if after:
            equal = _recurring(reader, one.table, [text], plan)
    if before or after:
        verdict = Verdict.JOINABLE if equal else Verdict.APART if after else Verdict.GONE
    else:
        before = short_before
        # a column that isn't there proves nothing
        verdict = Verdict.GONE if before or text is None else Verdict.EMPTY
        if text is not None:
            place = literal(_place(one, name))
            after = reader.count(f"select count(distinct {text}) from {relation(one.table)}")  # noqa: S608
            equal = reader.count(
                f"select count(distinct {text}) from {relation(one.table)} where {text} in "  # noqa: S608
                f"(select token from {reader.old} where whole and place = {place})"
            )
            if after:
                verdict = Verdict.RECURRING if 2 * equal > after else Verdict.SHORT
    if verdict.fails and f"{one.name}.{name}".lower() in accepted:
        verdict = Verdict.ACCEPTED
    return ColumnEvidence(one.name, name, verdict, before, after, equal)


def _held(reader: Reader, one: Keyed) -> Iterator[tuple[str, str]]:
    """Its columns of pseudonyms that are really there."""
    for name, text in reader.columns(one.table):
        if name.lower() in one.columns or OPEN in one.columns:
            yield name, text


def _counted(reader: Reader, one: Keyed, name: str, which: str = "true") -> int:
    place = literal(_place(one, name))
    return reader.count(f"select count(*) from {reader.old} where place = {place} and {which}")  # noqa: S608


def _recurring(reader: Reader, table: Table, texts: Iterable[str], plan: Rekeying) -> int:
    """How many old pseudonyms stand in these columns; not counted is what raw data holds itself."""
    runs = " union all ".join(
        f"select {reader.runs(text)} as token from {relation(table)}"  # noqa: S608
        for text in texts
    )
    old = f"select token from {reader.old} where not whole"  # noqa: S608
    found = f"from ({runs}) as found where token in ({old})"
    if not reader.count(f"select count(*) {found}"):
        return 0
    reader.execute(f"create temporary table pii_lint_hits as select distinct token {found}")
    for given in plan.given:
        for _, text in reader.columns(given):
            reader.execute(
                "delete from pii_lint_hits where token in "  # noqa: S608
                f"(select {reader.runs(text)} from {relation(given)})"
            )
    left = reader.count("select count(*) from pii_lint_hits")
    reader.execute("drop table pii_lint_hits")
    return left


def _place(one: Keyed, name: str) -> str:
    return f"{one.node}.{name.lower()}"


def _key(table: Table) -> tuple[str, str]:
    return table.schema.lower(), table.name.lower()
