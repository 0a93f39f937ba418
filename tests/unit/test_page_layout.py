"""Where relations stand on the page."""

from __future__ import annotations

import random

from pii_lint.reports.page.layout import Box, Spot, arranged


def test_zones_are_bands_from_left_to_right() -> None:
    spots = arranged(
        [
            Box("source", "raw", ()),
            Box("staged", "staging", ("source",)),
            Box("joined", "intermediate", ("staged",)),
            Box("open", "safe", ("joined",)),
            Box("closed", "restricted", ("source",)),
            Box("board", "export", ("open",)),
        ]
    )
    bands = ["source", "staged", "joined", "open", "board"]
    assert [spots[name].band for name in bands] == [0, 1, 2, 3, 4]
    assert spots["closed"].band == spots["open"].band


def test_what_no_zone_claims_stands_in_the_middle_unless_data_comes_in_there() -> None:
    spots = arranged([Box("seed", "", ()), Box("model", "", ("seed",))])
    assert (spots["seed"].band, spots["model"].band) == (0, 2)


def test_within_a_band_a_reader_stands_right_of_what_it_reads() -> None:
    spots = arranged(
        [
            Box("c", "intermediate", ("b", "a")),
            Box("b", "intermediate", ("a",)),
            Box("a", "intermediate", ("stranger",)),
        ]
    )
    assert [spots[name].rank for name in "abc"] == [0, 1, 2]


def test_a_cycle_is_placed_too() -> None:
    spots = arranged([Box("a", "safe", ("b", "a")), Box("b", "safe", ("a",))])
    assert sorted(spots) == ["a", "b"]
    assert {spot.band for spot in spots.values()} == {3}


def test_a_chain_of_any_length_is_placed() -> None:
    chain = [Box(str(n), "intermediate", (str(n - 1),)) for n in range(5000)]
    assert arranged(chain)["4999"].rank == 4999


def test_neighbours_stand_at_one_height() -> None:
    """Pairs that were named against the grain are untangled."""
    sources = [Box(f"s{n}", "raw", ()) for n in range(9)]
    readers = [Box(f"m{8 - n}", "staging", (f"s{n}",)) for n in range(9)]
    spots = arranged([*sources, *readers])
    assert all(spots[f"m{8 - n}"].order == spots[f"s{n}"].order for n in range(9))


def test_the_order_does_not_depend_on_the_order_given() -> None:
    chance = random.Random(7)
    boxes = [Box(f"s{n}", "raw", ()) for n in range(40)]
    boxes += [
        Box(f"m{n}", "safe", tuple(chance.sample([f"s{i}" for i in range(40)], 3)))
        for n in range(60)
    ]
    first = arranged(boxes)
    chance.shuffle(boxes)
    assert arranged(boxes) == first
    assert len(set(first.values())) == len(first)
    assert all(isinstance(spot, Spot) for spot in first.values())
