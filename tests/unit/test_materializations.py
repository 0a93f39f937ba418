"""A materialization that isn't dbt's own may do anything; one is known, by its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pii_lint.artifacts.model import Node, Project
from pii_lint.data.materializations import is_known
from pii_lint.propagation.materializing import Materializing

FILE = Path(__file__).resolve().parents[2] / "macros" / "materialization_snapshot_spark.sql"
BLOCK = re.compile(r"{% materialization .*{% endmaterialization %}", re.DOTALL)
EMPTY = Project("shop", "spark", "1.11.16", {})


def shipped() -> str:
    found = BLOCK.search(FILE.read_text("utf-8"))
    assert found is not None
    return found[0]


def lost(
    macros: Mapping[str, str], materialized: str = "snapshot", adapter: str = "spark", **more: str
) -> str | None:
    """Why a node is lost that is materialized so, in a project with these macros."""
    node = Node("model.shop.m", "model", "m", "shop", "m.sql", materialized=materialized, **more)  # type: ignore[arg-type]
    return Materializing(replace(EMPTY, adapter_type=adapter, macros=macros)).lost(node)


def foreign(text: str, name: str = "macro.shop.materialization_snapshot_spark") -> bool:
    return any(lost({name: text}, kind) for kind in ("snapshot", "mine"))


def test_the_shipped_one_is_known_by_its_text_and_not_by_its_name() -> None:
    assert not foreign(shipped())
    assert not foreign(shipped(), "macro.shop.materialization_mine_default")
    assert foreign("{% materialization snapshot, adapter='spark' %}")


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
    assert foreign(text.replace(old, new))


@pytest.mark.parametrize(
    ("package", "own"),
    [("shop", False), ("dbt_shop", False), ("dbt_spark", True), ("dbt_mine", False), ("dbt", True)],
)
def test_a_package_is_dbts_own_by_its_whole_name(package: str, own: bool) -> None:
    macros = {f"macro.{package}.materialization_table_default": "insert"}
    assert (lost(macros, "table") is None) == own


def test_a_project_is_never_dbts_own() -> None:
    project = replace(EMPTY, name="dbt_spark", macros={"macro.dbt_spark.materialization_odd_x": ""})
    node = Node("model.dbt_spark.m", "model", "m", "dbt_spark", "m.sql", materialized="odd")
    assert Materializing(project).lost(node) == "its materialization odd is not dbt's own"


OWN = {
    "macro.dbt.default__create_view_as": "create view {{ relation }} as ({{ sql }})",
    "macro.dbt.get_incremental_append_sql": "insert into {{ arg_dict['target_relation'] }}",
    "macro.dbt.snapshot_check_strategy": "",
}
READING = {
    "a relation": "create view {{ relation }} as select * from raw.persons",
    "a relation in a schema of the target": "select * from {{ target.schema }}.persons",
    "a relation in a string": "{% do run_query('update ' ~ r ~ ' set a = 1 from raw.persons') %}",
    "a reference": "create view {{ relation }} as select * from {{ ref('persons') }}",
    "a reference put aside": "{% set r = source('raw', 'persons') %}select * from {{ r }}",
    "another column": "update set page = DBT_INTERNAL_SOURCE.email",
}
QUIET = {
    "what it is given": "create view {{ relation }} as select * from ({{ sql }}) as q",
    "its own subqueries": "with a as (select * from {{ source }}) select * from a join a b",
    "the same column": "update set page = DBT_INTERNAL_SOURCE.page",
    "a comment": "-- from raw.persons\n{# from raw.persons #}create view x as {{ sql }}",
    "difference": "where a.{{ c }} is distinct from b.{{ c }}",
}


@pytest.mark.parametrize("text", READING.values(), ids=READING)
def test_a_macro_in_the_place_of_dbts_that_reads_more_loses_the_node(text: str) -> None:
    for name in ("create_view_as", "spark__create_view_as", "default__create_view_as"):
        macros = {**OWN, f"macro.shop.{name}": text}
        assert f"the macro {name} takes" in (lost(macros, "view") or "")
        assert lost(macros, "table") is None


@pytest.mark.parametrize("text", QUIET.values(), ids=QUIET)
def test_a_macro_in_the_place_of_dbts_that_reads_nothing_more_loses_nothing(text: str) -> None:
    assert lost({**OWN, "macro.shop.create_view_as": text}, "view") is None


def test_a_macro_that_takes_no_place_of_dbts_loses_nothing() -> None:
    text = READING["a relation"]
    assert lost({**OWN, "macro.shop.create_view_as_wished": text}, "view") is None
    assert lost({"macro.dbt.create_view_as": text}, "view") is None


def test_a_strategy_of_the_projects_own_counts_where_it_is_asked_for() -> None:
    macros = {**OWN, "macro.shop.get_incremental_odd_sql": READING["a relation"]}
    assert lost(macros, "incremental", strategy="odd") is not None
    assert lost(macros, "incremental", strategy="append") is None
    assert lost(macros, "table", strategy="odd") is None
    macros = {**OWN, "macro.shop.snapshot_odd_strategy": READING["a reference"]}
    assert lost(macros, "snapshot", strategy="odd") is not None
    assert lost(macros, "snapshot", strategy="check") is None
