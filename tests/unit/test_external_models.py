"""Files of dbt-duckdb: a model that is kept in one, and sources that read one."""

from __future__ import annotations

import pytest

from pii_lint.artifacts.configured import by_name, called_sources, file_of
from pii_lint.artifacts.model import Column, Node, Project
from pii_lint.artifacts.shapes import Node as Entry
from pii_lint.artifacts.shapes import NodeConfig
from pii_lint.config import load_config
from pii_lint.data.registry import load_registry
from pii_lint.labels import Form
from pii_lint.propagation.link import trace

PERSONS = Node(
    "source.shop.raw.persons",
    "source",
    "persons",
    "shop",
    "models/raw.yml",
    relation_name='"db"."raw"."persons"',
    columns={"email": Column("email", tags=frozenset({"pii"}), meta={"pii_type": "email"})},
    columns_complete=True,
)


def forms(file: str | None, place: str, sql: str | None = None) -> set[Form]:
    """What a mart holds that reads a source at this place, beside a model in this file."""
    kept = Node(
        "model.shop.a_kept",
        "model",
        "a_kept",
        "shop",
        "models/a_kept.sql",
        relation_name='"db"."main"."a_kept"',
        file=file,
        compiled_code='select email from "db"."raw"."persons"',
    )
    read = Node(
        "source.shop.files.read",
        "source",
        "read",
        "shop",
        "models/files.yml",
        relation_name=place,
        columns={"email": Column("email")},
        columns_complete=True,
    )
    mart = Node(
        "model.shop.a_first",
        "model",
        "a_first",
        "shop",
        "models/a_first.sql",
        relation_name='"db"."main"."a_first"',
        compiled_code=sql or f"select email from {place}",
        depends_on=("source.shop.files.read",),
    )
    nodes = {node.unique_id: node for node in (PERSONS, kept, read, mart)}
    project = Project("shop", "duckdb", "1.11.16", nodes)
    inventory = trace((project,), load_config(None, None), load_registry())
    columns = inventory.relations[mart.unique_id].columns
    return {label.form for column in columns.values() for label in column.labels}


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("out/people.parquet", "'out/people.parquet'"),
        ("./out/people.parquet", "'out/people.parquet'"),
        ("/data/out/people.parquet", "'out/people.parquet'"),
        ("out/people.parquet", "'/data/out/people.parquet'"),
        ("out/people.parquet", "'out/*.parquet'"),
        ("**/people.parquet", "'s3://bucket/people.parquet'"),
        ("out/people", "'out/people/*/*.parquet'"),
        ("**/people.parquet", "'/data/people/year=2026/*.parquet'"),
        ("s3://bucket/people.csv", "'s3://bucket/people.csv'"),
    ],
)
def test_a_source_that_reads_a_models_file_holds_what_the_model_holds(
    file: str, place: str
) -> None:
    assert forms(file, place) == {Form.CLEAR}


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("out/people.parquet", "'out/places.parquet'"),
        ("out/people.parquet", "'in/people.parquet'"),
        ("**/people.parquet", "'s3://bucket/places.parquet'"),
        ("out/people", "'out/people_of_today/*.parquet'"),
        (None, "'out/people.parquet'"),
    ],
)
def test_another_file_is_no_models(file: str | None, place: str) -> None:
    assert forms(file, place) == set()


def test_a_source_that_is_a_call_is_known_by_it() -> None:
    call = "read_csv('out/people.csv', header = true)"
    entries = [
        Entry(name="people", resource_type="source", relation_name=call),
        Entry(name="plain", resource_type="source", relation_name='"db"."raw"."(plain)"'),
        Entry(name="model", resource_type="model", relation_name="read_csv('x')"),
    ]
    called = called_sources(entries)
    assert called == {call}
    sql = by_name(f"select email from {call} as p", called)
    assert sql == f'select email from "{call}" as p'
    assert by_name("select 1", called) == "select 1"
    assert forms("out/people.csv", call, sql) == {Form.CLEAR}
    assert forms("out/places.csv", call, sql) == set()


def test_an_external_model_without_a_location_lies_under_its_name() -> None:
    entry = Entry(name="people", alias="persons")
    assert file_of(entry, NodeConfig(materialized="external")) == "**/persons.parquet"
    assert file_of(entry, NodeConfig(materialized="external", format="csv")) == "**/persons.csv"
    assert file_of(entry, NodeConfig(materialized="external", location="a/b.csv")) == "a/b.csv"
    assert file_of(entry, NodeConfig(materialized="table", location="a/b.csv")) is None
