"""What is remembered saves time and never changes a verdict."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

import pii_lint
from pii_lint import cache, lineage, recall
from pii_lint.errors import ArtifactError
from pii_lint.findings import Report
from pii_lint.lineage.packing import PackedSummary, packed, unpacked
from pii_lint.lineage.summary import Summary
from pii_lint.options import Options
from pii_lint.pipeline import check as checking
from tests.bench import manifest
from tests.bench.project import A_DOMAIN, warehouse
from tests.corpus.harness import all_cases, inventory, model_id

ROOT = Path(pii_lint.__file__).parents[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def project(tmp_path: Path, folder: Path) -> Path:
    """A small project."""
    manifest.write(warehouse(A_DOMAIN), tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """The runs that the engine was asked for."""
    runs: list[Options] = []
    really = checking.check

    def check(options: Options) -> Report:
        runs.append(options)
        return really(options)

    monkeypatch.setattr(checking, "check", check)
    return runs


@pytest.fixture
def within_a_day() -> None:
    """Midnight is waited for where it is near: another day is another run."""
    now = datetime.now(tz=UTC)
    tomorrow = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    if (left := tomorrow - now) < timedelta(minutes=2):
        time.sleep(left.total_seconds())


@pytest.mark.usefixtures("within_a_day")
def test_a_second_run_says_the_same_without_the_engine(project: Path, asked: list[Options]) -> None:
    options = Options(project_dir=project)
    first, second = recall.check(options), recall.check(options)
    assert first == second
    assert first.findings
    assert len(asked) == 1


@pytest.mark.usefixtures("within_a_day")
def test_a_known_answer_loads_no_engine(project: Path) -> None:
    program = (
        "import sys; from pii_lint.cli import main; code = main(sys.argv[1:]);"
        "print({'sqlglot', 'yaml', 'pii_lint.pipeline'} & set(sys.modules), code, file=sys.stderr)"
    )
    words = [sys.executable, "-c", program, "check", "--project-dir", str(project)]
    runs = [
        subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout
    assert "pii_lint.pipeline" in runs[0].stderr
    assert runs[1].stderr.split() == ["set()", "1"]


def test_without_the_cache_nothing_is_kept_nor_believed(
    project: Path, folder: Path, asked: list[Options]
) -> None:
    options = Options(project_dir=project, use_cache=False)
    assert recall.check(options) == recall.check(options)
    assert len(asked) == 2
    assert not folder.exists()


def edit_the_properties(project: Path) -> None:
    for file in project.glob("models/**/*.yml"):
        file.write_text("\n" + file.read_text())


def edit_the_policy(project: Path) -> None:
    file = project / "pii_lint.yml"
    file.write_text(file.read_text() + "\nfail_on: note\n")


def touch_the_manifest(project: Path) -> None:
    file = project / "target" / "manifest.json"
    content = json.loads(file.read_text())
    content["metadata"]["dbt_version"] = "1.10.0"
    file.write_text(json.dumps(content))


def add_a_catalogue(project: Path) -> None:
    manifest.write_catalog(warehouse(A_DOMAIN), project)


@pytest.mark.parametrize(
    "change", [edit_the_properties, edit_the_policy, touch_the_manifest, add_a_catalogue]
)
def test_whatever_changes_is_looked_at_anew(
    project: Path, asked: list[Options], change: Callable[[Path], None]
) -> None:
    options = Options(project_dir=project)
    recall.check(options)
    change(project)
    after = recall.check(options)
    assert len(asked) == 2
    assert after == recall.check(replace(options, use_cache=False))


@pytest.mark.parametrize("change", ["edited", "added", "deleted"])
def test_a_manifest_that_grows_stale_is_noticed(project: Path, change: str) -> None:
    options = Options(project_dir=project)
    recall.check(options)
    file = sorted(project.glob("models/**/*.sql"))[0]
    if change == "edited":
        file.write_text(file.read_text() + "\nwhere 1 = 1")
    elif change == "added":
        file.with_name("another.sql").write_text("select 1 as one")
    else:
        file.unlink()
    with pytest.raises(ArtifactError, match="older than the project's files"):
        recall.check(options)


def test_another_day_is_another_run(project: Path, asked: list[Options]) -> None:
    options = Options(project_dir=project, today=date(2026, 1, 1))
    recall.check(options)
    recall.check(replace(options, today=date(2026, 1, 2)))
    assert len(asked) == 2


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def empty(_: bytes) -> bytes:
    return b""


def acquit(content: bytes) -> bytes:
    """A pardon in the report; in the summaries, a mask where there was none; another excerpt."""
    content = content.replace(b'"failed":true', b'"failed":false').replace(b'"flow"', b'"digest"')
    return content.replace(b"email", b"count")


def foreign(_: bytes) -> bytes:
    return b'{"sha256": "0", "content": {"findings": []}}'


def rot(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [cut, empty, acquit, foreign, rot])
def test_a_damaged_entry_is_as_good_as_none(
    project: Path, folder: Path, asked: list[Options], damage: Callable[[bytes], bytes]
) -> None:
    options = Options(project_dir=project)
    before = recall.check(options)
    for entry in folder.glob("*.json"):
        content = entry.read_bytes()
        assert damage(content) != content
        entry.write_bytes(damage(content))
    assert recall.check(options) == before
    assert len(asked) == 2


def test_a_cache_that_can_t_be_written_is_no_obstacle(
    project: Path, folder: Path, asked: list[Options]
) -> None:
    folder.write_text("a file stands where the folder should")
    options = Options(project_dir=project)
    assert recall.check(options) == recall.check(options)
    assert len(asked) == 2


def test_a_folder_that_others_may_write_to_is_not_used(
    project: Path, folder: Path, asked: list[Options]
) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    options = Options(project_dir=project)
    assert recall.check(options) == recall.check(options)
    assert len(asked) == 2
    assert list(folder.iterdir()) == []


def test_runs_side_by_side_don_t_disturb_each_other(project: Path, folder: Path) -> None:
    words = [sys.executable, "-m", "pii_lint", "check", "--project-dir", str(project)]
    running = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        for _ in range(4)
    ]
    said = {run.communicate() for run in running}
    assert len(said) == 1
    assert not list(folder.glob("new-*"))


def test_what_nobody_asks_for_any_more_goes(folder: Path) -> None:
    for name in ("old", "young"):
        cache.save(name, name)
    long_ago = time.time() - cache.KEPT - timedelta(hours=1).total_seconds()
    os.utime(folder / "old.json", (long_ago, long_ago))
    (folder / "foreign.txt").write_text("not ours")
    os.utime(folder / "foreign.txt", (long_ago, long_ago))
    cache.save("new", "new")
    assert {entry.name for entry in folder.iterdir()} == {"young.json", "new.json", "foreign.txt"}


def test_names_of_different_parts_differ() -> None:
    assert cache.digest("ab", "c") != cache.digest("a", "bc")
    assert cache.digest("a") != cache.digest("a", "")


BY_THE_DOOR = {"read_bytes", "read_text", "open", "is_file", "is_dir", "exists", "stat", "glob",
               "rglob", "iterdir", "resolve", "scandir", "listdir", "walk"}  # fmt: skip
OF_THE_PACKAGE = {"resources"}


@pytest.mark.parametrize("room", ["artifacts", "config"])
def test_every_file_of_a_project_is_read_through_one_door(room: str) -> None:
    """A file read past it could change and the remembered verdict stay."""
    past = [
        f"{file.name}:{node.lineno}"
        for file in sorted((ROOT / "pii_lint" / room).glob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and _name(node.func) in BY_THE_DOOR
        and not OF_THE_PACKAGE & {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        and not ({"files", "self"} & {n.id for n in ast.walk(node.func) if isinstance(n, ast.Name)})
    ]
    assert past == []


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


# --- summaries of queries ------------------------------------------------------------------------


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were parsed as a model's query."""
    texts: list[str] = []
    really = lineage.read

    def noted(sql: str, dialect: str) -> lineage.Query:
        texts.append(sql)
        return really(sql, dialect)

    monkeypatch.setattr(lineage, "read", noted)
    return texts


