"""A long run of random queries: `python -m tests.fuzz.campaign --minutes 10 --seed 1`."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import duckdb
from hypothesis import HealthCheck, Phase, given, seed, settings

from .copies import Models
from .oracle import Miss, Oracle
from .queries import programs
from .shrink import Still, constructs, shrunk, written

BATCH = 100
"""Programs a seed; the next batch takes the next seed."""
IDLE_SAMPLE = 60
"""Idle clear labels that are shrunk, to see where precision is lost."""


@dataclass(slots=True)
class Tally:
    """What a campaign saw."""

    run: int = 0
    rejected: int = 0
    failed: int = 0
    unknown: int = 0
    empty: int = 0
    runs: int = 0
    pairs: int = 0
    idle: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    misses: dict[str, tuple[Miss, Models]] = field(default_factory=dict)
    causes: Counter[str] = field(default_factory=Counter)
    shown: dict[str, str] = field(default_factory=dict)


class Campaign:
    """Programs from a seed on, until the time is up."""

    def __init__(self, minutes: float, first_seed: int, precision: int) -> None:
        self.oracle = Oracle()
        self.end = time.monotonic() + 60 * minutes
        self.seed = first_seed
        self.precision = precision
        self.tally = Tally()

    def go(self) -> Tally:
        """Run it."""
        number = 0
        while time.monotonic() < self.end:
            generate(self.one, seed_=1000 * self.seed + number, count=BATCH)
            number += 1
        return self.tally

    def one(self, models: Models) -> None:
        """Judge one program, and shrink what it shows."""
        tally = self.tally
        if time.monotonic() > self.end:
            return
        tally.run += 1
        precise = self.precision > 0 and tally.run % self.precision == 0
        try:
            verdict = self.oracle.judge(models, precision=precise)
        except duckdb.Error as error:
            tally.rejected += 1
            tally.reasons[str(error).splitlines()[0][:80]] += 1
            return
        tally.runs += verdict.runs
        tally.unknown += verdict.unknown
        tally.empty += verdict.empty
        tally.pairs += verdict.pairs
        tally.idle += len(verdict.idle)
        for miss in {(m.why, m.origin): m for m in verdict.misses}.values():
            self._note(miss, models)
        if verdict.idle and sum(tally.causes.values()) < IDLE_SAMPLE:
            self._cause(models, verdict.idle[0])

    def _note(self, miss: Miss, models: Models) -> None:
        self.tally.failed += 1
        small = shrunk(models, still_shows(self.oracle, miss))
        key = f"{miss.why} {skeleton(small)}"
        if key not in self.tally.misses:
            self.tally.misses[key] = (miss, small)
            found = next((m for m in misses(self.oracle, small) if _alike(m, miss)), miss)
            print(f"\n-- {found}\n{written(small)}", flush=True)

    def _cause(self, models: Models, idle: tuple[str, str]) -> None:
        origin = idle[1]

        def still(candidate: Models) -> bool:
            try:
                verdict = self.oracle.judge(candidate, precision=True)
            except duckdb.Error:
                return False
            return any(o == origin for _, o in verdict.idle)

        small = shrunk(models, still, seconds=12)
        key = constructs(small)
        self.tally.causes[key] += 1
        self.tally.shown.setdefault(key, written(small))


def misses(oracle: Oracle, models: Models) -> list[Miss]:
    """What a program shows; nothing where DuckDB rejects it."""
    try:
        return oracle.judge(models).misses
    except duckdb.Error:
        return []


def still_shows(oracle: Oracle, miss: Miss) -> Still:
    """Whether a smaller program shows the same."""
    return lambda models: any(_alike(m, miss) for m in misses(oracle, models))


def _alike(a: Miss, b: Miss) -> bool:
    return (a.why, a.origin) == (b.why, b.origin) and (a.why != "shape" or a.column == b.column)


def generate(one: object, *, seed_: int, count: int) -> None:
    """Call `one` with so many programs of a seed."""

    @seed(seed_)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def each(models: dict[str, str]) -> None:
        one(models)

    each()


def skeleton(models: Models) -> str:
    """A program without names that differ by chance, to tell counterexamples apart."""
    text = " ; ".join(models.values()).lower()
    return re.sub(r"\b([a-z])\d+\b", r"\1", text)


def main() -> int:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", type=int, default=0, metavar="N",
                        help="measure idle clear labels on every Nth query")  # fmt: skip
    arguments = parser.parse_args()
    tally = Campaign(arguments.minutes, arguments.seed, arguments.precision).go()
    print(
        f"\n{tally.run} queries run, {tally.rejected} of them rejected by DuckDB, "
        f"{tally.empty} without rows, {tally.unknown} with an unknown, {tally.runs} runs with altered data, "
        f"{len(tally.misses)} counterexamples ({tally.failed} before shrinking)"
    )
    for reason, count in tally.reasons.most_common(8):
        print(f"  rejected {count:4}  {reason}")
    if tally.pairs:
        share = 100 * tally.idle / tally.pairs
        print(f"{tally.pairs} clear labels measured, {tally.idle} never moved ({share:.2f} %)")
        for key, count in tally.causes.most_common(10):
            print(f"  {count:3}  {key}\n       {tally.shown[key][:300]}")
    return 1 if tally.misses else 0


if __name__ == "__main__":
    sys.exit(main())
