"""Other tools on the same project: dbt-colibri in an environment of its own, `sqlglot.lineage`."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

from tests.bench.measure import Cost, cost_of

COLIBRI = "0.3.7"
SAMPLE = 100
"""Columns that `sqlglot.lineage` is timed on; all of them would take minutes."""
HERE = Path(__file__).parent


class NotInstalled(Exception):
    """A peer that couldn't be installed, and why."""


def install_colibri(folder: Path) -> Path:
    """The command `colibri`, in an environment below `folder`; kept from one run to the next."""
    home = folder / f"colibri-{COLIBRI}"
    command = home / "bin" / "colibri"
    if not command.is_file():
        venv.create(home, with_pip=True, clear=True)
        pip = [
            home / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            f"dbt-colibri=={COLIBRI}",
        ]
        done = subprocess.run(pip, check=False, capture_output=True, text=True)
        if done.returncode or not command.is_file():
            lines = done.stderr.strip().splitlines()
            raise NotInstalled(lines[-1] if lines else "pip gave no reason")
    return command


def colibri(command: Path, project: Path, into: Path) -> Cost:
    """One whole run of dbt-colibri."""
    return cost_of(
        [command, "generate", "--light", "--disable-telemetry", "--output-dir", into],
        project,
        environment={"DO_NOT_TRACK": "1"},
    )


def lineage_a_column(project: Path) -> tuple[float, int]:
    """CPU seconds that `sqlglot.lineage` takes for one column, and how many columns there are."""
    target = project / "target"
    script = HERE / "lineage_a_column.py"
    said = cost_of(
        [sys.executable, script, target / "manifest.json", target / "catalog.json", str(SAMPLE)],
        project,
    ).output
    found = json.loads(said)
    return found["a_column"], found["columns"]
