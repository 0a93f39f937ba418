"""manifest.json -> Project: what is read, from where, and what is refused with which sentence."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pii_lint.artifacts.manifest import load_manifest
from pii_lint.artifacts.model import Column, Node
from pii_lint.errors import ArtifactError

Write = Callable[..., Path]
CANARY = "ada@canary.example"


def model(name: str = "people", **fields: object) -> dict[str, object]:
    return {
        "resource_type": "model",
        "name": name,
        "package_name": "shop",
        "original_file_path": f"models/{name}.sql",
        "relation_name": f'"shop"."main"."{name}"',
        "compiled_code": "select 1",
        **fields,
    }


def source(**fields: object) -> dict[str, object]:
    return {
        "resource_type": "source",
        "name": "raw_people",
        "package_name": "shop",
        "original_file_path": "models/src.yml",
        "identifier": "people",
        "relation_name": '"shop"."main"."people"',
        **fields,
    }


def generic_test(name: str, column: str, **fields: object) -> dict[str, object]:
    kwargs = {"column_name": column, **fields.pop("kwargs", {})}  # type: ignore[dict-item]
    return {
        "resource_type": "test",
        "name": name,
        "package_name": "shop",
        "attached_node": "model.shop.people",
        "depends_on": {"nodes": ["model.shop.people"]},
        "test_metadata": {"name": name, "namespace": None, "kwargs": kwargs},
        **fields,
    }


def people(path: Path) -> Node:
    return load_manifest(path).nodes["model.shop.people"]


def email(write: Write, column: Mapping[str, object], **fields: object) -> Column:
    path = write(
        {"model.shop.people": model(columns={"email": {"name": "email", **column}}, **fields)}
    )
    return people(path).columns["email"]


# --- versions and names


@pytest.mark.parametrize("version", [9, 10, 11, 12])
def test_every_supported_version_is_read(write_manifest: Write, version: int) -> None:
    project = load_manifest(write_manifest(version=version))
    assert project.name == "shop"
    assert project.adapter_type == "duckdb"
    assert project.nodes["model.shop.people"].compiled_code == "select 1"


def test_the_project_of_dbt_1_5_is_known_by_the_digest_of_its_name(write_manifest: Write) -> None:
    nodes = {f"model.other.m{n}": model(f"m{n}", package_name="other") for n in range(3)}
    nodes["model.shop.people"] = model()
    digest = hashlib.md5(b"shop").hexdigest()  # noqa: S324 - dbt's own rule
    path = write_manifest(nodes, version=9, metadata={"project_name": None, "project_id": digest})
    assert load_manifest(path).name == "shop"


def test_a_package_is_found_below_dbt_packages(write_manifest: Write) -> None:
    node = model(package_name="addon", patch_path="addon://models/addon.yml")
    path = write_manifest({"model.shop.people": node})
    assert people(path).path == "dbt_packages/addon/models/people.sql"
    assert people(path).patch_path == "dbt_packages/addon/models/addon.yml"


def test_the_projects_own_files_keep_their_path(write_manifest: Write) -> None:
    node = model(original_file_path="models\\marts\\people.sql", patch_path="shop://models\\a.yml")
    path = write_manifest({"model.shop.people": node})
    assert people(path).path == "models/marts/people.sql"
    assert people(path).patch_path == "models/a.yml"


def test_the_run_that_wrote_the_manifest_names_its_target(write_manifest: Write) -> None:
    path = write_manifest()
    results = {"metadata": {"invocation_id": "one"}, "args": {"target": "prod"}}
    path.with_name("run_results.json").write_text(json.dumps(results))
    assert load_manifest(path).target == "prod"


def test_another_runs_target_is_not_the_manifests(write_manifest: Write) -> None:
    path = write_manifest()
    results = {"metadata": {"invocation_id": "two"}, "args": {"target": "prod"}}
    path.with_name("run_results.json").write_text(json.dumps(results))
    assert load_manifest(path).target is None


# --- tags and meta


@pytest.mark.parametrize(
    "column",
    [
        {"tags": ["pii"], "meta": {"pii_type": "email"}},
        {"config": {"tags": ["pii"], "meta": {"pii_type": "email"}}},
        {"tags": "pii", "config": {"meta": {"pii_type": "email"}}},
        {"tags": None, "config": {"tags": "pii"}, "meta": {"pii_type": "email"}},
        {"classifiers": ["pii"], "meta": {"pii_type": "email"}},
    ],
)
def test_tags_and_meta_are_read_wherever_a_column_may_carry_them(
    write_manifest: Write, column: Mapping[str, object]
) -> None:
    found = email(write_manifest, column)
    assert found.tags == {"pii"}
    assert found.meta == {"pii_type": "email"}


def test_a_nodes_tags_are_not_its_columns(write_manifest: Write) -> None:
    found = email(write_manifest, {}, tags=["pii"], meta={"contains_pii": True})
    assert found.tags == frozenset()
    assert found.meta == {}


@pytest.mark.parametrize("fields", [{}, {"config": {}}, {"config": None}])
def test_null_stands_for_nothing(write_manifest: Write, fields: Mapping[str, object]) -> None:
    found = email(write_manifest, {"tags": None, "meta": None, "constraints": None, **fields})
    assert found == Column("email")


def test_node_tags_and_meta_unite_all_their_places(write_manifest: Write) -> None:
    node = model(
        tags=["a"],
        meta={"x": 1},
        config={"tags": "b", "meta": {"y": 2}, "group": "g", "access": "public"},
    )
    found = people(write_manifest({"model.shop.people": node}))
    assert found.tags == {"a", "b"}
    assert found.meta == {"x": 1, "y": 2}
    assert (found.group, found.access) == ("g", "public")


def test_a_table_inherits_its_sources_meta_and_may_overrule_it(write_manifest: Write) -> None:
    table = source(source_meta={"steward": "dpo", "pii": False}, meta={"pii": True})
    found = load_manifest(write_manifest(sources={"source.shop.raw.raw_people": table}))
    node = found.nodes["source.shop.raw.raw_people"]
    assert node.meta == {"steward": "dpo", "pii": True}
    assert node.alias == "people"


def test_what_dbt_2_copies_from_the_node_is_not_the_columns_own(write_manifest: Write) -> None:
    path = write_manifest(
        {
            "model.shop.people": model(
                tags=["pii", "daily"],
                meta={"owner": ["a"]},
                columns={
                    "copied": {"tags": ["pii", "daily"], "meta": {"owner": ["a"]}, "config": {}},
                    "own": {"tags": ["pii"], "config": {"tags": ["pii"]}},
                    "more": {"tags": ["pii", "special"], "config": {}},
                },
            )
        },
        metadata={"dbt_version": "2.0.0"},
    )
    columns = people(path).columns
    assert columns["copied"] == Column("copied")
    assert columns["own"].tags == {"pii"}
    assert columns["more"].tags == {"pii", "special"}


def test_dbt_1_copies_nothing_so_equal_tags_are_the_columns_own(write_manifest: Write) -> None:
    assert email(write_manifest, {"tags": ["pii"], "config": {}}, tags=["pii"]).tags == {"pii"}


# --- keys


def keys(write: Write, *tests: Mapping[str, object], **nodes: object) -> Mapping[str, Column]:
    content = {"model.shop.people": model(columns={"id": {}, "Email": {}}), **nodes}
    content |= {f"test.shop.t{number}": test for number, test in enumerate(tests)}
    return people(write(content)).columns


@pytest.mark.parametrize("name", ["id", "ID", '"id"', "`id`", "[id]"])
def test_a_unique_test_makes_its_column_unique(write_manifest: Write, name: str) -> None:
    columns = keys(write_manifest, generic_test("unique", name))
    assert columns["id"].unique
    assert not columns["Email"].unique


@pytest.mark.parametrize(
    "test",
    [
        generic_test("not_null", "id"),
        generic_test("unique", "id || '-' || email"),
        generic_test("unique", "id", attached_node="model.shop.other", depends_on=None),
        generic_test("unique", "id", test_metadata=None),
        generic_test(
            "unique",
            "id",
            test_metadata={"name": "unique", "namespace": "p", "kwargs": {"column_name": "id"}},
        ),
    ],
)
def test_what_proves_nothing_of_a_column_makes_none_unique(
    write_manifest: Write, test: Mapping[str, object]
) -> None:
    assert not any(column.unique for column in keys(write_manifest, test).values())


def test_a_key_on_an_undeclared_column_declares_it(write_manifest: Write) -> None:
    columns = keys(write_manifest, generic_test("unique", "customer_id"))
    assert columns["customer_id"].unique
    assert list(columns) == ["id", "Email", "customer_id"]


def test_an_enforced_contract_lists_all_columns_so_none_is_added(write_manifest: Write) -> None:
    node = model(contract={"enforced": True}, columns={"id": {"data_type": "int"}})
    columns = keys(write_manifest, generic_test("unique", "extra"), **{"model.shop.people": node})
    assert list(columns) == ["id"]


def test_a_contract_that_is_not_enforced_leaves_the_columns_open(write_manifest: Write) -> None:
    for enforced in (True, False):
        node = model(config={"contract": {"enforced": enforced}})
        assert people(write_manifest({"model.shop.people": node})).columns_complete is enforced


@pytest.mark.parametrize("kind", ["primary_key", "unique"])
def test_a_constraint_on_one_column_makes_it_unique(write_manifest: Write, kind: str) -> None:
    on_column = model(columns={"id": {"constraints": [{"type": kind}]}, "Email": {}})
    on_model = model(columns={"id": {}}, constraints=[{"type": kind, "columns": ["id"]}])
    for node in (on_column, on_model):
        assert people(write_manifest({"model.shop.people": node})).columns["id"].unique


def test_a_constraint_on_two_columns_makes_neither_unique(write_manifest: Write) -> None:
    node = model(
        columns={"id": {}, "day": {}},
        constraints=[
            {"type": "primary_key", "columns": ["id", "day"]},
            {"type": "check", "columns": ["id"]},
        ],
        primary_key=["id", "day"],
    )
    columns = people(write_manifest({"model.shop.people": node})).columns
    assert not any(column.unique for column in columns.values())


def test_a_relationships_test_leads_to_the_column_there(write_manifest: Write) -> None:
    test = generic_test(
        "relationships",
        "country_id",
        kwargs={"to": "ref('countries')", "field": "id"},
        depends_on={"nodes": ["model.shop.countries", "model.shop.people"]},
    )
    columns = keys(write_manifest, test, **{"model.shop.countries": model("countries")})
    assert columns["country_id"].references == (("model.shop.countries", "id"),)


def test_a_relationships_test_leads_to_the_version_that_it_depends_on(
    write_manifest: Write,
) -> None:
    test = generic_test(
        "relationships",
        "country_id",
        kwargs={"to": "ref('countries', v=2)", "field": "id"},
        depends_on={"nodes": ["model.shop.countries.v2", "model.shop.people"]},
    )
    versions = {f"model.shop.countries.v{number}": model("countries") for number in (1, 2)}
    columns = keys(write_manifest, test, **versions)
    assert columns["country_id"].references == (("model.shop.countries.v2", "id"),)


def test_dbt_1_5_names_the_tested_version_only_by_what_the_test_depends_on(
    write_manifest: Write,
) -> None:
    kwargs = {"model": "{{ get_where_subquery(ref('people', v=2)) }}", "to": "ref('countries')"}
    test = generic_test(
        "relationships",
        "country_id",
        kwargs={**kwargs, "field": "id"},
        attached_node=None,
        depends_on={"nodes": ["model.shop.countries", "model.shop.people.v2"]},
    )
    versions = {f"model.shop.people.v{number}": model() for number in (1, 2)}
    path = write_manifest(
        {**versions, "model.shop.countries": model("countries"), "test.shop.t": test}, version=9
    )
    nodes = load_manifest(path).nodes
    assert nodes["model.shop.people.v1"].columns == {}
    there = nodes["model.shop.people.v2"].columns["country_id"].references
    assert there == (("model.shop.countries", "id"),)


def test_a_relationships_test_by_macro_leads_to_what_else_it_depends_on(
    write_manifest: Write,
) -> None:
    test = generic_test(
        "relationships",
        "country_id",
        kwargs={"to": "{{ lookup() }}", "field": "id"},
        depends_on={"nodes": ["model.shop.people", "model.shop.countries"]},
    )
    columns = keys(write_manifest, test, **{"model.shop.countries": model("countries")})
    assert columns["country_id"].references == (("model.shop.countries", "id"),)


def test_a_relationships_test_may_lead_back_to_its_own_model(write_manifest: Write) -> None:
    test = generic_test("relationships", "boss_id", kwargs={"to": "ref('people')", "field": "id"})
    assert keys(write_manifest, test)["boss_id"].references == (("model.shop.people", "id"),)


def test_a_test_on_a_source_names_it_only_in_its_arguments(write_manifest: Write) -> None:
    kwargs = {
        "model": "{{ get_where_subquery(source('raw', 'raw_people')) }}",
        "to": "ref('people')",
        "field": "id",
    }
    depends = {"nodes": ["source.shop.raw.raw_people", "model.shop.people"]}
    test = generic_test(
        "relationships", "id", kwargs=kwargs, depends_on=depends, attached_node=None
    )
    path = write_manifest(
        {"model.shop.people": model(), "test.shop.t": test},
        sources={"source.shop.raw.raw_people": source()},
    )
    columns = load_manifest(path).nodes["source.shop.raw.raw_people"].columns
    assert columns["id"].references == (("model.shop.people", "id"),)


@pytest.mark.parametrize(
    "constraint",
    [
        {"to": '"shop"."main"."countries"', "to_columns": ["id"]},
        {"to": "ref('countries')", "to_columns": "id"},
        {"expression": "main.countries (id)"},
        {"expression": "references main.countries(id)"},
    ],
)
def test_a_foreign_key_leads_to_the_column_there(
    write_manifest: Write, constraint: Mapping[str, object]
) -> None:
    node = model(columns={"country_id": {"constraints": [{"type": "foreign_key", **constraint}]}})
    nodes = {"model.shop.people": node, "model.shop.countries": model("countries")}
    columns = people(write_manifest(nodes)).columns
    assert columns["country_id"].references == (("model.shop.countries", "id"),)


def test_a_foreign_key_to_nowhere_leads_nowhere(write_manifest: Write) -> None:
    node = model(
        columns={"a": {"constraints": [{"type": "foreign_key", "to": "x.y", "to_columns": ["z"]}]}}
    )
    assert people(write_manifest({"model.shop.people": node})).columns["a"].references == ()


# --- what becomes a node


def test_disabled_nodes_tests_and_analyses_are_left_out(write_manifest: Write) -> None:
    path = write_manifest(
        {
            "model.shop.people": model(),
            "model.shop.off": model("off", config={"enabled": False}),
            "test.shop.t": generic_test("unique", "id"),
            "analysis.shop.a": model("a", resource_type="analysis"),
        },
        disabled={"model.shop.gone": [model("gone")]},
        unit_tests={"unit_test.shop.x": {"name": "x"}},
    )
    project = load_manifest(path)
    assert list(project.nodes) == ["model.shop.people"]
    assert project.disabled_paths == {"models/gone.sql"}


def test_a_sql_header_runs_like_a_last_pre_hook(write_manifest: Write) -> None:
    config = {"pre-hook": "vacuum", "sql_header": "create temp macro f() as 1;"}
    path = write_manifest({"model.shop.people": model(config=config), "model.shop.bare": model()})
    nodes = load_manifest(path).nodes
    assert nodes["model.shop.people"].pre_hooks == ("vacuum", "create temp macro f() as 1;")
    assert nodes["model.shop.bare"].pre_hooks == ()


def test_hooks_operations_and_functions_are_kept(write_manifest: Write) -> None:
    hooks = {"pre-hook": [{"sql": "delete from {{ this }}"}, {"sql": " "}], "post-hook": "vacuum"}
    path = write_manifest(
        {
            "model.shop.people": model(config=hooks),
            "operation.shop.end": model("end", resource_type="operation", compiled_code="select 2"),
        },
        functions={
            "function.shop.mask": model("mask", resource_type="function", arguments=[{"name": "x"}])
        },
    )
    nodes = load_manifest(path).nodes
    assert nodes["model.shop.people"].pre_hooks == ("delete from {{ this }}",)
    assert nodes["model.shop.people"].post_hooks == ("vacuum",)
    assert nodes["operation.shop.end"].compiled_code == "select 2"
    assert nodes["function.shop.mask"].arguments == ("x",)


def test_grants_and_persisted_descriptions_are_kept(write_manifest: Write) -> None:
    config = {
        "grants": {"select": ["analyst", "support"], "+insert": "loader", "usage": None},
        "persist_docs": {"columns": True, "relation": False},
    }
    columns = {"email": {"name": "email", "description": "An address."}, "id": {"name": "id"}}
    described = model(config=config, columns=columns, description="People.")
    quiet = model(description="People.", columns=columns)
    path = write_manifest({"model.shop.people": described, "model.shop.quiet": quiet})
    nodes = load_manifest(path).nodes
    assert nodes["model.shop.people"].grants == {
        "select": ("analyst", "support"),
        "insert": ("loader",),
        "usage": (),
    }
    assert nodes["model.shop.people"].persisted == (("email", "An address."),)
    assert nodes["model.shop.quiet"].grants == {}
    assert nodes["model.shop.quiet"].persisted == ()


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ({"store_failures": True}, True),
        ({"store_failures": True, "store_failures_as": "view"}, True),
        ({"store_failures_as": "table"}, True),
        ({"store_failures": True, "store_failures_as": "ephemeral"}, False),
        ({"store_failures": True, "enabled": False}, False),
        ({"store_failures": None}, False),
    ],
)
def test_only_tests_that_keep_their_failures_are_kept(
    write_manifest: Write, config: dict[str, object], kept: bool
) -> None:
    uid = "test.shop.unique_people_email"
    test = model("unique_people_email", resource_type="test", unique_id=uid, config=config)
    project = load_manifest(write_manifest({"model.shop.people": model(), uid: test}))
    assert list(project.stored_tests) == [uid] * kept
    assert uid not in project.nodes


def test_rows_of_unit_tests_are_kept_however_they_are_written(write_manifest: Write) -> None:
    test = {
        "name": "keeps",
        "package_name": "shop",
        "original_file_path": "models/people.yml",
        "given": [
            {"input": "ref('a')", "rows": [{"id": 1, "email": "ann@example.com", "x": None}]},
            {"input": "ref('b')", "rows": "id,email\n2,eve@example.com"},
        ],
        "expect": {"rows": [{"id": 3}]},
    }
    path = write_manifest({"model.shop.people": model()}, unit_tests={"unit_test.shop.keeps": test})
    fixture, expectation = load_manifest(path).samples
    assert (fixture.part, fixture.path) == ("fixture", "models/people.yml")
    assert {"1", "ann@example.com", "id,email", "2,eve@example.com"} <= set(
        fixture.text.split("\n")
    )
    assert (expectation.part, expectation.text) == ("expectation", "3")


@pytest.mark.parametrize("unit_tests", [[], {"unit_test.shop.a": []}, {"a": {"name": 1}}, "x"])
def test_unit_tests_in_a_shape_of_their_own_refuse_no_manifest(
    write_manifest: Write, unit_tests: object
) -> None:
    path = write_manifest({"model.shop.people": model()}, unit_tests=unit_tests)
    assert load_manifest(path).samples == ()


def test_exposures_and_the_semantic_layer_stand_on_relations(write_manifest: Write) -> None:
    path = write_manifest(
        exposures={
            "exposure.shop.feed": {
                "name": "feed",
                "package_name": "shop",
                "type": "application",
                "original_file_path": "models/exposures.yml",
                "owner": {"email": "dpo@acme.example"},
                "depends_on": {"nodes": ["metric.shop.heads"]},
                "config": {"meta": {"approved_by": "dpo"}, "tags": ["export"]},
            },
            "exposure.shop.off": {"name": "off", "config": {"enabled": False}},
        },
        metrics={
            "metric.shop.heads": {
                "name": "heads",
                "type": "simple",
                "depends_on": {"nodes": ["semantic_model.shop.people", "metric.shop.heads"]},
            }
        },
        semantic_models={
            "semantic_model.shop.people": {
                "name": "people",
                "depends_on": {"nodes": ["model.shop.people"]},
            }
        },
    )
    uses = load_manifest(path).exposures
    feed = uses["exposure.shop.feed"]
    assert feed.depends_on == ("model.shop.people",)
    assert (feed.type, feed.owner, feed.path) == (
        "application",
        "dpo@acme.example",
        "models/exposures.yml",
    )
    assert feed.meta == {"approved_by": "dpo"}
    assert feed.tags == {"export"}
    assert uses["metric.shop.heads"].type == "metric"
    assert uses["semantic_model.shop.people"].type == "semantic_model"
    assert "exposure.shop.off" not in uses


def test_macros_come_with_their_text_and_the_projects_own_with_their_file(
    write_manifest: Write,
) -> None:
    path = write_manifest(
        macros={
            "macro.shop.a": {
                "package_name": "shop",
                "original_file_path": "macros/a.sql",
                "macro_sql": "{% macro a() %}{% endmacro %}",
                "depends_on": {"macros": ["macro.dbt.b"]},
            },
            "macro.dbt.b": {"package_name": "dbt", "original_file_path": "macros/b.sql"},
        }
    )
    project = load_manifest(path)
    assert project.macros["macro.shop.a"] == "{% macro a() %}{% endmacro %}"
    assert project.macro_depends_on["macro.shop.a"] == ("macro.dbt.b",)
    assert project.macro_paths == {
        "macro.shop.a": "macros/a.sql",
        "macro.dbt.b": "dbt_packages/dbt/macros/b.sql",
    }


def test_a_model_of_dbt_2_without_language_is_python_by_its_file(write_manifest: Write) -> None:
    node = model(original_file_path="models/people.py", language=None)
    assert people(write_manifest({"model.shop.people": node})).language == "python"
    assert people(write_manifest({"model.shop.people": model(language=None)})).language == "sql"


# --- compiled SQL


def test_most_sql_missing_is_a_manifest_of_dbt_ls(write_manifest: Write) -> None:
    nodes = {f"model.shop.m{n}": model(f"m{n}", compiled_code=None) for n in range(2)}
    nodes["model.shop.people"] = model()
    with pytest.raises(ArtifactError) as error:
        load_manifest(write_manifest(nodes))
    assert "lacks the compiled SQL of 2 of 3 models and snapshots" in str(error.value)
    assert "whatever is given --select" in str(error.value)
    assert "`dbt compile` or `dbt build`" in str(error.value)


def test_half_the_sql_missing_is_judged_model_by_model(write_manifest: Write) -> None:
    nodes = {"model.shop.people": model(), "model.shop.m": model("m", compiled_code=None)}
    assert load_manifest(write_manifest(nodes)).nodes["model.shop.m"].compiled_code is None


def test_what_needs_no_sql_of_its_own_does_not_count_as_missing(write_manifest: Write) -> None:
    nodes = {
        "model.shop.people": model(),
        "model.shop.e": model("e", compiled_code=None, config={"materialized": "ephemeral"}),
        "model.shop.f": model("f", compiled_code=None, config={"materialized": "ephemeral"}),
        "model.shop.p": model("p", compiled_code=None, language="python"),
        "seed.shop.s": model("s", compiled_code=None, resource_type="seed"),
        "operation.shop.o": model("o", compiled_code=None, resource_type="operation"),
    }
    assert len(load_manifest(write_manifest(nodes)).nodes) == 6


def test_a_query_that_compiled_to_nothing_is_not_missing(write_manifest: Write) -> None:
    assert (
        people(
            write_manifest({"model.shop.people": model(compiled_code="", compiled=True)})
        ).compiled_code
        == ""
    )
    with pytest.raises(ArtifactError):
        load_manifest(write_manifest({"model.shop.people": model(compiled_code="")}))


def batches(path: Path, age: float = 0) -> None:
    folder = path.parent / "compiled" / "shop" / "models" / "people"
    folder.mkdir(parents=True)
    for name, sql in {"people_2024.sql": "select 2024", "people_2025.sql": "select 2025"}.items():
        (folder / name).write_text(sql)
        os.utime(folder / name, (1793534400 + age, 1793534400 + age))  # the manifest's own time


MICROBATCH = model(compiled_code=None, config={"incremental_strategy": "microbatch"})


def test_a_microbatch_model_is_read_from_its_newest_batch(write_manifest: Write) -> None:
    path = write_manifest({"model.shop.people": MICROBATCH})
    batches(path)
    assert people(path).compiled_code == "select 2025"
    assert people(path).compiled_path == "target/compiled/shop/models/people/people_2025.sql"


def test_batches_older_than_the_manifest_are_of_another_day(write_manifest: Write) -> None:
    path = write_manifest({"model.shop.people": MICROBATCH})
    batches(path, age=-60)
    with pytest.raises(ArtifactError, match="lacks the compiled SQL"):
        load_manifest(path)


def compiled(path: Path, sql: str, name: str = "shop/models/people.sql", age: float = 60) -> None:
    file = path.parent / "compiled" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(sql)
    os.utime(file, (1793534400 + age, 1793534400 + age))


@pytest.mark.parametrize("place", ["shop/models/people.sql", "models/people.sql"])
def test_dbt_2_leaves_compiled_sql_in_files(write_manifest: Write, place: str) -> None:
    path = write_manifest(
        {"model.shop.people": model(compiled_code=None)}, metadata={"dbt_version": "2.0.1"}
    )
    compiled(path, "select 2", place)
    assert people(path).compiled_code == "select 2"


def test_dbt_1_leaves_nothing_in_files_that_its_manifest_lacks(write_manifest: Write) -> None:
    path = write_manifest({"model.shop.people": model(compiled_code=None)})
    compiled(path, "select 2")
    with pytest.raises(ArtifactError, match="lacks the compiled SQL"):
        load_manifest(path)


def test_compiled_sql_older_than_manifest_and_template_is_refused(write_manifest: Write) -> None:
    path = write_manifest(
        {"model.shop.people": model(compiled_code=None)}, metadata={"dbt_version": "2.0.1"}
    )
    compiled(path, "select 2", age=-60)
    template = path.parent.parent / "models" / "people.sql"
    template.parent.mkdir()
    template.write_text("select 3")
    with pytest.raises(ArtifactError, match="lacks the compiled SQL"):
        load_manifest(path)
    os.utime(template, (0, 0))
    assert people(path).compiled_code == "select 2"


@pytest.mark.parametrize(
    "escape", ["../../secret.sql", "/secret.sql", "..\\..\\secret.sql", "a\0b"]
)
def test_no_path_in_a_manifest_leads_out_of_its_folder(write_manifest: Write, escape: str) -> None:
    node = model(
        compiled_code=None, original_file_path=escape, compiled_path=f"target/compiled/{escape}"
    )
    path = write_manifest({"model.shop.people": node}, metadata={"dbt_version": "2.0.1"})
    (path.parent.parent / "secret.sql").write_text(f"select '{CANARY}'")
    with pytest.raises(ArtifactError, match="lacks the compiled SQL"):
        load_manifest(path)


# --- unusable files

GOOD = json.dumps(
    {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "adapter_type": "duckdb",
        },
        "nodes": {"model.shop.people": model(description=CANARY)},
    }
).encode()
HEAD = GOOD[: GOOD.index(b'"nodes"')]
DEEP = b"[" * 100_000 + b"]" * 100_000


def node_with(field: bytes) -> bytes:
    return GOOD.replace(b'"description"', field + b', "description"')


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD)
    assert people(path).name == "people"


def test_a_repeated_key_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(HEAD + b'"nodes": {}, ' + GOOD[GOOD.index(b'"nodes"') :])
    assert people(path).name == "people"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (GOOD[:-20], "is cut short"),
        (b"<html>not found</html>", "isn't valid JSON"),
        (GOOD.replace(b"select 1", b"sel\0ect"), "isn't valid JSON"),
        (GOOD.replace(b"select 1", b"sel\xffect"), "isn't valid JSON"),
        (GOOD.replace(b"select 1", b"\\ud800"), "isn't valid JSON"),
        (b"\0" * 16, "isn't UTF-8 text"),
        (GOOD.decode().encode("utf-16"), "isn't UTF-8 text"),
        (GOOD.decode().encode("utf-32"), "isn't UTF-8 text"),
        (gzip.compress(GOOD), "is compressed"),
        (b"[]", "is no dbt manifest"),
        (b"null", "is no dbt manifest"),
        (b'{"name": "left-pad", "version": "1.0.0"}', "is no dbt manifest"),
        (b'{"metadata": "none"}', "is no dbt manifest"),
        (b'{"metadata": ' + DEEP + b"}", "is no dbt manifest"),
        (HEAD + b'"nodes": {}, "docs": ' + DEEP + b"}", "is nested too deeply"),
        (node_with(b'"meta": {"a": ' + DEEP + b"}"), "is nested too deeply"),
        (GOOD.replace(b"manifest/v12", b"run-results/v6"), "is dbt's run-results"),
        (GOOD.replace(b"manifest/v12", b"catalog/v1"), "is dbt's catalog"),
        (GOOD.replace(b"manifest/v12", b"manifest/v8"), "version v8, and only v9 to v12"),
        (GOOD.replace(b"manifest/v12", b"manifest/v13"), "version v13, and only v9 to v12"),
        (GOOD.replace(b'"duckdb"', b"null"), "names no adapter"),
        (HEAD + b'"nodes": []}', "isn't shaped like a dbt manifest"),
        (HEAD[:-2] + b"}", "isn't shaped like a dbt manifest"),
        (HEAD + b'"nodes": {"a": null}}', "isn't shaped like a dbt manifest"),
        (node_with(b'"columns": ["ada@canary.example"]'), "isn't shaped like a dbt manifest"),
        (node_with(b'"meta": "ada@canary.example"'), "isn't shaped like a dbt manifest"),
        (node_with(b'"tags": {"ada@canary.example": 1}'), "isn't shaped like a dbt manifest"),
        (node_with(b'"depends_on": {"nodes": 7}'), "isn't shaped like a dbt manifest"),
    ],
)
def test_an_unusable_manifest_is_one_sentence_without_its_content(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    with pytest.raises(ArtifactError) as error:
        load_manifest(path)
    message = str(error.value)
    assert sentence in message
    assert "\n" not in message
    assert message.endswith(".")
    assert CANARY not in message


def test_a_missing_manifest_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="does not exist: run `dbt compile` or `dbt build`"):
        load_manifest(tmp_path / "manifest.json")


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(
        ArtifactError, match="is a directory: give the path of the manifest.json in it"
    ):
        load_manifest(tmp_path)


def test_a_path_from_outside_cannot_rewrite_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as error:
        load_manifest(tmp_path / "\x1b[2Jmanifest.json")
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize("odd", [b'"disabled": [1, 2]', b'"disabled": null', b'"macros": null'])
def test_sections_that_decide_nothing_may_be_odd(tmp_path: Path, odd: bytes) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(GOOD[:-1] + b", " + odd + b"}")
    assert people(path).name == "people"
