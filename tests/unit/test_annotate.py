"""Annotations on a pull request: one line a finding, and no finding can forge another."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "ops" / "annotate.py"


def finding(**changes: object) -> dict[str, object]:
    location = {"file": "models/a.sql", "line": 3, "end_line": 4, "kind": "template"}
    return {
        "code": "PII001",
        "rule": "pii_in_safe_model",
        "severity": "error",
        "message": "email stands readable in fct_orders.",
        "fix": "",
        "location": location,
        "suppressed": None,
        **changes,
    }


def annotate(tmp_path: Path, *findings: dict[str, object]) -> list[str]:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"findings": findings}))
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(report)], capture_output=True, text=True, check=True
    )
    return run.stdout.splitlines()


def test_an_error_points_to_its_lines(tmp_path: Path) -> None:
    assert annotate(tmp_path, finding()) == [
        "::error title=PII001 pii_in_safe_model,file=models/a.sql,line=3,endLine=4"
        "::email stands readable in fct_orders."
    ]


def test_errors_come_before_warnings_and_notes_stay_out(tmp_path: Path) -> None:
    severities = ("warn", "note", "error")
    lines = annotate(tmp_path, *(finding(severity=severity) for severity in severities))
    assert [line.split()[0] for line in lines] == ["::error", "::warning"]


def test_a_suppressed_finding_is_not_annotated(tmp_path: Path) -> None:
    assert annotate(tmp_path, finding(suppressed={"reason": "agreed"})) == []


def test_a_place_outside_the_repository_is_not_named(tmp_path: Path) -> None:
    compiled = {"file": "target/a.sql", "line": 1, "end_line": 1, "kind": "compiled"}
    for location in (None, compiled):
        (line,) = annotate(tmp_path, finding(location=location))
        assert line.startswith("::error title=PII001 pii_in_safe_model::")


def test_a_hostile_name_cannot_start_a_command_of_its_own(tmp_path: Path) -> None:
    hostile = "x\n::set-output name=a::b\r%0A"
    (line,) = annotate(
        tmp_path,
        finding(
            message=hostile,
            location={"file": "a,line=9::b.sql", "line": 1, "end_line": 1, "kind": "yaml"},
        ),
    )
    assert line.endswith("::x%0A::set-output name=a::b%0D%250A")
    assert "file=a%2Cline=9%3A%3Ab.sql," in line
