"""Check, fix, check: on real projects a fix leaves nothing to fix, and nothing new to find."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pii_lint.cli import main

pytestmark = pytest.mark.slow

PROJECTS = Path(__file__).parents[2] / "projects"


@pytest.fixture
def project(
    tmp_path: Path, require: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> Callable[[str], Path]:
    """A copy of one of the small projects, compiled."""
    require("dbt")
    require("duckdb")

    def copy(name: str) -> Path:
        home = tmp_path / name
        made = shutil.ignore_patterns("target", "logs", ".user.yml")
        shutil.copytree(PROJECTS / name, home, ignore=made)
        compiled(home)
        if not (home / "pii_lint.yml").exists():
            assert main(["init", "--project-dir", str(home)]) == 0
        capsys.readouterr()
        return home

    return copy


def compiled(home: Path) -> None:
    from dbt.cli.main import dbtRunner

    words = ["compile", "--project-dir", str(home), "--profiles-dir", str(home), "--quiet"]
    with contextlib.chdir(home):
        assert dbtRunner().invoke(words).success


def texts(home: Path) -> dict[Path, bytes]:
    made = {"target", "logs"}
    return {
        file: file.read_bytes()
        for file in sorted(home.rglob("*"))
        if file.is_file() and not made & set(file.relative_to(home).parts)
    }


def findings(home: Path, capsys: pytest.CaptureFixture[str]) -> set[tuple[str, str, str]]:
    capsys.readouterr()
    words = ["check", "--project-dir", str(home), "--persona", "auditor", "--format", "json"]
    assert main([*words, "--exit-zero"]) == 0
    return {
        (each["code"], each["node"], each["column"])
        for each in json.loads(capsys.readouterr().out)["findings"]
    }


@pytest.mark.parametrize("name", ["foreign", "shapes"])
def test_a_check_after_a_fix_finds_nothing_new(
    project: Callable[[str], Path], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home = project(name)
    before, known = texts(home), findings(home, capsys)
    assert main(["fix", "--project-dir", str(home)]) == 0
    after = texts(home)
    touched = {file for file, text in after.items() if before.get(file) != text}
    assert touched
    assert {file.suffix for file in touched} == {".yml"}
    compiled(home)
    left = findings(home, capsys)
    assert left < known
    # what the policy doesn't allow is as loud as before
    assert {each for each in known if each[0].startswith("PII")} <= left
    assert main(["fix", "--project-dir", str(home)]) == 0
    assert texts(home) == after


def test_a_diff_writes_nothing_and_paths_limit_it(
    project: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = project("foreign")
    before = texts(home)
    assert main(["fix", "--diff", "--project-dir", str(home)]) == 1
    shown = capsys.readouterr()
    assert texts(home) == before
    assert "+++ b/transform/people/_people__models.yml" in shown.out
    assert "+++ b/transform/base/_base__models.yml" in shown.out
    assert "base_contacts.sql: name the columns" in shown.err
    monkeypatch.chdir(home / "transform")
    assert main(["fix", "people", "--project-dir", str(home)]) == 0
    made = set(texts(home)) - set(before)
    assert {file.relative_to(home).as_posix() for file in made} == {
        "transform/people/_people__models.yml"
    }
    assert main(["fix", "nowhere", "--project-dir", str(home)]) == 2
    assert "lies under nowhere" in capsys.readouterr().err
