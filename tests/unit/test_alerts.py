"""The alerts fire where they must and stay silent beside it, by Prometheus' own test tool."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "ops/prometheus"
# A change of a rule, each of which some test of its must notice.
CHANGES = (
    ('time_window="current_run"} > 10', 'time_window="current_run"} > 11'),
    ("increase(", "rate("),
    ("[1h])) > 100", "[1h])) > 90"),
    ("or pii_audit_scan_running_seconds > 300", ""),
    ("48 * 3600", "50 * 3600"),
    ("or absent(", "and absent("),
    ("environment!=", "environment="),
)


def promtool(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", "test", "rules", "pii_defense_test.yml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_alerts_pass_their_tests(require: Callable[[str], None]) -> None:
    require("promtool")
    run = promtool(FOLDER)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(("ours", "other"), CHANGES)
def test_a_changed_alert_fails_them(
    require: Callable[[str], None], tmp_path: Path, ours: str, other: str
) -> None:
    require("promtool")
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    rules = tmp_path / "pii_defense.yml"
    text = rules.read_text("utf-8")
    assert ours in text
    rules.write_text(text.replace(ours, other), "utf-8")
    assert promtool(tmp_path).returncode != 0
