"""`.pre-commit-hooks.yaml`, by a real pre-commit in somebody else's repository."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pickup.conftest import Compiled

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(("project", "code"), [("wt07", 1), ("wt07_fixed", 0)])
def test_the_hook_judges_the_project_it_is_installed_in(
    project: str,
    code: int,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    require: Callable[[str], None],
    compiled: Compiled,
) -> None:
    for part in ("git", "pre-commit"):
        require(part)
    home = compiled(tmp_path / project, project)
    (home / ".gitignore").write_text("target/\nlogs/\n")
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=home, check=True)
    ran = subprocess.run(
        [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), "pii-lint", "--all-files"],
        cwd=home,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "PRE_COMMIT_HOME": str(tmp_path_factory.getbasetemp() / "pre-commit"),
        },
        capture_output=True,
        text=True,
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert ("Failed" in ran.stdout) is bool(code)
    assert ("Column `ssn_last4` of the safe model" in ran.stdout) is bool(code)
