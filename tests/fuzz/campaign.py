"""A long run of random queries: `python -m tests.fuzz.campaign --minutes 10 --seed 1`.

A program has a number, which makes it: the same number is the same program on every machine.
`--program NUMBER` judges one again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count

import duckdb

from .copies import Models
from .oracle import Miss, Oracle
from .queries import program
from .shrink import Still, constructs, shrunk, written

SEED = 1_000_000
"""Programs a seed: those of the next have other numbers."""
CAUSES = 60
"""Idle clear labels that are shrunk, to see where precision is lost."""
IDLE_SECONDS = 8


@dataclass(slots=True)
class Tally:
    """What was seen. Counts add up over programs."""

    run: int = 0
    rejected: int = 0
    without_rows: int = 0
    labelled: int = 0
    unknown: int = 0
    extra: int = 0
    # with a column that only the analyser sees
    altered: int = 0
    # runs with altered data
    pairs: int = 0
    # clear labels whose effect was measured
    idle: int = 0
    # of them without any
    crashes: list[int] = field(default_factory=list)
    # programs at which DuckDB died
    reasons: Counter[str] = field(default_factory=Counter)
    misses: dict[str, Found] = field(default_factory=dict)
    causes: Counter[str] = field(default_factory=Counter)
    shown: dict[str, str] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Take in what was seen elsewhere."""
        for name in ("run", "rejected", "without_rows", "labelled", "unknown", "extra", "altered",
                     "pairs", "idle"):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.crashes += other.crashes
        self.reasons += other.reasons
        self.causes += other.causes
        self.misses = {**other.misses, **self.misses}
        self.shown = {**other.shown, **self.shown}


@dataclass(frozen=True, slots=True)
class Found:
    """A counterexample: the number of its program, and what is left of that when it is shrunk."""

    number: int
    miss: Miss
    models: Models

    def __str__(self) -> str:
        return f"-- program {self.number}: {self.miss}\n{written(self.models)}"


# --- one program ---------------------------------------------------------------------------------


@cache
def oracle() -> Oracle:
    """This process's own."""
    return Oracle()


def judged(
    number: int, *, precise: bool = False, causes: bool = False, small: bool = True
) -> Tally:
    """Judge one program and make `small` what it shows; with `causes` its idle clear labels too."""
    tally = Tally(run=1)
    models = program(number)
    try:
        verdict = oracle().judge(models, precision=precise)
    except duckdb.Error as error:
        tally.rejected += 1
        tally.reasons[str(error).splitlines()[0][:80]] += 1
        return tally
    tally.altered += verdict.runs
    tally.labelled += verdict.labelled
    tally.unknown += verdict.unknown
    tally.without_rows += verdict.empty
    tally.extra += bool(verdict.extra)
    tally.pairs += verdict.pairs
    tally.idle += len(verdict.idle)
    for miss in {(m.why, m.origin): m for m in verdict.misses}.values():
        left = shrunk(models, still_shows(oracle(), miss)) if small else models
        found = next((m for m in misses(oracle(), left) if _alike(m, miss)), miss)
        tally.misses.setdefault(f"{miss.why} {skeleton(left)}", Found(number, found, left))
    if verdict.idle and causes:
        left = shrunk(models, _still_idle(verdict.idle[0][1]), seconds=IDLE_SECONDS)
        key = constructs(left)
        tally.causes[key] += 1
        tally.shown.setdefault(key, written(left))
    return tally


def _still_idle(origin: str) -> Still:
    def still(models: Models) -> bool:
        try:
            verdict = oracle().judge(models, precision=True)
        except duckdb.Error:
            return False
        return any(o == origin for _, o in verdict.idle)

    return still


def misses(judge: Oracle, models: Models) -> list[Miss]:
    """What a program shows; nothing where DuckDB rejects it."""
    try:
        return judge.judge(models).misses
    except duckdb.Error:
        return []