def test_a_changed_model_is_read_anew_with_those_that_take_all_of_it(
    project: Path, read: list[str]
) -> None:
    made = warehouse(A_DOMAIN)
    options = Options(project_dir=project)
    recall.check(options)
    assert len(read) == A_DOMAIN
    read.clear()
    manifest.write(made, project, changed=made.models[A_DOMAIN // 2].name)
    after = recall.check(options)
    assert len(read) == 2
    assert after == recall.check(replace(options, use_cache=False))


def test_expressions_of_unchanged_models_are_not_cut_out_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_out: list[str] = []
    really = lineage.excerpt

    def noted(sql: str, dialect: str, start: int, end: int) -> str:
        cut_out.append(sql)
        return really(sql, dialect, start, end)

    monkeypatch.setattr(lineage, "excerpt", noted)
    options = Options(project_dir=project)
    recall.check(options)
    before = set(cut_out)
    cut_out.clear()
    made = warehouse(A_DOMAIN)
    edited = next(model for model in made.models if model.layer == "staging" and model.tags)
    manifest.write(made, project, changed=edited.name)
    after = recall.check(options)
    assert not before & set(cut_out)
    assert after == recall.check(replace(options, use_cache=False))
    assert before & set(cut_out)


STARS = {"m1": "select id, city from base.users", "m2": "select * from base.m1"}
LEAKS = {**STARS, "m1": "select id, city, email from base.users"}


def labels(models: dict[str, str]) -> dict[str, set[str]]:
    facts = inventory(models, remember=True).relations[model_id("m2")]
    return {name: {label.form.word for label in c.labels} for name, c in facts.columns.items()}


@pytest.mark.usefixtures("folder")
def test_a_changed_shape_ripples_through_stars_and_stops_where_it_ends(read: list[str]) -> None:
    assert labels(STARS) == {"id": set(), "city": set()}
    assert labels(LEAKS) == {"id": set(), "city": set(), "email": {"clear"}}
    read.clear()
    assert labels(STARS) == {"id": set(), "city": set()}
    assert labels(LEAKS)["email"] == {"clear"}
    assert read == []
    same_shape = {**LEAKS, "m1": "select id, city, 'none' as email from base.users"}
    assert labels(same_shape) == {"id": set(), "city": set(), "email": set()}
    assert read == [same_shape["m1"]]


@pytest.mark.usefixtures("folder")
def test_what_can_t_be_read_is_remembered_as_such(read: list[str]) -> None:
    broken = {"m2": "select from where"}
    assert labels(broken) == labels(broken) == {"*": {"unknown"}}
    assert len(read) == 1


@pytest.mark.slow
def test_every_summary_of_the_corpus_survives_packing(monkeypatch: pytest.MonkeyPatch) -> None:
    really, cases = lineage.summarize, all_cases()
    seen = 0
    lost: list[str] = []

    def through_json(*given: Any, **options: Any) -> Summary:
        nonlocal seen
        summary = really(*given, **options)
        kept = msgspec.json.decode(msgspec.json.encode(packed(summary)), type=PackedSummary)
        seen += 1
        if unpacked(kept) != summary:
            lost.append(given[0].tree.sql())
        return summary

    monkeypatch.setattr(lineage, "summarize", through_json)
    for case in cases:
        inventory(case.models, case.dialect)
    assert lost == []
    assert seen >= len(cases)
