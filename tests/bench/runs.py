"""What is measured, in rounds: each case right after the yardstick on the same project, so that a
machine that grows slower or faster meanwhile doesn't tilt the ratio."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.measure import Cost, Failed, cost_of

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CACHE = "PII_LINT_CACHE_DIR"
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table: how `check` runs, on which project, and what it may cost."""

    name: str
    models: int
    relevant: float = 1.0
    changed: bool = False
    filled: bool = False
    # the cache holds what a run before the change left there
    options: tuple[str, ...] = ()
    most: float | None = None
    # times the yardstick


@dataclass(slots=True)
class Measured:
    """A case's runs, each with the CPU time of the yardstick just before it."""

    case: Case
    costs: list[Cost] = field(default_factory=list)
    parses: list[float] = field(default_factory=list)

    @property
    def cpu(self) -> float:
        return statistics.median(cost.cpu for cost in self.costs)

    @property
    def wall(self) -> float:
        return statistics.median(cost.wall for cost in self.costs)

    @property
    def memory(self) -> float:
        return max(cost.memory for cost in self.costs) / MEGABYTE

    @property
    def ratio(self) -> float:
        pairs = zip(self.costs, self.parses, strict=True)
        return statistics.median(cost.cpu / parse for cost, parse in pairs)


def cases(sizes: list[int]) -> Iterator[Case]:
    """The smallest and largest project are there for growth; the middle one for all else."""
    middle = sorted(sizes)[len(sizes) // 2]
    for size in sorted(sizes):
        yield Case("cold, every model relevant", size, most=2.0 if size == middle else None)
    yield Case("cold, 40 % relevant", middle, relevant=0.4, most=1.3)
    yield Case("warm cache", middle, filled=True, most=0.2)
    yield Case("one changed model", middle, changed=True, filled=True, most=0.35)
    yield Case("`--no-cache`", middle, options=("--no-cache",))


class Bench:
    """Projects and caches below one folder, made anew when a case first needs them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: set[Path] = set()
        self.notes: list[str] = []

    def rounds(self, sizes: list[int], runs: int, told: Callable[[str], None]) -> list[Measured]:
        """Every case `runs` times, all of them once before any is repeated."""
        measured = [Measured(case) for case in cases(sizes)]
        # compiles the bytecode
        self._check(measured[0].case, self.project(measured[0].case.models))
        for number in range(runs):
            for one in measured:
                told(f"round {number + 1} of {runs}: {one.case.models} models, {one.case.name}")
                project = self.project(one.case.models, one.case.relevant, one.case.changed)
                one.parses.append(self.parse(project))
                one.costs.append(self._check(one.case, project))
        return measured

    def project(self, models: int, relevant: float = 1.0, changed: bool = False) -> Path:
        """A made-up project, with one model edited if so wished."""
        edit = "-changed" if changed else ""
        folder = self._folder / f"project-{models}-{relevant:.0%}{edit}".replace("%", "")
        if self._missing(folder):
            generate(folder, models, "--relevant", str(relevant), *["--edit"] * changed)
        return folder

    def with_catalog(self, models: int) -> Path:
        """The same project beside a catalogue, which other tools can't do without."""
        folder = self._folder / f"project-{models}-catalog"
        if self._missing(folder):
            generate(folder, models, "--catalog")
        return folder

    def _missing(self, folder: Path) -> bool:
        """True once a run; what an older run left there is gone then."""
        if folder in self._made:
            return False
        self._made.add(folder)
        shutil.rmtree(folder, ignore_errors=True)
        return True

    def parse(self, project: Path) -> float:
        """The yardstick."""
        said = cost_of(
            [sys.executable, HERE / "parse_once.py", project / "target/manifest.json"], project
        )
        return float(said.output)

    def _check(self, case: Case, project: Path) -> Cost:
        cache = self._folder / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        if case.filled:
            shutil.copytree(self._filled(case), cache)
        try:
            return _checked(project, case.models, cache, case.options)
        finally:
            shutil.rmtree(cache, ignore_errors=True)

    def _filled(self, case: Case) -> Path:
        """A cache as a run on the unchanged project leaves it."""
        cache = self._folder / f"cache-{case.models}"
        if self._missing(cache):
            _checked(self.project(case.models, case.relevant), case.models, cache)
            if not cache.is_dir():
                cache.mkdir()
                self.notes.append("This version keeps no cache: warm runs are cold ones.")
        return cache


def generate(folder: Path, models: int, *options: str) -> None:
    """NOTE: in a process of its own, for a process begins with its parent's peak memory."""
    command = [sys.executable, "-m", "tests.bench.generate", folder, "--models", str(models)]
    cost_of([*command, *options], ROOT)


def _checked(project: Path, models: int, cache: Path, options: tuple[str, ...] = ()) -> Cost:
    # findings are expected, and give 1
    cost = cost_of(
        [sys.executable, "-m", "pii_lint", "check", *options],
        project,
        expected=(0, 1),
        environment={CACHE: str(cache)},
    )
    if f"coverage: {models} models" not in cost.output:
        raise Failed(f"`check` read no {models} models: {cost.output[-2000:]}")
    return cost
