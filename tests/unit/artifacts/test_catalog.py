"""catalog.json: the warehouse's columns in its order, while they are not older than the SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pii_lint.artifacts.catalog import load_catalog, with_catalog
from pii_lint.artifacts.model import CatalogColumn, Node, Project
from pii_lint.errors import ArtifactError

PEOPLE = "model.shop.people"
PROJECT = Project(
    name="shop",
    adapter_type="duckdb",
    dbt_version="1.11.16",
    nodes={PEOPLE: Node(PEOPLE, "model", "people", "shop", "models/people.sql")},
    generated_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
    invocation_id="one",
)


def table(*columns: tuple[str, object]) -> dict[str, object]:
    return {"columns": {name: {"name": name, "type": "TEXT", "index": at} for name, at in columns}}


def write(
    folder: Path,
    nodes: Mapping[str, object],
    at: str = "2026-11-01T12:00:00Z",
    run: str | None = None,
    sources: Mapping[str, object] | None = None,
) -> Path:
    path = folder / "catalog.json"
    head = {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json",
        "generated_at": at,
        "invocation_id": run,
    }
    path.write_text(json.dumps({"metadata": head, "nodes": nodes, "sources": sources}))
    return path


@pytest.mark.parametrize("positions", [(3, 1, 2), ("3", "1", "2"), (30.0, 2, 10.5)])
def test_columns_come_in_the_warehouses_order(
    tmp_path: Path, positions: tuple[object, ...]
) -> None:
    path = write(tmp_path, {PEOPLE: table(*zip(("c", "a", "b"), positions, strict=True))})
    assert [column.name for column in load_catalog(path).relations[PEOPLE]] == ["a", "b", "c"]


def test_sources_and_models_stand_together(tmp_path: Path) -> None:
    path = write(tmp_path, {PEOPLE: table(("a", 1))}, sources={"source.shop.a.b": table(("x", 1))})
    assert set(load_catalog(path).relations) == {PEOPLE, "source.shop.a.b"}


@pytest.mark.parametrize("at", ["2026-11-01T12:00:00Z", "2026-11-02T00:00:00"])
def test_a_catalogue_as_young_as_the_manifest_is_used(tmp_path: Path, at: str) -> None:
    project = with_catalog(PROJECT, write(tmp_path, {PEOPLE: table(("email", 1))}, at))
    assert project.catalog == {PEOPLE: (CatalogColumn("email", "TEXT"),)}
    assert project.catalog_outdated == {}


def test_a_catalogue_older_than_the_sql_only_tells_what_once_stood_there(tmp_path: Path) -> None:
    path = write(tmp_path, {PEOPLE: table(("email", 1))}, "2026-11-01T11:59:59Z")
    project = with_catalog(PROJECT, path)
    assert project.catalog == {}
    assert project.catalog_outdated == {PEOPLE: (CatalogColumn("email", "TEXT"),)}


def test_a_catalogue_of_the_same_run_is_used_whatever_the_clock_says(tmp_path: Path) -> None:
    path = write(tmp_path, {PEOPLE: table(("email", 1))}, "2020-01-01T00:00:00Z", run="one")
    assert PEOPLE in with_catalog(PROJECT, path).catalog


def test_a_catalogue_without_a_time_is_not_trusted(tmp_path: Path) -> None:
    path = write(tmp_path, {PEOPLE: table(("email", 1))}, "long ago")
    assert with_catalog(PROJECT, path).catalog == {}
    fresh = write(tmp_path, {PEOPLE: table(("email", 1))})
    assert with_catalog(replace(PROJECT, generated_at=None), fresh).catalog == {}


def test_relations_that_the_manifest_does_not_know_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, {PEOPLE: table(("a", 1)), "model.shop.old": table(("b", 1))})
    assert set(with_catalog(PROJECT, path).catalog) == {PEOPLE}


def test_a_catalogue_of_another_project_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, {"model.bank.accounts": table(("iban", 1))})
    with pytest.raises(ArtifactError, match="describes no relation of project 'shop'"):
        with_catalog(PROJECT, path)


def test_an_empty_warehouse_has_an_empty_catalogue(tmp_path: Path) -> None:
    assert with_catalog(PROJECT, write(tmp_path, {})).catalog == {}


@pytest.mark.parametrize("position", [None, "first", "nan", 10**400])
def test_a_column_without_a_position_has_no_order(tmp_path: Path, position: object) -> None:
    path = write(tmp_path, {PEOPLE: table(("secret_column", position))})
    with pytest.raises(ArtifactError) as error:
        load_catalog(path)
    assert "`dbt docs generate`" in str(error.value)
    assert "secret_column" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty: run `dbt docs generate`"),
        ("{", "is cut short"),
        ("{}", "is no dbt catalog"),
        ('{"metadata": {"dbt_schema_version": "x/dbt/manifest/v12.json"}}', "is dbt's manifest"),
        ('{"metadata": {"dbt_schema_version": "x/dbt/catalog/v2.json"}}', "only v1 can be read"),
        (
            '{"metadata": {"dbt_schema_version": "x/dbt/catalog/v1.json"}, "nodes": {"a": []}}',
            "isn't shaped like a dbt catalog",
        ),
    ],
)
def test_an_unusable_catalogue_says_what_to_run(
    tmp_path: Path, content: str, sentence: str
) -> None:
    path = tmp_path / "catalog.json"
    path.write_text(content)
    with pytest.raises(ArtifactError) as error:
        load_catalog(path)
    assert sentence in str(error.value)


def test_a_missing_catalogue_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="does not exist: run `dbt docs generate`"):
        load_catalog(tmp_path / "catalog.json")
