"""A materialization that isn't dbt's own may do anything; one is known, by its text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pii_lint.artifacts.model import Project
from pii_lint.data.materializations import is_known
from pii_lint.propagation.opaque import foreign_materializations

FILE = Path(__file__).resolve().parents[2] / "macros" / "materialization_snapshot_spark.sql"
BLOCK = re.compile(r"{% materialization .*{% endmaterialization %}", re.DOTALL)
EMPTY = Project("shop", "spark", "1.11.16", {})


def shipped() -> str:
    found = BLOCK.search(FILE.read_text("utf-8"))
    assert found is not None
    return found[0]


def foreign(text: str, name: str = "macro.shop.materialization_snapshot_spark") -> list[str]:
    return list(foreign_materializations(replace(EMPTY, macros={name: text})))


def test_the_shipped_one_is_known_by_its_text_and_not_by_its_name() -> None:
    assert foreign(shipped()) == []
    assert foreign(shipped(), "macro.shop.materialization_mine_default") == []
    assert foreign("{% materialization snapshot, adapter='spark' %}") == ["snapshot"]


def test_white_space_makes_no_other_text_of_it() -> None:
    assert is_known(shipped().replace("\n", "\n\n  "))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("left join", "inner join"),
        (
            "{{ create_table_as(False, fresh, history) }}",
            "{{ create_table_as(False, fresh, mine) }}",
        ),
        ("'spark'", "'duckdb'"),
    ],
)
def test_any_other_text_is_unknown(old: str, new: str) -> None:
    text = shipped()
    assert old in text
    assert foreign(text.replace(old, new)) == ["snapshot"]
