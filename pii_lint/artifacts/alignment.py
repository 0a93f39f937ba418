"""Which place of a template wrote which characters of the compiled SQL.

The template's plan is matched against the compiled text as an automaton; of all ways to match,
those that need the fewest characters in holes count. Where these disagree on a character, its place
is not known, and nothing is claimed. Only where a macro writes the very text of a branch that was
not taken, the branch is named instead of the macro.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from pii_lint.artifacts.template import Fork, Hole, Step, UnknownTagError, plan

_STATES = 40_000
# more only come from long runs of holes with nothing telling between them: not worth the time


class Stretch(NamedTuple):
    """Compiled characters `start` to `end`, and where they come from: text or a hole."""

    start: int
    end: int
    at: int
    # of the first character, in the template
    until: int
    # of a hole: where it ends in the template; of text: -1


class Alignment:
    """The certain part of the mapping of one template to its compiled text."""

    def __init__(self, stretches: Sequence[Stretch], cut: tuple[int, int] = (0, 0)) -> None:
        self._stretches = sorted(stretches)
        self._starts = [stretch.start for stretch in self._stretches]
        self._cut = cut

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The template's span behind compiled `start` to `end`; None where that isn't certain."""
        first, last = self._stretch(start), self._stretch(max(start, end - 1))
        if first is None or last is None:
            return None
        begin = self._place(first, start)
        finish = last.until if last.until >= 0 else self._place(last, max(start, end - 1)) + 1
        if finish <= begin:
            # it goes round a loop: the place where it begins is all there is to show
            finish = first.until if first.until >= 0 else begin + 1
        return begin, finish

    def before(self, start: int) -> int | None:
        """The template's place of the nearest certain character at or before `start`."""
        inside = self._cut[0] <= start < self._cut[1]
        place = self._cut[0] if inside else start - self._shift(start)
        index = bisect_right(self._starts, place) - 1
        if index < 0:
            return None
        found = self._stretches[index]
        return found.at if found.until >= 0 else found.at + min(place, found.end - 1) - found.start

    def _place(self, stretch: Stretch, position: int) -> int:
        inner = position - self._shift(position) - stretch.start
        return stretch.at if stretch.until >= 0 else stretch.at + inner

    def _shift(self, position: int) -> int:
        return self._cut[1] - self._cut[0] if position >= self._cut[1] else 0

    def _stretch(self, position: int) -> Stretch | None:
        if self._cut[0] <= position < self._cut[1]:
            return None
        place = position - self._shift(position)
        index = bisect_right(self._starts, place) - 1
        found = self._stretches[index] if index >= 0 else None
        return found if found and place < found.end else None


# what looks at a project again and again finds most of it as it was
@lru_cache(maxsize=2048)
def align(template: str, compiled: str, injected: tuple[str, ...] = ()) -> Alignment:
    """Align a template with what it compiled to. `injected`: what dbt wrote in afterwards."""
    cut = _injected(compiled, injected)
    text = compiled[: cut[0]] + compiled[cut[1] :]
    try:
        return Alignment(_certain(_match(plan(template), text)), cut)
    except UnknownTagError:
        return Alignment([], cut)


def _injected(compiled: str, injected: Sequence[str]) -> tuple[int, int]:
    """The stretch of compiled text that dbt injected for ephemeral models."""
    if not injected:
        return 0, 0
    block = ", ".join(injected)
    start = compiled.find(block)
    if start < 0:
        return 0, 0
    end = start + len(block)
    if compiled.startswith(", ", end):
        return start, end + 2
    # the query had no `with` of its own, so dbt wrote that too
    return start - len("with"), end + 1


class _State(NamedTuple):
    position: int
    step: int
    hole: int
    # the step of the hole that is still taking characters; -1 for none, -2 where two share them


class _Edge(NamedTuple):
    source: _State
    cost: int
    stretches: tuple[Stretch, ...]


