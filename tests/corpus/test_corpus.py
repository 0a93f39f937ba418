"""Every corpus case: the labels per column, and (on DuckDB) that whatever a changed value moves is
labelled."""

from __future__ import annotations

import pytest

from pii_lint.labels import Form

from .harness import Case, Database, all_cases, inventory, labels, model_id, word

CASES = all_cases()


@pytest.fixture(scope="session")
def database() -> Database:
    return Database()


def _marked(case: Case) -> object:
    marks = [pytest.mark.xfail(reason=case.xfail, strict=True)] if case.xfail else []
    return pytest.param(case, id=case.name, marks=marks)


@pytest.mark.parametrize("case", [_marked(case) for case in CASES])
def test_labels_are_as_expected(case: Case) -> None:
    expected = {column.lower(): set(words.split()) for column, words in case.expect.items()}
    assert labels(case) == expected


@pytest.mark.parametrize("case", [_marked(case) for case in CASES if case.runs])
def test_what_a_changed_value_moves_is_labelled(case: Case, database: Database) -> None:
    facts = inventory(case.models).relations[model_id(list(case.models)[-1])]
    rows = {word(label).partition("=")[0] for label in facts.signals}
    tail = {word(label) for label in facts.columns["*"].labels} if "*" in facts.columns else set()
    moved = database.moved(case.models)
    missed = []
    for column, origins in moved.items():
        known = facts.columns.get(column)
        words = {word(label) for label in known.labels} if known is not None else tail
        carried = {w.partition("=")[0] for w in words} | rows
        if "unknown" not in words:
            missed += [f"{column} moves with {origin}" for origin in sorted(origins - carried)]
    assert not missed
    idle = [
        f"{key}: {word(label)}"
        for key, column in facts.columns.items()
        if key != "*" and key not in case.steady
        for label in column.labels
        if label.form is Form.CLEAR and label.kind != "secret"
        if word(label).partition("=")[0] not in moved.get(key, set())
    ]
    assert not idle


def test_every_case_that_does_not_run_says_why() -> None:
    silent = [
        case.name
        for case in CASES
        if not case.runs and case.dialect == "duckdb" and not case.because
    ]
    assert not silent


def test_case_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
