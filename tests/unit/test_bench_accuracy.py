"""The questions that `make accuracy` asks: the engine knows the answers, and so does the linter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from tests.bench.accuracy import Case, asked_pii_lint, cases, project, table, truth

PEOPLE, ASKED = cases()


@pytest.mark.parametrize("case", ASKED, ids=lambda case: case.name)
def test_the_engine_confirms_the_answer(case: Case) -> None:
    assert truth(case, PEOPLE) == case.expect


def test_a_wrong_answer_is_told_from_the_right_one() -> None:
    (star,) = (case for case in ASKED if case.name == "a star")
    wrong = {**star.expect, "city": frozenset({"email"})}
    told = table([star], {"one": {star.name: star.expect}, "two": {star.name: wrong}})
    assert "| a star | right | misses city; adds email |" in told
    assert "| 4 of 4 found, 0 invented | 3 of 4 found, 1 invented |" in told


@pytest.mark.slow
def test_the_linter_answers_all_of_them(tmp_path: Path, require: Callable[[str], None]) -> None:
    require("dbt")
    project(tmp_path, PEOPLE, ASKED)
    answers = asked_pii_lint(tmp_path, ASKED)
    assert {case.name: answers[case.name] for case in ASKED} == {
        case.name: case.expect for case in ASKED
    }
