"""`pii-lint init`: what it proposes loads, names no model twice, and finds something at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from pii_lint.artifacts.model import CatalogColumn, Column, Node, Project
from pii_lint.cli import main
from pii_lint.config import load_config
from pii_lint.data.registry import load_registry
from pii_lint.policy import Policy
from pii_lint.proposal import propose

ROOT = Path(__file__).parents[2]


def model(path: str, sql: str = "select 1 as one", **more: object) -> Node:
    name = Path(path).stem
    given: dict[str, object] = {
        "unique_id": f"model.shop.{name}",
        "resource_type": "model",
        "name": name,
        "package": "shop",
        "path": path,
        "schema": "main",
        "relation_name": f'"shop"."main"."{name}"',
        "raw_code": sql,
        "compiled_code": sql,
    }
    return Node(**{**given, **more})  # type: ignore[arg-type]


def source(name: str, *columns: Column) -> Node:
    return Node(
        unique_id=f"source.shop.raw.{name}",
        resource_type="source",
        name=name,
        package="shop",
        path="models/sources.yml",
        schema="raw",
        relation_name=f'"shop"."raw"."{name}"',
        columns={column.name: column for column in columns},
    )


def project(
    *nodes: Node, catalog: Mapping[str, tuple[CatalogColumn, ...]] | None = None
) -> Project:
    by_id = {node.unique_id: node for node in nodes}
    return Project("shop", "duckdb", "1.11.16", by_id, catalog=catalog or {})


def text(*nodes: Node, **more: object) -> str:
    return propose(project(*nodes, **more), load_registry()).text  # type: ignore[arg-type]


def zones(tmp_path: Path, *nodes: Node) -> dict[str, str | None]:
    """The zone of each model by the policy proposed."""
    path = tmp_path / "pii_lint.yml"
    path.write_text(text(*nodes), "utf-8")
    policy = Policy(load_config(path), load_registry())
    assert not [node.name for node in nodes if policy.zone_conflicts(node)]
    return {node.name: policy.zone(node) for node in nodes}


def test_folders_become_zones_and_no_model_is_in_two(tmp_path: Path) -> None:
    assert zones(
        tmp_path,
        model("models/staging/crm/stg_a.sql"),
        model("models/01_intermediate/int_a.sql"),
        model("models/marts/mart_a.sql"),
        model("models/marts/finance/mart_b.sql"),
        model("models/marts/restricted/mart_c.sql"),
        model("models/misc/other.sql"),
    ) == {
        "stg_a": "staging",
        "int_a": "intermediate",
        "mart_a": "safe",
        "mart_b": "safe",
        "mart_c": "restricted",
        "other": None,
    }


def test_the_folder_that_holds_all_models_says_nothing(tmp_path: Path) -> None:
    found = zones(tmp_path, model("transform/a/x.sql"), model("transform/marts/y.sql"))
    assert found == {"x": None, "y": "safe"}


def test_an_unsure_guess_lets_nothing_pass(tmp_path: Path) -> None:
    nodes = (model("models/private/x.sql"), model("models/marts/y.sql"))
    assert zones(tmp_path, *nodes) == {"x": None, "y": "safe"}
    assert '#     - "models/private"  # medium' in text(*nodes)


def test_a_schema_speaks_where_no_folder_does(tmp_path: Path) -> None:
    nodes = (model("models/a/x.sql", schema="prod_reporting"), model("models/b/y.sql"))
    assert zones(tmp_path, *nodes) == {"x": "safe", "y": None}


def test_where_nothing_looks_safe_what_nobody_reads_is_proposed(tmp_path: Path) -> None:
    first = model("models/a/x.sql")
    last = model("models/b/y.sql", depends_on=(first.unique_id,))
    assert zones(tmp_path, first, last) == {"x": None, "y": "safe"}
    assert "low: no model reads" in text(first, last)


def test_columns_come_from_yaml_catalogue_and_sql() -> None:
    people = source("people", Column("email"), Column("id"))
    told = text(
        people,
        model(
            "models/staging/stg.sql",
            "with p as (select * from shop.raw.people) select p.id, lower(p.phone) as p1 from p",
        ),
        catalog={people.unique_id: (CatalogColumn("LAST_NAME", "text"),)},
    )
    assert "email: contact.email  # high; declared" in told
    assert "phone: contact.phone  # high; seen in SQL" in told
    assert "LAST_NAME: person.name.last  # high; in the catalogue" in told
    assert " id:" not in told


def test_a_name_asked_for_below_a_star_is_found_at_the_source() -> None:
    staged = model("models/staging/stg.sql", "select * from shop.raw.people")
    mart = model("models/marts/m.sql", "select email from shop.main.stg")
    assert "email: contact.email" in text(source("people"), staged, mart)


def test_what_somebody_said_already_is_left_alone() -> None:
    told = text(
        source(
            "people",
            Column("email", meta={"pii": True}),
            Column("phone", meta={"pii": False}),
            Column("first_name", tags=frozenset({"pii"})),
        )
    )
    assert "source.shop.raw.people" not in told


def test_an_unsure_label_is_a_comment(tmp_path: Path) -> None:
    told = text(source("people", Column("email_hash")), model("models/marts/m.sql"))
    assert "# email_hash: contact.email  # low" in told
    path = tmp_path / "pii_lint.yml"
    path.write_text(told, "utf-8")
    assert not load_config(path).labels


def test_hostile_names_make_a_policy_that_loads(tmp_path: Path) -> None:
    names = ['email\n  evil: "x"', "email # x", "E-Mail: {a}", "mail\x1b[31m", "e'mail", "émail"]
    nodes = (
        source("people", *(Column(name) for name in names)),
        model("models/marts/a: b # c/m.sql"),
        model('models/marts "x"/n.sql'),
    )
    path = tmp_path / "pii_lint.yml"
    path.write_text(text(*nodes), "utf-8")
    config = load_config(path)
    labelled = {name for specs in config.labels.values() for name in specs}
    assert labelled <= set(names)
    assert "email # x" in labelled
    assert "\x1b" not in path.read_text("utf-8")


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    return told.err


def test_it_writes_in_a_dbt_project_only_and_never_over_a_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "dbt_project.yml" in refused(["init"], capsys)
    (tmp_path / "target").mkdir()
    manifest = tmp_path / "target/manifest.json"
    manifest.write_text(json.dumps(_manifest()), "utf-8")
    assert "dbt_project.yml" in refused(["init", "--manifest", str(manifest)], capsys)
    (tmp_path / "dbt_project.yml").write_text("name: other\n", "utf-8")
    assert main(["init"]) == 0
    assert capsys.readouterr().out.startswith("pii_lint.yml: zones for 1 of 1 model;")
    assert "--force" in refused(["init"], capsys)
    assert main(["init", "--force"]) == 0


def _manifest() -> object:
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "dbt_version": "1.11.16",
            "adapter_type": "duckdb",
            "project_name": "shop",
        },
        "nodes": {
            "model.shop.m": {
                "resource_type": "model",
                "name": "m",
                "package_name": "shop",
                "original_file_path": "models/marts/m.sql",
                "relation_name": '"shop"."main"."m"',
                "compiled": True,
                "compiled_code": "select 1 as one",
            }
        },
        "sources": {},
        "macros": {},
        "exposures": {},
    }


@pytest.mark.slow
def test_a_project_that_never_heard_of_it_gets_findings_at_once(
    tmp_path: Path, require: object, capsys: pytest.CaptureFixture[str]
) -> None:
    import contextlib
    import shutil

    require("dbt")  # type: ignore[operator]
    from dbt.cli.main import dbtRunner

    home = tmp_path / "foreign"
    made = shutil.ignore_patterns("target", "logs", ".user.yml")
    shutil.copytree(ROOT / "tests/projects/foreign", home, ignore=made)
    with contextlib.chdir(home):
        words = ["compile", "--project-dir", str(home), "--profiles-dir", str(home), "--quiet"]
        assert dbtRunner().invoke(words).success
    assert main(["check", "--project-dir", str(home)]) == 2
    assert main(["init", "--project-dir", str(home)]) == 0
    capsys.readouterr()
    assert main(["check", "--project-dir", str(home), "--format", "json"]) == 1
    found = {
        (finding["code"], finding["node"].rpartition(".")[2], finding["column"])
        for finding in json.loads(capsys.readouterr().out)["findings"]
    }
    assert {
        ("PII001", "customers", "login"),
        ("PII001", "revenue_by_customer", "login"),
        ("PII001", "payroll", "salary"),
    } <= found
