"""A skip in CI would hide a part that was not installed, so `tests/conftest.py` makes it fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).parents[1] / "conftest.py"

TESTS = {
    "in_the_test": "def test_it():\n    pytest.skip('no such part')\n",
    "by_a_mark": "@pytest.mark.skipif(True, reason='no such part')\ndef test_it(): pass\n",
    "by_a_fixture": "def test_it(require): require('no such part')\n",
    "by_the_module": "pytest.skip('no such part', allow_module_level=True)\n",
    "not_at_all": "def test_it(): pass\n",
    "failing_as_expected": "@pytest.mark.xfail(reason='known')\ndef test_it(): assert False\n",
}


def run_pytest(folder: Path, *, ci: str) -> list[str]:
    conftest = CONFTEST.read_text(encoding="utf-8")
    conftest = conftest.replace("COMMANDS = {", 'COMMANDS = {"no such part": "look elsewhere",')
    (folder / "conftest.py").write_text(conftest, encoding="utf-8")
    for name, text in TESTS.items():
        (folder / f"test_{name}.py").write_text(f"import pytest\n\n{text}", encoding="utf-8")
    command = ["-m", "pytest", "-p", "no:cacheprovider", "--continue-on-collection-errors", "-rA"]
    run = subprocess.run(
        [sys.executable, *command, str(folder)],
        cwd=folder,
        env={**os.environ, "CI": ci, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout.splitlines()


def test_every_kind_of_skip_fails_in_ci(tmp_path: Path) -> None:
    said = run_pytest(tmp_path, ci="true")
    for name in ("in_the_test", "by_a_mark", "by_a_fixture", "by_the_module"):
        assert any(line.startswith(("FAILED", "ERROR")) and name in line for line in said), name
    assert "2 failed, 1 passed, 1 xfailed, 2 errors" in said[-1]


def test_a_skip_passes_elsewhere(tmp_path: Path) -> None:
    assert "1 passed, 4 skipped, 1 xfailed" in run_pytest(tmp_path, ci="")[-1]
