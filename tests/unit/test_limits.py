"""What is too large to be followed exactly loses sight of something, and never a label."""

from __future__ import annotations

from pii_lint.labels import Form
from pii_lint.lineage.queries.select_list import MOST_COLUMNS
from pii_lint.propagation.inventory import RelationFacts
from tests.corpus.harness import inventory, model_id


def facts(sql: str) -> RelationFacts:
    return inventory({"out": sql}).relations[model_id("out")]


def forms(relation: RelationFacts, column: str) -> set[tuple[str, Form]]:
    return {(label.kind, label.form) for label in relation.columns[column].labels}


def doubled(times: int) -> str:
    """A query whose number of columns doubles so often."""
    steps = [
        f"c{i} as (select a.*, b.* from c{i - 1} as a, c{i - 1} as b)" for i in range(1, times + 1)
    ]
    return f"with c0 as (select id, email from users), {', '.join(steps)} select * from c{times}"


def test_columns_beyond_the_most_are_one_open_rest() -> None:
    relation = facts(doubled(15))
    assert len(relation.columns) <= MOST_COLUMNS + 1
    assert not relation.complete
    assert forms(relation, "*") == {("contact.email", Form.CLEAR), ("unknown", Form.UNKNOWN)}
    assert any("more than 10000 columns" in spot.reason for spot in relation.blind)


def test_fewer_columns_are_told_apart() -> None:
    relation = facts(doubled(8))
    assert relation.complete
    assert forms(relation, "email_1") == {("contact.email", Form.CLEAR)}
    assert forms(relation, "id") == set()


def test_a_chain_of_calls_beyond_the_most_is_unknown() -> None:
    relation = facts(f"select email{'.upper()' * 200} as e from users")
    assert forms(relation, "*") >= {("unknown", Form.UNKNOWN)}


def test_a_chain_of_subscripts_beyond_the_most_is_unknown() -> None:
    relation = facts(f"select email{'[1:]' * 200} as e from users")
    assert forms(relation, "*") >= {("unknown", Form.UNKNOWN)}


def test_a_long_chain_of_calls_carries_its_label() -> None:
    relation = facts(f"select email{'.upper()' * 100} as e from users")
    assert forms(relation, "e") == {("contact.email", Form.CLEAR)}
    assert not relation.blind


def test_a_mask_in_a_chain_is_noted_once() -> None:
    relation = facts("select email.md5().upper().lower() as e from users")
    assert forms(relation, "e") == {("contact.email", Form.WEAK)}
    assert [mask.function for mask in relation.masks] == ["md5"]
