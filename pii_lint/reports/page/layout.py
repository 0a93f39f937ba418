"""Where relations stand on the page: bands from left to right, and an order from top to bottom.

Worked out once, for the whole project. Whatever a reader folds or filters away, what is left keeps
its band and its order, so that nothing jumps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import fsum
from typing import NamedTuple

BANDS = {"raw": 0, "staging": 1, "intermediate": 2, "": 2, "safe": 3, "restricted": 3, "export": 4}
"""Zones by band; the marts of both zones stand in one, above each other."""
SWEEPS = 6


class Box(NamedTuple):
    """What is to be placed."""

    uid: str
    zone: str
    reads: tuple[str, ...]


class Spot(NamedTuple):
    """A band, a column in that band, a place in that column."""

    band: int
    rank: int
    order: int


def arranged(boxes: Sequence[Box]) -> dict[str, Spot]:
    """A spot for each box; those that belong together stand at the same height."""
    bands = {box.uid: _band(box) for box in boxes}
    reads = {
        box.uid: [uid for uid in box.reads if uid in bands and uid != box.uid] for box in boxes
    }
    ranks = _ranks(bands, reads)
    columns: dict[tuple[int, int], list[str]] = {}
    for box in sorted(boxes, key=lambda box: (box.zone, box.uid)):
        columns.setdefault((bands[box.uid], ranks[box.uid]), []).append(box.uid)
    _untangle([columns[key] for key in sorted(columns)], reads)
    return {
        uid: Spot(band, rank, order)
        for (band, rank), column in columns.items()
        for order, uid in enumerate(column)
    }


def _band(box: Box) -> int:
    if not box.zone and not box.reads:
        # a seed, or a model out of nothing: data comes in here
        return BANDS["raw"]
    return BANDS.get(box.zone, BANDS[""])


def _ranks(bands: Mapping[str, int], reads: Mapping[str, Collection[str]]) -> dict[str, int]:
    """How many relations of the same band stand before each, at most; a cycle counts once."""
    ranks: dict[str, int] = {}
    open_: set[str] = set()
    for start in sorted(bands):
        ahead = [start]
        while ahead:
            uid = ahead[-1]
            if uid in ranks:
                ahead.pop()
                continue
            open_.add(uid)
            same = [read for read in reads[uid] if bands[read] == bands[uid]]
            missing = [read for read in same if read not in ranks and read not in open_]
            if missing:
                ahead += missing
                continue
            ranks[uid] = max((ranks[read] + 1 for read in same if read in ranks), default=0)
            open_.discard(uid)
            ahead.pop()
    return ranks


def _untangle(columns: Sequence[list[str]], reads: Mapping[str, Collection[str]]) -> None:
    """Order each column by where the neighbours of its boxes stand, to and fro."""
    neighbours = {uid: set(above) for uid, above in reads.items()}
    for uid, above in reads.items():
        for read in above:
            neighbours[read].add(uid)
    heights = {
        uid: place / max(len(column), 1) for column in columns for place, uid in enumerate(column)
    }
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            # exact sums, so that the order of what is summed up doesn't matter
            means = {
                uid: fsum(heights[other] for other in neighbours[uid]) / len(neighbours[uid])
                if neighbours[uid]
                else heights[uid]
                for uid in column
            }
            column.sort(key=lambda uid: (means[uid], uid))
            for place, uid in enumerate(column):
                heights[uid] = place / len(column)
