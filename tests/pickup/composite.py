"""Runs the shell steps of a composite action as a runner would, without one."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_WORD = re.compile(r"'[^']*'|[\w.-]+|==|!=|&&|\|\||[()]")


@dataclass(slots=True)
class Run:
    """What became of a run."""

    exit_code: int = 0
    log: str = ""
    summary: str = ""
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)


def run(
    action: Path,
    workspace: Path,
    scratch: Path,
    inputs: Mapping[str, str],
    github: Mapping[str, str],
    environment: Mapping[str, str],
    left_out: Set[str] = frozenset(),
) -> Run:
    """Each step in order, until one fails; `uses` steps are only noted."""
    described = yaml.safe_load(action.read_text(encoding="utf-8"))
    unknown = set(inputs) - set(described["inputs"])
    assert not unknown, unknown
    facts = {f"github.{name}": value for name, value in github.items()}
    facts["github.action_path"] = str(action.parent)
    for name, each in described["inputs"].items():
        facts[f"inputs.{name}"] = inputs.get(name, _filled(each["default"], facts))
    result = Run()
    for number, step in enumerate(described["runs"]["steps"]):
        wanted = step.get("if")
        if step["name"] in left_out:
            continue
        if wanted is not None and not _truth(_EXPRESSION.fullmatch(wanted.strip()), facts):
            continue
        if "uses" in step:
            result.used.append(step["uses"].partition("@")[0])
            continue
        files = {name: scratch / f"{name}-{number}" for name in ("GITHUB_OUTPUT", "SUMMARY")}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=workspace,
            env={
                **environment,
                **{name: _filled(value, facts) for name, value in step.get("env", {}).items()},
                "RUNNER_TEMP": str(scratch),
                "GITHUB_REPOSITORY": github["repository"],
                "GITHUB_OUTPUT": str(files["GITHUB_OUTPUT"]),
                "GITHUB_STEP_SUMMARY": str(files["SUMMARY"]),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        result.log += done.stdout
        if files["SUMMARY"].exists():
            result.summary += files["SUMMARY"].read_text(encoding="utf-8")
        if files["GITHUB_OUTPUT"].exists():
            for line in files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines():
                name, _, value = line.partition("=")
                facts[f"steps.{step['id']}.outputs.{name}"] = value
        if done.returncode:
            result.exit_code = done.returncode
            break
    result.outputs = {
        name: _filled(each["value"], facts) for name, each in described["outputs"].items()
    }
    return result


def _filled(text: str, facts: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda found: facts.get(found[1], ""), text)


def _truth(condition: re.Match[str] | None, facts: Mapping[str, str]) -> bool:
    """The few words of GitHub's expressions that are used are Python's, spelled otherwise."""
    assert condition is not None
    spelled = {"&&": "and", "||": "or"}
    words = [
        word
        if word in ("(", ")", "==", "!=") or word.startswith("'")
        else spelled.get(word) or repr(facts.get(word, ""))
        for word in _WORD.findall(condition[1])
    ]
    return bool(eval(" ".join(words), {"__builtins__": {}}))  # noqa: S307 - our own action.yml


def plain_environment(*folders: Path) -> dict[str, str]:
    """What a runner's shell has: a path, a home, and where pip finds packages."""
    return {
        "PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]]),
        "HOME": os.environ.get("HOME", "/"),
        **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
    }
