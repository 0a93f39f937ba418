"""What takes long to make is made by one of a run's processes and copied by the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sharing import once


@dataclass(frozen=True)
class Folders:
    """The folders of one worker, as pytest gives them out."""

    base: Path

    def getbasetemp(self) -> Path:
        return self.base

    def mktemp(self, name: str) -> Path:
        made = self.base / f"{name}0"
        made.mkdir(parents=True)
        return made


@pytest.fixture
def made() -> list[Path]:
    return []


def asked(by: str, run: Path, made: list[Path]) -> Path:
    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "by").write_text(by, encoding="utf-8")
        made.append(folder)

    return once(Folders(run / by), "thing", make)  # type: ignore[arg-type]


def test_the_second_worker_copies_what_the_first_made(
    tmp_path: Path, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    first, second = asked("gw0", tmp_path, made), asked("gw1", tmp_path, made)
    assert made == [first]
    assert second != first
    # what the first does to its own reaches nobody
    (first / "by").write_text("changed", encoding="utf-8")
    third = asked("gw2", tmp_path, made)
    assert [(each / "by").read_text("utf-8") for each in (second, third)] == ["gw0", "gw0"]


def test_whoever_is_alone_leaves_nothing_to_the_next_run(
    tmp_path: Path, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    own = [asked(name, tmp_path, made) for name in ("one", "two")]
    assert made == own
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one", "two"]


def test_what_could_not_be_made_is_tried_by_the_next(
    tmp_path: Path, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")

    def fail(folder: Path) -> None:
        folder.mkdir()
        raise RuntimeError("half made")

    with pytest.raises(RuntimeError):
        once(Folders(tmp_path / "gw0"), "thing", fail)  # type: ignore[arg-type]
    assert (asked("gw1", tmp_path, made) / "by").read_text("utf-8") == "gw1"
