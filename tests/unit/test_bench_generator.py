"""The benchmark's projects are made up, and as good as real ones: valid SQL that is followed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from pii_lint.artifacts.load import load_projects
from pii_lint.findings import Report
from pii_lint.options import Options
from pii_lint.pipeline.check import check
from tests.bench import manifest
from tests.bench.project import A_DOMAIN, Model, Warehouse, warehouse

MODELS = A_DOMAIN


def _report(made: Warehouse, folder: Path, *, changed: str | None = None) -> Report:
    manifest.write(made, folder, changed=changed)
    return check(Options(project_dir=folder, use_cache=False))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What `check` says of twenty models in which each lies between a label and a sink."""
    return _report(warehouse(MODELS), tmp_path_factory.mktemp("bench"))


def test_a_made_up_project_is_read_whole(report: Report) -> None:
    assert report.coverage.models == MODELS
    assert report.coverage.columns_resolved == report.coverage.columns > 0
    assert [manifest.freshness for manifest in report.manifests] == ["fresh"]


def test_a_made_up_project_leaks_where_it_forgot_to_mask(report: Report) -> None:
    readable = {f.column for f in report.findings if f.code == "PII001" and f.severity == "error"}
    assert "device_ip" in readable
    assert not {"email", "phone", "iban"} & readable


def test_a_neutral_domain_has_nothing_to_report(tmp_path: Path) -> None:
    made = warehouse(3 * A_DOMAIN, relevant=0.34)
    report = _report(made, tmp_path)
    neutral = {f"model.{manifest.PROJECT}.{m.name}" for m in made.models if m.sort == "neutral"}
    assert neutral
    assert not [finding for finding in report.findings if finding.node in neutral]


def test_the_same_numbers_give_the_same_project() -> None:
    assert warehouse(2 * A_DOMAIN, 0.5) == warehouse(2 * A_DOMAIN, 0.5)


def test_one_model_can_be_changed(tmp_path: Path) -> None:
    made = warehouse(MODELS)
    name = made.models[MODELS // 2].name
    manifest.write(made, tmp_path / "before")
    manifest.write(made, tmp_path / "after", changed=name)
    before, after = (_compiled(tmp_path / folder) for folder in ("before", "after"))
    assert {key for key in before if before[key] != after[key]} == {
        f"model.{manifest.PROJECT}.{name}"
    }
    (project,), _ = load_projects((), None, tmp_path / "after")
    assert project.freshness == "fresh"


def _compiled(folder: Path) -> dict[str, str]:
    content = json.loads((folder / "target/manifest.json").read_text("utf-8"))
    return {key: node["compiled_code"] for key, node in content["nodes"].items()}


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_the_share_between_label_and_sink_is_as_asked(share: float) -> None:
    made = warehouse(10 * A_DOMAIN, share)
    assert len(_between(made)) == share * len(made.models)


def _between(made: Warehouse) -> set[str]:
    """The models that something personal reaches and that reach a safe mart."""
    by_name = {model.name: model for model in made.models}
    reached: set[str] = set()
    for model in made.models:
        sources = (column for up in model.ups if up.name not in by_name for column in up.columns)
        if any(c.personal for c in sources) or any(up.name in reached for up in model.ups):
            reached.add(model.name)
    waiting = [model for model in made.models if model.folder.startswith("models/marts/safe")]
    wanted: dict[str, Model] = {}
    while waiting:
        model = waiting.pop()
        if model.name not in wanted:
            wanted[model.name] = model
            waiting += [by_name[up.name] for up in model.ups if up.name in by_name]
    return reached & wanted.keys()


def test_models_are_of_the_size_they_are_said_to_be() -> None:
    models = warehouse(20 * A_DOMAIN).models
    assert statistics.mean(len(model.columns) for model in models) == pytest.approx(27, abs=1)
    lines = (manifest.compiled(model).strip().count("\n") + 1 for model in models)
    assert statistics.mean(lines) == pytest.approx(78, abs=2)


def test_the_made_up_sql_runs(require: Callable[[str], None]) -> None:
    require("duckdb")
    import duckdb

    made = warehouse(4 * A_DOMAIN, 0.5)
    database = duckdb.connect()
    database.execute(f"attach ':memory:' as {manifest.PROJECT}; use {manifest.PROJECT}")
    for schema in ("staging", "intermediate", "marts", "pii_secrets"):
        database.execute(f"create schema {schema}")
    database.execute("create table pii_secrets.pii_salt (salt varchar)")
    for domain, tables in made.sources.items():
        database.execute(f"create schema raw_{domain}")
        for table in tables:
            columns = ", ".join(f"{column.name} {column.data_type}" for column in table.columns)
            database.execute(f"create table raw_{domain}.{table.name} ({columns})")
    for model in made.models:
        relation = manifest.relation_of(model)
        database.execute(f"create view {relation} as {manifest.compiled(model)}")
        given = [row[0] for row in database.execute(f"describe {relation}").fetchall()]
        assert given == [column.name for column in model.columns]
