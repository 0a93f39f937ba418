"""A seeded minute of the campaign: random queries, run with personal data altered, against the
labels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.campaign import Apart, Tally

NUMBERS = range(500)
MOST_REJECTED = 0.08
"""Programs that DuckDB may refuse: more, and the generator has gone astray."""
LEAST_LABELLED = 0.4
"""Programs whose last model must carry some label: fewer, and little is tested."""


class Judged(dict[int, Tally]):
    """What each program shows; judged when it is asked for."""

    def __init__(self, apart: Apart) -> None:
        super().__init__()
        self.apart = apart

    def __missing__(self, number: int) -> Tally:
        self[number] = self.apart.judged(number)
        return self[number]


@pytest.fixture(scope="module")
def judged() -> Iterator[Judged]:
    apart = Apart()
    yield Judged(apart)
    apart.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", NUMBERS)
def test_what_a_changed_value_moves_is_labelled_in_a_random_query(
    judged: Judged, number: int
) -> None:
    found = judged[number].misses.values()
    assert not found, "\n\n".join(map(str, found))


@pytest.mark.slow
def test_the_random_queries_are_worth_running(judged: Judged) -> None:
    seen = Tally()
    for number in NUMBERS:
        seen.add(judged[number])
    assert len(seen.crashes) <= 0.01 * seen.run
    assert seen.rejected < MOST_REJECTED * seen.run
    assert seen.labelled > LEAST_LABELLED * seen.run
    assert seen.altered > seen.run
    assert seen.unknown < 0.05 * seen.run
