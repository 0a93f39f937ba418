"""`action.yml`: its shell steps run on the incident, with a stand-in for `gh`."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from pii_lint.cli import main
from tests.pickup.composite import Run, plain_environment, run
from tests.pickup.conftest import Compiled

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
OURS = {
    "repository": "acme/warehouse",
    "event_name": "pull_request",
    "event.pull_request.number": "7",
    "event.pull_request.head.repo.full_name": "acme/warehouse",
    "token": "not-a-token",
}
FORK = {**OURS, "event.pull_request.head.repo.full_name": "someone/warehouse"}
# Says what it is asked on standard error; answers with the comments that stand there, or refuses.
GH = """#!/usr/bin/env bash
echo "$@" >> "$GH_CALLS"
case "$*" in
  *--paginate*) cat "$GH_EARLIER" ;;
  *) exit "$GH_WRITES" ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Runner:
    """A workspace with the incident (head) and the warehouse after it (base), both compiled."""

    workspace: Path
    scratch: Path

    def runs(
        self,
        github: dict[str, str] = OURS,
        *,
        earlier: str = "",
        may_write: bool = True,
        **inputs: str,
    ) -> Run:
        bin_ = self.scratch / "bin"
        bin_.mkdir(exist_ok=True)
        (bin_ / "gh").write_text(GH)
        (bin_ / "gh").chmod(0o755)
        (self.scratch / "earlier").write_text(earlier)
        (self.scratch / "calls").write_text("")
        for made in self.scratch.glob("[GS]*-*"):
            made.unlink()
        return run(
            ACTION,
            self.workspace,
            self.scratch,
            {name.replace("_", "-"): value for name, value in inputs.items()},
            github,
            {
                **plain_environment(bin_),
                "GH_CALLS": str(self.scratch / "calls"),
                "GH_EARLIER": str(self.scratch / "earlier"),
                "GH_WRITES": "0" if may_write else "1",
                "PII_LINT_CACHE_DIR": str(self.scratch / "cache"),
            },
            # once is enough for all tests
            {"Install pii-lint"} if (self.scratch / "pii-lint").exists() else set(),
        )

    @property
    def asked(self) -> str:
        return (self.scratch / "calls").read_text()


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory, compiled: Compiled) -> Runner:
    workspace = tmp_path_factory.mktemp("workspace")
    # what a checkout leaves: paths in reports start there
    (workspace / ".git").mkdir()
    compiled(workspace / "head", "wt07")
    # one project before and after, so under one name
    compiled(workspace / "base", "wt07_fixed", name="wt07")
    return Runner(workspace, tmp_path_factory.mktemp("scratch"))


BASE = {"base_manifest": "base/target/manifest.json", "python": sys.executable}


@pytest.mark.slow
def test_the_incident_fails_is_annotated_and_written_as_sarif(runner: Runner) -> None:
    ran = runner.runs(project_dir="head", python=sys.executable)
    assert ran.exit_code == 1
    assert re.search(r"^::error file=head/models/marts/safe/.*title=PII001", ran.log, re.MULTILINE)
    assert ran.outputs == {
        "exit-code": "1",
        "sarif-file": "pii-lint.sarif",
        "comment-file": "",
        "weakened": "",
    }
    sarif = json.loads((runner.workspace / "pii-lint.sarif").read_text(encoding="utf-8"))
    assert {result["ruleId"] for result in sarif["runs"][0]["results"]} >= {"PII001", "STG001"}
    assert "PII001" in ran.summary
    assert ran.used == ["github/codeql-action/upload-sarif"]
    assert runner.asked == ""


@pytest.mark.slow
def test_the_warehouse_after_it_passes(runner: Runner) -> None:
    ran = runner.runs(project_dir="base", python=sys.executable)
    assert ran.exit_code == 0, ran.log
    assert ran.outputs["exit-code"] == "0"


@pytest.mark.slow
def test_the_comparison_becomes_one_comment(runner: Runner) -> None:
    ran = runner.runs(project_dir="head", **BASE)
    assert ran.exit_code == 1
    comment = Path(ran.outputs["comment-file"]).read_text(encoding="utf-8")
    assert comment.startswith("<!-- pii-lint: diff -->\n")
    assert "ssn_last4" in comment
    assert "--method POST repos/acme/warehouse/issues/7/comments --field body=@" in runner.asked
    again = runner.runs(project_dir="head", earlier="4711\n", **BASE)
    assert again.exit_code == 1
    assert "--method PATCH repos/acme/warehouse/issues/comments/4711" in runner.asked
    assert "POST" not in runner.asked


