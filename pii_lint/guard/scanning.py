"""Look through stored values, one column at a time: what is met is counted, and forgotten."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

import msgspec

from pii_lint.data.payloads import blocklist
from pii_lint.data.values import value_patterns
from pii_lint.guard.detect import find
from pii_lint.guard.screening import patterns_of
from pii_lint.sightings import Asked, Sighting

_JSON = re.compile(r"\s*[{\[]")


def look_through(
    asked: Asked, columns: Sequence[str], rows: Iterable[Sequence[str | None]]
) -> tuple[int, tuple[Sighting, ...]]:
    """How many rows there were, and every shape and listed key that stands in them."""
    seen: list[Counter[str]] = [Counter() for _ in columns]
    looked = 0
    for row in rows:
        looked += 1
        for column, value, counter in zip(columns, row, seen, strict=True):
            if value:
                counter.update(patterns_in(value, column))
    sightings = [
        Sighting(
            node=asked.node,
            column=column,
            pattern=pattern,
            kind=_kinds()[pattern],
            rows=count,
            looked=looked,
            zone=asked.zone,
            standing=asked.standing(column),
        )
        for column, counter in zip(columns, seen, strict=True)
        for pattern, count in sorted(counter.items())
        if pattern in _kinds()
    ]
    return looked, tuple(sightings)


def patterns_in(text: str, column: str) -> frozenset[str]:
    """The shapes and listed keys in one stored value, JSON or not."""
    if _JSON.match(text):
        try:
            return patterns_of(msgspec.json.decode(text.encode("utf-8", "replace")), column)
        except (msgspec.DecodeError, RecursionError, ValueError):
            # no JSON after all
            pass
    return frozenset(match.pattern for match in find(text, column))


@cache
def _kinds() -> dict[str, str]:
    kinds = {pattern.name: pattern.kind for pattern in value_patterns()}
    return kinds | {f"key:{key.name}": key.kind for key in blocklist()}