def still_shows(judge: Oracle, miss: Miss) -> Still:
    """Whether a smaller program shows the same."""
    return lambda models: any(_alike(m, miss) for m in misses(judge, models))


def _alike(a: Miss, b: Miss) -> bool:
    return (a.why, a.origin) == (b.why, b.origin) and (a.why != "shape" or a.column == b.column)


def skeleton(models: Models) -> str:
    """A program without names that differ by chance, to tell counterexamples apart."""
    text = " ; ".join(models.values()).lower()
    return re.sub(r"\b([a-z])\d+\b", r"\1", text)


# --- program after program -----------------------------------------------------------------------


class Apart:
    """A process that judges programs: random SQL makes DuckDB itself crash now and then."""

    def __init__(self) -> None:
        self._spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, mp_context=self._spawn)

    def judged(self, number: int, *, precise: bool = False, causes: bool = False) -> Tally:
        """As `judged`; where the process dies of it, a tally that says so."""
        for small in (True, False):
            # it may die of a smaller program: what is found must not be lost with it
            causes = causes and small
            with suppress(BrokenProcessPool):
                return self._pool.submit(
                    judged, number, precise=precise, causes=causes, small=small
                ).result()
            self.close()
            self._pool = ProcessPoolExecutor(1, mp_context=self._spawn)
        return Tally(run=1, crashes=[number])

    def close(self) -> None:
        """End the process."""
        self._pool.shutdown()


def numbers(seed: int, minutes: float) -> Iterator[int]:
    """A seed's programs until the time is up."""
    end = time.monotonic() + 60 * minutes
    for number in count(SEED * seed):
        if time.monotonic() > end:
            return
        yield number


def campaign(some: Iterable[int], precision: int, show: Callable[[Found], None]) -> Tally:
    """Judge programs, every Nth for precision too; each new counterexample is shown."""
    apart, tally = Apart(), Tally()
    try:
        for number in some:
            precise = precision > 0 and number % precision == 0
            seen = apart.judged(number, precise=precise, causes=tally.causes.total() < CAUSES)
            for key, found in seen.misses.items():
                if key not in tally.misses:
                    show(found)
            tally.add(seen)
    finally:
        apart.close()
    return tally


def report(tally: Tally) -> str:
    """What a campaign saw, in a few lines."""
    lines = [
        f"{tally.run} queries run, {tally.rejected} of them rejected by DuckDB, "
        f"{tally.altered} runs with altered data, {len(tally.misses)} counterexamples",
        f"  {tally.labelled} with a label, {tally.without_rows} without rows, {tally.unknown} with "
        f"an unknown, {tally.extra} with a column too many, DuckDB died at programs {tally.crashes}",
    ]
    lines += [f"  rejected {n:4}  {reason}" for reason, n in tally.reasons.most_common(8)]
    if tally.pairs:
        share = 100 * tally.idle / tally.pairs
        lines.append(
            f"{tally.pairs} clear labels measured, {tally.idle} never moved ({share:.1f} %)"
        )
        for key, times in tally.causes.most_common(10):
            lines += [f"  {times:3}  {key}", f"       {tally.shown[key][:300]}"]
    return "\n".join(lines)


def main() -> int:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    help_ = "measure on every Nth query which clear labels nothing moves (0: never)"
    parser.add_argument("--precision", type=int, default=0, metavar="N", help=help_)
    parser.add_argument("--program", type=int, metavar="NUMBER", help="judge this program alone")
    arguments = parser.parse_args()
    if arguments.program is not None:
        print(written(program(arguments.program)), end="\n\n")
        some: Iterable[int] = [arguments.program]
    else:
        some = numbers(arguments.seed, arguments.minutes)
    tally = campaign(some, arguments.precision, lambda found: print(found, end="\n\n", flush=True))
    print(report(tally))
    return 1 if tally.misses else 0


if __name__ == "__main__":
    sys.exit(main())
