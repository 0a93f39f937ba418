"""Materializations that aren't dbt's own but are known to write what a node's SQL says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache

from pii_lint.data.names import catalogue


def is_known(macro_sql: str) -> bool:
    """True for the text of one that was read."""
    return digest(macro_sql) in _digests()


def own_packages(adapter: str) -> frozenset[str]:
    """Packages whose macros are dbt's own."""
    listed = catalogue("materializations.yml").get("own")
    more = map(str, listed) if isinstance(listed, list) else ()
    return frozenset({"dbt", f"dbt_{adapter}", *more})


def carrying(materialized: str) -> tuple[str, ...]:
    """Patterns of the names of macros that carry a node's SQL into its relation."""
    listed = catalogue("materializations.yml").get("carrying")
    found = [listed.get(key) for key in ("*", materialized)] if isinstance(listed, Mapping) else []
    return tuple(str(name) for names in found if isinstance(names, list) for name in names)


def digest(macro_sql: str) -> str:
    """By what a text is known; how much white space stands between words doesn't count."""
    return hashlib.sha256(" ".join(macro_sql.split()).encode()).hexdigest()


@cache
def _digests() -> frozenset[str]:
    known = catalogue("materializations.yml").get("known")
    return frozenset(map(str, known.values())) if isinstance(known, Mapping) else frozenset()