def _match(steps: Sequence[Step], text: str) -> list[Stretch]:
    """The stretches on every cheapest way through the plan; empty where there is none."""
    start = _State(0, 0, -1)
    costs = {start: 0}
    edges: dict[_State, list[_Edge]] = {}
    done: set[_State] = set()
    queue = [(0, start)]
    goal: _State | None = None
    while queue:
        cost, state = heapq.heappop(queue)
        if state in done:
            continue
        if goal is not None and cost > costs[goal]:
            break
        done.add(state)
        if len(costs) > _STATES:
            return []
        if state == (len(text), len(steps), -1):
            goal = state
            continue
        for target, price, stretches in _moves(steps, text, state):
            edges.setdefault(target, []).append(_Edge(state, price, stretches))
            if cost + price < costs.get(target, cost + price + 1):
                costs[target] = cost + price
                heapq.heappush(queue, (cost + price, target))
    if goal is None:
        return []
    return _on_cheapest(goal, costs, edges)


def _moves(
    steps: Sequence[Step], text: str, state: _State
) -> Iterator[tuple[_State, int, tuple[Stretch, ...]]]:
    position, index, hole = state.position, state.step, state.hole
    if index == len(steps):
        if hole != -1:
            last = _State(len(text), index, -1)
            yield last, len(text) - position, _taken(steps, position, len(text), hole)
        return
    step = steps[index]
    if isinstance(step, Fork):
        for target in step.to:
            yield _State(position, target, hole), 0, ()
    elif isinstance(step, Hole):
        yield _State(position, index + 1, index if hole == -1 else -2), 0, ()
    elif hole == -1:
        if text.startswith(step.text, position):
            end = position + len(step.text)
            yield _State(end, index + 1, -1), 0, (Stretch(position, end, step.at, -1),)
    else:
        found = text.find(step.text, position)
        if found < 0:
            return
        end = found + len(step.text)
        taken = _taken(steps, position, found, hole)
        read = Stretch(found, end, step.at, -1)
        yield _State(end, index + 1, -1), found - position, (*taken, read)
        # or the hole goes on over it
        taken = _taken(steps, position, found + 1, hole)
        yield _State(found + 1, index, hole), found + 1 - position, taken


def _taken(steps: Sequence[Step], start: int, end: int, hole: int) -> tuple[Stretch, ...]:
    if start == end:
        return ()
    step = steps[hole] if hole >= 0 else None
    if isinstance(step, Hole):
        return (Stretch(start, end, step.at, step.end),)
    # shared between two holes: nobody's
    return (Stretch(start, end, -1, -2),)


def _on_cheapest(
    goal: _State, costs: dict[_State, int], edges: dict[_State, list[_Edge]]
) -> list[Stretch]:
    found: set[Stretch] = set()
    seen = {goal}
    waiting = [goal]
    while waiting:
        state = waiting.pop()
        for edge in edges.get(state, ()):
            if costs[edge.source] + edge.cost == costs[state]:
                found.update(edge.stretches)
                if edge.source not in seen:
                    seen.add(edge.source)
                    waiting.append(edge.source)
    return sorted(found)


def _certain(stretches: list[Stretch]) -> list[Stretch]:
    """The parts on which all stretches over them agree."""
    bounds = sorted({place for stretch in stretches for place in (stretch.start, stretch.end)})
    found: list[Stretch] = []
    active: list[Stretch] = []
    index = 0
    for start, end in pairwise(bounds):
        active = [stretch for stretch in active if stretch.end > start]
        while index < len(stretches) and stretches[index].start <= start:
            active.append(stretches[index])
            index += 1
        places = {
            (stretch.at + (start - stretch.start if stretch.until == -1 else 0), stretch.until)
            for stretch in active
        }
        if len(places) == 1:
            (at, until), *_ = places
            if until != -2:
                found.append(Stretch(start, end, at, until))
    return found