@pytest.mark.slow
def test_on_a_fork_nothing_is_written_and_the_verdict_is_the_same(runner: Runner) -> None:
    ran = runner.runs(FORK, project_dir="head", may_write=False, **BASE)
    assert ran.exit_code == 1
    assert ran.used == []
    assert "::notice title=pii-lint::This token can't comment" in ran.log
    assert "ssn_last4" in ran.summary
    assert "::error " in ran.log


@pytest.mark.slow
def test_only_new_flows_count_where_that_is_asked(runner: Runner) -> None:
    same = {**BASE, "base_manifest": "head/target/manifest.json", "gate": "new"}
    ran = runner.runs(project_dir="head", comment="false", upload_sarif="false", **same)
    assert ran.exit_code == 0, ran.log
    assert ran.outputs["weakened"] == "false"
    new = runner.runs(project_dir="head", gate="new", comment="false", **BASE)
    assert new.exit_code == 1


@pytest.mark.slow
def test_a_weakened_gate_fails_though_nothing_else_does(runner: Runner, tmp_path: Path) -> None:
    policy = runner.workspace / "base/pii_lint.yml"
    stricter = yaml.safe_load(policy.read_text(encoding="utf-8"))
    stricter.setdefault("policy", {}).setdefault("safe", {})["pseudonym"] = "error"
    (runner.workspace / "stricter.yml").write_text(yaml.safe_dump(stricter))
    given = {"project_dir": "base", "base_config": "stricter.yml", "comment": "false", **BASE}
    ran = runner.runs(**given)
    assert ran.exit_code == 1
    assert ran.outputs["weakened"] == "true"
    assert "weakens the gate itself" in ran.log
    assert runner.runs(**given, fail_on_weakened="false").exit_code == 0


@pytest.mark.slow
def test_a_baseline_lets_pass_and_a_larger_one_weakens(runner: Runner) -> None:
    known = runner.workspace / "head/pii_lint_baseline.json"
    assert main(["baseline", "--project-dir", str(known.parent), "--output", str(known)]) == 0
    given = {"project_dir": "head", "baseline": known.name, "comment": "false"}
    given |= {**BASE, "base_manifest": "head/target/manifest.json"}
    try:
        larger = runner.runs(**given, base_baseline="base/pii_lint_baseline.json")
        assert (larger.exit_code, larger.outputs["weakened"]) == (1, "true")
        same = runner.runs(**given, base_baseline="head/pii_lint_baseline.json")
        assert (same.exit_code, same.outputs["weakened"]) == (0, "false")
    finally:
        known.unlink()


@pytest.mark.slow
def test_what_cannot_be_judged_is_never_green(runner: Runner) -> None:
    ran = runner.runs(project_dir="head", manifest="target/nowhere.json", python=sys.executable)
    assert ran.exit_code == 3
    assert "::error title=pii-lint::The project could not be judged" in ran.log
    assert runner.runs(project_dir="head", gate="nwe", python=sys.executable).exit_code == 2


@pytest.mark.slow
def test_a_name_of_a_folder_is_no_command(runner: Runner) -> None:
    hostile = "$(touch hacked);`touch hacked`"
    ran = runner.runs(project_dir="head", config=hostile, python=sys.executable)
    assert ran.exit_code == 2
    assert not (runner.workspace / "hacked").exists()


def test_every_input_and_output_is_documented() -> None:
    described = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    page = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    for part in ("inputs", "outputs"):
        for name, each in described[part].items():
            assert each["description"].endswith("."), name
            assert f"| `{name}` |" in page, name


def test_no_input_reaches_a_shell_unquoted_by_the_environment() -> None:
    described = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    scripts = [step["run"] for step in described["runs"]["steps"] if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_actions_of_others_are_pinned_by_commit() -> None:
    used = re.findall(r"uses: (\S+)", ACTION.read_text(encoding="utf-8"))
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)] == []


def test_the_workflows_of_this_repository_use_it() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/pii-lint.yml").read_text("utf-8"))
    (step,) = (s for s in workflow["jobs"]["gate"]["steps"] if s.get("uses") == "./")
    described = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    assert set(step["with"]) <= set(described["inputs"])
