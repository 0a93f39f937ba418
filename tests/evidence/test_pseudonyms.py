"""Which columns still hold what they held: counted on DuckDB, without dbt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from pii_lint.counts import Table
from pii_lint.rekeying import Keyed, Rekeying
from pii_lint.warehouse.quoting import quoted

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def digest(number: int, salt: str) -> str:
    return hashlib.sha256(f"{number}{salt}".encode()).hexdigest()


def verdicts(
    before: dict[str, object], after: dict[str, object], *, accepted: str = ""
) -> dict[str, tuple[str, int]]:
    """Of one table `main.people` whose columns change from these values to those."""
    import duckdb

    from pii_lint.evidence.rotation.duckdb_file import _Reader
    from pii_lint.evidence.rotation.pseudonyms import compare, remember

    names = tuple(before)
    one = Keyed("model.shop.people", "people", "people.sql", Table("main", "people"), names, False)
    plan = Rekeying(
        salt=Table("pii_secrets", "pii_salt"),
        source="shop.pii_secrets.pii_salt",
        relations=(one,),
        given=(Table("main", "raw"),),
        adapter="duckdb",
        target=None,
        asked=True,
        manifest="",
        policy=None,
    )
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as pii_lint_rotation")
        connection.execute(f'create table raw as select \'{{"order": "{UUID}"}}\' as document')
        reader = _Reader(connection)
        for values in (before, after):
            lists = ", ".join(f"unnest(?) as {quoted(name)}" for name in values)
            connection.execute(
                f"create or replace table people as select {lists}", [*values.values()]
            )
            if values is before:
                remember(reader, plan)
        return {
            told.column: (told.verdict.value, told.equal)
            for told in compare(reader, plan, {accepted})
        }


@pytest.fixture(autouse=True)
def _driver(require: Callable[[str], None]) -> None:
    require("duckdb")


OLD = [digest(i, "a") for i in range(20)]
NEW = [digest(i, "b") for i in range(20)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (OLD, NEW, ("apart", 0)),
        (OLD, OLD, ("joinable", 20)),
        # one is enough
        (OLD, [*NEW[:19], OLD[0]], ("joinable", 1)),
        # the word where a value is missing recurs, as it should
        ([*OLD, "nobody"], [*NEW, "nobody"], ("apart", 0)),
        # inside of a document, and in capitals of its own
        ([f'{{"h": "{x}"}}' for x in OLD], [f'{{"h": "{x}"}}' for x in NEW], ("apart", 0)),
        ([f'{{"h": "{x}"}}' for x in OLD], [f"key:{x}" for x in OLD], ("joinable", 20)),
        # what raw tables hold themselves is no pseudonym made here
        ([f"{UUID} {x}" for x in OLD], [f"{UUID} {x}" for x in NEW], ("apart", 0)),
        # raw digests
        ([bytes.fromhex(x) for x in OLD], [bytes.fromhex(x) for x in NEW], ("apart", 0)),
        ([bytes.fromhex(x) for x in OLD], [bytes.fromhex(x) for x in OLD], ("joinable", 20)),
        # too short to tell by themselves
        ([x[:12] for x in OLD], [x[:12] for x in NEW], ("short", 0)),
        ([x[:12] for x in OLD], [x[:12] for x in OLD], ("recurring", 20)),
        ([int(x[:12], 16) for x in OLD], [int(x[:12], 16) for x in NEW], ("short", 0)),
        (OLD, [None], ("gone", 0)),
        ([None], [None], ("empty", 0)),
    ],
)
def test_one_column(old: list[object], new: list[object], told: tuple[str, int]) -> None:
    assert verdicts({"mail": old}, {"mail": new}) == {"mail": told}


def test_a_pseudonym_that_moved_to_another_column_joins_all_the_same() -> None:
    told = verdicts({"mail": OLD, "phone": NEW}, {"mail": NEW, "phone": [x[::-1] for x in OLD]})
    assert told == {"mail": ("joinable", 20), "phone": ("apart", 0)}


def test_a_column_that_is_gone_and_one_that_somebody_looked_at() -> None:
    assert verdicts({"mail": OLD}, {"other": NEW}) == {"mail": ("gone", 0)}
    assert verdicts({"mail": OLD}, {"mail": OLD}, accepted="people.mail") == {
        "mail": ("accepted", 20)
    }
    assert verdicts({"mail": OLD}, {"mail": OLD}, accepted="people.other") == {
        "mail": ("joinable", 20)
    }


def test_names_that_would_break_out_of_sql() -> None:
    name = 'it\'s "odd"'
    assert verdicts({name: OLD}, {name: OLD}) == {name: ("joinable", 20)}
