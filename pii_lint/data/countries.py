"""Which area of law a country stands in: `countries.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pii_lint.data.names import catalogue

AREAS = ("eu", "eea", "uk", "elsewhere")


@cache
def country_columns() -> tuple[str, ...]:
    """Names of columns that hold where a person lives, the likeliest first."""
    listed = catalogue("countries.yml").get("columns")
    return tuple(str(name) for name in listed) if isinstance(listed, list | tuple) else ()


@cache
def spellings() -> Mapping[str, tuple[str, ...]]:
    """For each area, every spelling of its countries in upper case."""
    content = catalogue("countries.yml")
    found: dict[str, tuple[str, ...]] = {}
    for area in AREAS:
        listed = content.get(area)
        countries = listed.items() if isinstance(listed, Mapping) else ()
        words = [word for code, names in countries for word in (code, *_words(names))]
        found[area] = tuple(dict.fromkeys(str(word).upper() for word in words))
    return found


def _words(names: object) -> tuple[str, ...]:
    return tuple(str(name) for name in names) if isinstance(names, list | tuple) else ()
