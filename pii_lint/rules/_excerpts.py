"""Expressions as reports quote them, remembered from run to run.

To find where one begins and ends, its whole query has to be cut into words again, which takes as
long as half of parsing it.
"""

from __future__ import annotations

from pii_lint import cache, lineage


class Excerpts:
    """Pieces of queries in one dialect."""

    def __init__(self, dialect: str, project: str, *, remember: bool) -> None:
        self._dialect = dialect
        name = cache.digest("excerpts", cache.tool(), dialect, project)
        self._kept = cache.Pack(name, dict[str, str], remember=remember)
        self._known: dict[str, dict[str, str]] = {}
        self._longer: set[str] = set()

    def of(self, sql: str, start: int, end: int) -> str:
        """The expression around these characters, without literals and comments."""
        known = self._known.get(sql)
        if known is None:
            known = self._known[sql] = self._kept.get(sql) or {}
        place = f"{start}-{end}"
        if place not in known:
            known[place] = lineage.excerpt(sql, self._dialect, start, end)
            self._longer.add(sql)
        return known[place]

    def save(self) -> None:
        """Remember for the next run."""
        for sql in self._longer:
            self._kept.put(sql, self._known[sql])
        self._kept.save()
