"""Linking with other processes at work: they walk the queries, while this one puts labels in.

What they prepare is taken like what a former run has left: a summary counts only for the very
shapes that it was made with. So it doesn't matter who made it, or whether anybody did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pii_lint.lineage.summary import Shape

if TYPE_CHECKING:
    from pii_lint.crew import Crew

ENOUGH = 100
"""Queries from which on it is worth making processes."""
IN_SIGHT = 24
"""Groups that are looked at in search of work that can be done now."""

Task = tuple[str, dict[str, Shape]]
"""A node, and the shapes of what it reads."""
Group = tuple[str, ...]


class Sharing:
    """Who is asked for what. `prepare` is called in the other processes, the rest in this one."""

    def __init__(
        self,
        crew: Crew[Task, bytes | None],
        task: Callable[[str], Task | None],
        adopt: Callable[[str, bytes], None],
    ) -> None:
        self._crew = crew
        self._task = task
        self._adopt = adopt

    def in_turn(
        self, groups: Iterator[Group], reads: Mapping[str, Sequence[str]]
    ) -> Iterator[Group]:
        """Each group after all that it reads; those first for which somebody has done the work.
        Whoever iterates links one before asking for the next."""
        linked: set[str] = set()
        open_: dict[Group, None] = {}
        given: dict[str, Group] = {}
        own: set[Group] = set()
        # what nobody need be asked for
        while True:
            while len(open_) < IN_SIGHT and (further := next(groups, None)) is not None:
                open_[further] = None
            if not (open_ or given):
                return
            ready = [
                group
                for group in open_
                if all(dep in linked or dep in group for uid in group for dep in reads[uid])
            ]
            for group in ready:
                if not self._crew.free:
                    break
                if group in own:
                    continue
                task = self._task(group[0]) if len(group) == 1 else None
                if task is None:
                    own.add(group)
                elif self._crew.give(task):
                    given[group[0]] = group
                    del open_[group]
            mine = next((group for group in ready if group in open_), None)
            done = [given.pop(uid) for uid in self._prepared(patient=mine is None)]
            if not done and mine is not None:
                del open_[mine]
                done = [mine]
            for group in done:
                yield group
                linked.update(group)

    def _prepared(self, *, patient: bool) -> Iterator[str]:
        for (uid, _), answer in self._crew.answers(patient=patient):
            if answer is not None:
                self._adopt(uid, answer)
            yield uid


@contextmanager
def shared(
    queries: int,
    prepare: Callable[[Task], bytes | None],
    task: Callable[[str], Task | None],
    adopt: Callable[[str, bytes], None],
) -> Iterator[Sharing | None]:
    """Others to share so many queries with; None where it isn't worth it, or can't be done."""
    if queries < ENOUGH:
        yield None
        return
    # takes a while to import, for runs that find all in the cache
    from pii_lint.crew import Crew, spare_hands

    hands = spare_hands()
    if not hands:
        yield None
        return
    with Crew(prepare, hands) as crew:
        yield Sharing(crew, task, adopt)
