"""A fault of the engine itself in one query: that one is lost, and says so; the others are not."""

from __future__ import annotations

from typing import Any

import pytest

from pii_lint import lineage
from pii_lint.config import load_config
from pii_lint.data.registry import load_registry
from pii_lint.labels import Form
from pii_lint.propagation.link import trace
from tests.corpus.harness import model_id, project

MODELS = {
    "broken": "select email, city from users",
    "below": "select city as town from broken",
    "beside": "select email as mail, city from users",
}


@pytest.mark.parametrize("fault", [AttributeError, IndexError, KeyError, TypeError])
def test_a_query_that_the_engine_fails_on_is_unknown_and_no_other_is(
    monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    query = lineage.query

    def failing(walk: Any, e: Any, parent: Any) -> Any:
        if parent is None and e.sql() == lineage.read(MODELS["broken"], "duckdb").tree.sql():
            raise fault("secret words")
        return query(walk, e, parent)

    monkeypatch.setattr(lineage, "query", failing)
    relations = trace([project(MODELS)], load_config(), load_registry(None)).relations
    (spot,) = relations[model_id("broken")].blind
    assert spot.reason == f"{lineage.OWN_FAULT} ({fault.__name__}): please report it"
    for model in ("broken", "below"):
        forms = {
            label.form
            for column in relations[model_id(model)].columns.values()
            for label in column.labels
        }
        assert Form.UNKNOWN in forms, model
    mail = relations[model_id("beside")].columns["mail"].labels
    assert {(label.kind, label.form) for label in mail} == {("contact.email", Form.CLEAR)}
    assert not relations[model_id("beside")].blind
