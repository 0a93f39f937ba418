"""The house is a test: each layer imports only what stands below it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("importlinter")

ROOT = Path(__file__).parents[2]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    # From its own folder, so that the copy is looked at and not the installed package.
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_layers_hold() -> None:
    run = lint_imports(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("findings.py", "import pii_lint.cli", "Each layer imports only what stands below it"),
        ("upstairs.py", "", "Each layer imports only what stands below it"),
        ("labels.py", "import sqlglot", "Only lineage knows sqlglot"),
        ("warehouse/salt.py", "import pii_lint.rules", "The rooms that touch data"),
        ("lineage/summary.py", "import pii_lint.labels", "Lineage knows nothing of labels"),
        ("rules/__init__.py", "import duckdb", "Only the rooms that touch data know a database"),
        (
            "lineage/expressions/calls.py",
            "import pii_lint.lineage.expressions.functions",
            "No file needs one that needs it",
        ),
    ],
    ids=[
        "a layer above",
        "a module of no layer",
        "sqlglot outside lineage",
        "a data room that judges",
        "labels in lineage",
        "a driver in a rule",
        "a circle of files",
    ],
)
def test_a_planted_import_breaks_them(
    tmp_path: Path, module: str, line: str, contract: str
) -> None:
    shutil.copytree(
        ROOT / "pii_lint", tmp_path / "pii_lint", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "pii_lint" / module).open("a") as file:
        file.write(f"\n{line}\n")
    run = lint_imports(tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    assert any(
        contract in said and said.rstrip().endswith("BROKEN") for said in run.stdout.splitlines()
    ), run.stdout
