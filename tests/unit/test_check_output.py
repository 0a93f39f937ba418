"""How much `check` says, and what it shows to whoever waits."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from pii_lint.cli import _progress, main
from pii_lint.cli._progress import progress
from pii_lint.progress import tell
from tests.unit.test_cli import CLEAN, manifest, put


@pytest.fixture
def leaking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Options of a project with findings."""
    monkeypatch.chdir(tmp_path)
    return ["check", "--manifest", put(tmp_path, manifest())]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that goes forward when it is told to."""
    now = [100.0]
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    return now


def test_statistics_count_by_rule_and_decide_the_same(
    leaking: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*leaking, "--statistics"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == [
        "1  LAY001  safe-mart-reads-raw  error",
        "1  PII001  pii-in-safe-model    error",
    ]
    assert [line for line in told if line.startswith("coverage: 2 models")]
    assert "fix:" not in "\n".join(told)


def test_quiet_says_what_counts_and_nothing_else(
    leaking: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*leaking, "--quiet"]) == 1
    told = capsys.readouterr().out
    assert "PII001 error" in told
    assert "coverage" not in told
    assert "note:" not in told


def test_quiet_says_nothing_of_a_clean_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--manifest", put(tmp_path, manifest(CLEAN)), "-q"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("option", ["--statistics", "--quiet"])
def test_what_shapes_the_text_is_no_option_of_other_formats(
    leaking: list[str], capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert main([*leaking, option, "--format", "sarif"]) == 2
    assert "--statistics and --quiet shape the text" in capsys.readouterr().err


@pytest.mark.parametrize(("variables", "colour"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colour_unless_it_is_told_not_to(
    leaking: list[str], monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], colour: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    main(leaking)
    assert ("\x1b[" in screen.getvalue()) is colour


def test_a_bar_appears_on_long_work_and_is_gone_afterwards(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with progress():
        tell(1, 100)
        assert screen.getvalue() == ""
        clock[0] += _progress.PATIENCE
        tell(50, 100)
        tell(51, 100)
        assert screen.getvalue() == "\r[############............] 50 of 100 relations"
    assert screen.getvalue().endswith(f"\r{' ' * 46}\r")


def test_there_is_no_bar_outside_of_a_terminal_nor_for_the_quiet(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for screen, quiet in ((io.StringIO(), False), (Terminal(), True)):
        monkeypatch.setattr(sys, "stderr", screen)
        with progress(quiet=quiet):
            clock[0] += 60
            tell(1, 2)
        assert screen.getvalue() == ""


def test_a_run_tells_how_far_it_has_come(leaking: list[str], tmp_path: Path) -> None:
    from pii_lint.options import Options
    from pii_lint.pipeline.check import check
    from pii_lint.progress import heard

    told: list[tuple[int, int]] = []
    with heard(lambda done, total: told.append((done, total))):
        check(Options(manifests=(tmp_path / "manifest.json",)))
    assert told == [(1, 3), (2, 3), (3, 3)]
