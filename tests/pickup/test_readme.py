"""What the README shows is what comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pii_lint.cli import main
from tests.pickup.conftest import Compiled

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "dbt_package/README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.slow
def test_the_example_is_a_finding_on_the_incident(
    tmp_path: Path, compiled: Compiled, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.search(r"^```\n(PII001 .*?)^```", README, re.MULTILINE | re.DOTALL)
    assert shown
    assert main(["check", "--project-dir", str(compiled(tmp_path / "wt07", "wt07"))]) == 1
    assert shown[1] in capsys.readouterr().out


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`pii-lint ([\w-]+)", README))))
def test_every_command_that_it_names_is_there(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--help"]) == 0
    assert f"Usage: pii-lint {command}" in capsys.readouterr().out


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z]+)", README))))
def test_every_target_that_it_names_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, heading = target.partition("#")
        if "://" in file:
            continue
        other = (page.parent / file).resolve() if file else page
        assert other.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", other.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
            assert heading in slugs, target


def test_the_tree_names_what_is_there() -> None:
    tree = README.split("## What stands where")[1].split("```")[1]
    tops = [line.split()[0] for line in tree.splitlines() if line and not line.startswith(" ")]
    assert len(tops) > 20
    assert [name for name in tops if not (ROOT / name).exists()] == []
