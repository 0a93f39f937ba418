"""The results, as a table to read and as JSON to keep."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from typing import Any

from pii_lint import __version__
from tests.bench.peers import COLIBRI, SAMPLE
from tests.bench.runs import Measured

MOST_GROWTH = 1.15
MOST_MEMORY = 300
HEAD = ("what", "models", "CPU s", "x parse", "at most", "wall s", "peak MB")


@dataclass(frozen=True, slots=True)
class Peer:
    """Another tool's run."""

    name: str
    models: int
    cpu: float | None = None
    parse: float | None = None
    wall: float | None = None
    memory: float | None = None
    remark: str = ""


def markdown(measured: Sequence[Measured], peers: Sequence[Peer], notes: Sequence[str]) -> str:
    """The table, and what its numbers mean."""
    parses = {one.case.models: one for one in measured if _whole(one)}
    rows = [
        ("sqlglot parses it once", str(size), _number(min(one.parses)), "1.00", "", "", "")
        for size, one in parses.items()
    ]
    rows += [
        (
            f"pii-lint, {one.case.name}",
            str(one.case.models),
            _number(one.cpu),
            _number(one.ratio),
            _number(one.case.most),
            _number(one.wall),
            f"{one.memory:.0f}",
        )
        for one in measured
    ]
    rows += [
        (
            f"{peer.name}{f' ({peer.remark})' if peer.remark else ''}",
            str(peer.models),
            _number(peer.cpu),
            _number(peer.cpu / peer.parse if peer.cpu and peer.parse else None),
            "",
            _number(peer.wall),
            f"{peer.memory:.0f}" if peer.memory else "",
        )
        for peer in peers
    ]
    lines = [_row(HEAD), _row(["---", *["---:"] * (len(HEAD) - 1)]), *map(_row, rows), ""]
    lines += [*_growth(measured), *notes, "", *_terms(measured)]
    return "\n".join(lines) + "\n"


def as_json(
    measured: Sequence[Measured], peers: Sequence[Peer], notes: Sequence[str]
) -> dict[str, Any]:
    """Every single run, and what it ran on."""
    return {
        "python": platform.python_version(),
        "sqlglot": version("sqlglot"),
        "pii_lint": __version__,
        "cores": os.cpu_count(),
        "notes": list(notes),
        "cases": [
            {
                "name": one.case.name,
                "models": one.case.models,
                "relevant": one.case.relevant,
                "ratio": round(one.ratio, 4),
                "at_most": one.case.most,
                "cpu": [round(cost.cpu, 4) for cost in one.costs],
                "parse": [round(parse, 4) for parse in one.parses],
                "wall": [round(cost.wall, 4) for cost in one.costs],
                "memory_mb": [round(cost.memory / 1024 / 1024, 1) for cost in one.costs],
            }
            for one in measured
        ],
        "growth": _growths(measured),
        "peers": [
            {name: getattr(peer, name) for name in Peer.__dataclass_fields__} for peer in peers
        ],
    }


def _whole(one: Measured) -> bool:
    return one.case.name.startswith("cold, every")


def _growths(measured: Sequence[Measured]) -> dict[str, float]:
    """The ratio of each size to that of the size before: 1 is linear growth."""
    sizes = [one for one in measured if _whole(one)]
    return {
        f"{small.case.models} to {large.case.models}": round(large.ratio / small.ratio, 3)
        for small, large in pairwise(sizes)
    }


def _growth(measured: Sequence[Measured]) -> list[str]:
    steps = ", ".join(f"{step}: {growth:.2f}" for step, growth in _growths(measured).items())
    largest = max((one for one in measured if _whole(one)), key=lambda one: one.case.models)
    return [
        f"Cost of a model beside that of parsing it, from one size to the next (1 is linear, at most "
        f"{MOST_GROWTH} to the largest): {steps}.",
        f"Peak memory at {largest.case.models} models: {largest.memory:.0f} MB (at most {MOST_MEMORY}).",
    ]


def _terms(measured: Sequence[Measured]) -> list[str]:
    runs = len(measured[0].costs)
    return [
        f"CPU is user and system time of the whole process and its children; medians of {runs} runs. "
        "`x parse` divides it by the CPU time that sqlglot, compiled, takes to parse all the same SQL "
        "once, in a process of its own just before: the loop alone, without starting Python, importing "
        "sqlglot or reading the manifest. Cold means an empty cache, which the run fills. The changed "
        "model stands in staging and gets one more column. Peak memory is that of the largest process.",
        f"dbt-colibri is {COLIBRI}, run once; it reads catalog.json as well. `sqlglot.lineage` is timed "
        f"on {SAMPLE} columns and multiplied by their number; each model is taken by itself.",
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"
