"""Whose the rows are, as the YAML says it; and what is left of a document."""

from __future__ import annotations

import pytest

from pii_lint.artifacts.model import Column, Node
from pii_lint.config import load_config
from pii_lint.data.registry import load_registry
from pii_lint.errors import ConfigError
from pii_lint.holdings import Reference
from pii_lint.warehouse.subject.declared import Declared, declared
from pii_lint.warehouse.subject.documents import rewritten, words
from pii_lint.warehouse.subject.rows import identifies

PEOPLE = {"found_by": "email"}
ID = Column("id", unique=True)
EMAIL = Column("email", tags=frozenset({"pii"}), meta={"pii_type": "email"})
OWNER = Column("person_id", references=(("source.shop.raw.people", "id"),))


def table(name: str, subject: object, *columns: Column) -> Node:
    return Node(
        unique_id=f"source.shop.raw.{name}",
        resource_type="source",
        name=name,
        package="shop",
        path="models/sources.yml",
        schema="raw",
        columns={column.name: column for column in columns},
        meta={} if subject is None else {"pii_lint_subject": subject},
    )


def read(*nodes: Node) -> Declared:
    return declared(nodes, load_config(None, None), load_registry())


def test_nothing_is_said_twice() -> None:
    found = read(
        table("people", PEOPLE, ID, EMAIL),
        table("orders", {"by": "person_id", "on_forget": "blank"}, OWNER, EMAIL),
    )
    orders, people = found.held
    assert (people.key, people.found_by) == ("id", (("email", "contact.email"),))
    assert orders.references == (Reference("person_id", "source.shop.raw.people.id"),)
    assert orders.blank == ("email", "person_id")
    assert people.offers == ("id",)


def test_a_seed_that_fills_a_source_s_table_needs_no_word() -> None:
    seed = Node("seed.shop.people", "seed", "people", "shop", "seeds/people.csv", schema="raw")
    assert [one.node for one in read(table("people", PEOPLE, ID, EMAIL), seed).held] == [
        "source.shop.raw.people"
    ]


@pytest.mark.parametrize(
    ("nodes", "says"),
    [
        ([table("people", None, ID)], "No source says that people stand in it"),
        ([table("people", True, ID)], "needs settings"),
        ([table("people", {"found": "email"}, ID)], "has `found`"),
        ([table("people", {"found_by": "mail"}, ID, EMAIL)], "names `mail`"),
        ([table("people", PEOPLE, EMAIL)], "no column with a `unique` test"),
        ([table("people", {"on_forget": "delete"}, ID)], "whose a row is"),
        ([table("people", {**PEOPLE, "on_forget": "hide"}, ID, EMAIL)], "delete or blank"),
        ([table("people", {**PEOPLE, "blank": "email"}, ID, EMAIL)], "needs `on_forget: blank`"),
        ([table("people", {**PEOPLE, "keep_keys": "a"}, ID, EMAIL)], "needs `on_forget: blank`"),
        ([table("people", {"keep": " "}, ID)], "must give the reason"),
        ([table("people", {**PEOPLE, "keep": "law", "on_forget": "blank"}, ID, EMAIL)], "both"),
        (
            [
                table("people", PEOPLE, ID, EMAIL),
                table("orders", {"by": "number"}, Column("number")),
            ],
            "doesn't say what `number` refers to",
        ),
        (
            [
                table("people", PEOPLE, ID, EMAIL),
                table("orders", {"by": {"column": "person_id", "to": "people.no"}}, OWNER),
            ],
            "which is no listed column",
        ),
        (
            [table("people", PEOPLE, ID, EMAIL), table("orders", None, OWNER)],
            "refers to people by `person_id`",
        ),
        (
            [table("people", PEOPLE, ID, EMAIL), table("letters", None, EMAIL)],
            "holds personal data and doesn't say whose",
        ),
    ],
)
def test_what_is_said_wrongly_or_not_at_all_stops_it(nodes: list[Node], says: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        read(*nodes)
    assert says in str(wrong.value)


def test_whoever_looked_may_say_so() -> None:
    said = [table("people", PEOPLE, ID, EMAIL), table("letters", False, EMAIL)]
    assert len(read(*said).held) == 1


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"a": {"b": 1, "c": "x"}, "d": [2], "e": null}', '{"a": {"b": 1}, "d": [2]}'),
        ('{"d": "p@example.org"}', "{}"),
        ('{"a": "text"}', "{}"),
        ('["p@example.org"]', "null"),
        ("written by hand", ""),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
    ],
)
def test_of_a_document_only_what_is_listed_stays(text: str, left: str) -> None:
    assert rewritten(text, [("a", "b"), ("d",)], lambda leaf: "@" in leaf) == left


def test_a_person_is_known_by_a_word_of_a_text() -> None:
    said = {"note": "Write to <p7@example.org>, or call.", "mail": "mailto:p8@example.org."}
    assert {"p7@example.org", "p8@example.org"} <= set(words(said))
    assert identifies("p7@example.org")
    assert not identifies("summer")
    assert not identifies("")
