"""`guard metrics`: what Prometheus reads, checked by its own tool where that is installed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pii_lint.cli import main
from tests.postgres.rows import DEAD, plant, refused
from tests.postgres.server import Database

OPS = Path(__file__).parents[2] / "ops"


@pytest.fixture
def told(
    guarded: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], str]:
    monkeypatch.setenv("PII_LINT_DSN", guarded.dsn_as("app_ro"))

    def run() -> str:
        assert main(["guard", "metrics", "--environment", "production"]) == 0
        return capsys.readouterr().out

    return run


def series(text: str) -> dict[str, float]:
    return {
        line.rpartition(" ")[0].replace('environment="production",', ""): float(
            line.rpartition(" ")[2]
        )
        for line in text.splitlines()
        if not line.startswith("#")
    }


def test_before_the_first_run_everything_is_zero_or_missing(told: Callable[[], str]) -> None:
    found = series(told())
    assert found['pii_audit_last_success_timestamp_seconds{environment="production"}'] == 0
    assert not any(name.startswith("pii_audit_last_run_success") for name in found)
    rejects = [name for name in found if name.startswith("pii_guardrail_rejects_total")]
    assert len(rejects) == 39
    assert all(found[name] == 0 for name in rejects)


def test_refusals_findings_and_runs_are_counted(guarded: Database, told: Callable[[], str]) -> None:
    for _ in range(3):
        refused(guarded, {"ssn": 1})
    plant(guarded, {"email": 1, "ip": 2})
    plant(guarded, {"email": 1}, DEAD)
    guarded.run("select fn_scan_pii_contamination()")
    text = told()
    found = series(text)
    name = 'pii_guardrail_rejects_total{table_name="attribution_events",detected_key="ssn"}'
    assert found[name] == 3
    assert found['pii_audit_findings{time_window="current_run"}'] == 3
    assert found['pii_audit_findings{time_window="last_1h"}'] == 3
    assert found['pii_audit_distinct_records{environment="production"}'] == 2
    by_key = 'pii_audit_findings_by_key_total{table_name="dead_events",detected_key="email"}'
    assert found[by_key] == 1
    assert found['pii_audit_scan_duration_seconds_bucket{le="+Inf"}'] == 1
    assert found['pii_audit_last_run_success{environment="production"}'] == 1
    assert 'environment="production"' in text


def test_a_failed_run_and_one_under_way_show(guarded: Database, told: Callable[[], str]) -> None:
    guarded.run(
        "insert into pii_audit_scan_runs (mode, outcome, finished_at) "
        "values ('full', 'failed', now()); "
        "insert into pii_audit_scan_runs (mode, started_at) "
        "values ('batched', now() - interval '10 minutes')"
    )
    found = series(told())
    assert found['pii_audit_last_run_success{environment="production"}'] == 0
    assert 600 <= found['pii_audit_scan_running_seconds{environment="production"}'] < 700


def test_prometheus_reads_it(
    told: Callable[[], str], guarded: Database, require: Callable[[str], None]
) -> None:
    require("promtool")
    guarded.run("select fn_scan_pii_contamination()")
    run = subprocess.run(
        ["promtool", "check", "metrics"],
        input=told(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout + run.stderr, run.returncode) == ("", 0)


def test_alerts_and_dashboard_ask_for_series_that_there_are(
    guarded: Database, told: Callable[[], str], require: Callable[[str], None], tmp_path: Path
) -> None:
    require("promtool")
    plant(guarded, {"email": 1})
    guarded.run("select fn_scan_pii_contamination()")
    written = set(re.findall(r"^(pii_\w+)", told(), re.MULTILINE))
    rules = yaml.safe_load((OPS / "prometheus/pii_defense.yml").read_text("utf-8"))
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    dashboard = json.loads((OPS / "grafana/pii_defense.json").read_text("utf-8"))
    panels = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    assert len(panels) > 8
    for expression in (*asked, *panels):
        plain = re.sub(r"'[^']*'|\"[^\"]*\"", "", expression)
        assert set(re.findall(r"\bpii_\w+", plain)) <= written, expression
    recorded = [{"record": f"a:b{n}", "expr": each} for n, each in enumerate(panels)]
    (tmp_path / "panels.yml").write_text(
        json.dumps({"groups": [{"name": "panels", "rules": recorded}]}), "utf-8"
    )
    run = subprocess.run(
        ["promtool", "check", "rules", str(tmp_path / "panels.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_file_is_replaced_in_one_piece(
    guarded: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PII_LINT_DSN", guarded.dsn_as("app_ro"))
    target = tmp_path / "pii.prom"
    assert main(["guard", "metrics", "--output", str(target)]) == 0
    text = target.read_text("utf-8")
    assert text.endswith("\n")
    assert re.search(r"^pii_audit_distinct_records 0$", text, re.MULTILINE)
    guarded.run("drop view pii_guardrail_rejects")
    assert main(["guard", "metrics", "--output", str(target)]) == 2
    assert target.read_text("utf-8") == text
    assert [each.name for each in tmp_path.iterdir()] == ["pii.prom"]
