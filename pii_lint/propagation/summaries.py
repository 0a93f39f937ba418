"""Summaries of queries, worked out once and remembered from run to run.

A summary depends on the tool, the dialect, what functions do, the SQL and the shapes that it asked
for; on no label, kind, zone or secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pii_lint import cache, lineage
from pii_lint.data.functions import FunctionSpec
from pii_lint.lineage.packing import PackedSummary, packed, unpacked
from pii_lint.lineage.summary import RelationName, Shape, Summary

MOST_VARIANTS = 8
"""Of one query, by the shapes of what it reads: branches, rounds of a fixpoint, the last runs."""

Asked = list[tuple[RelationName, str]]
"""Relations and digests of the shapes that a summary asked for; empty for none."""


@dataclass(slots=True)
class Kept:
    """What is remembered of one SQL text."""

    relations: list[RelationName] | None = None
    # what it may read, once that was asked
    variants: list[tuple[Asked, PackedSummary | str]] = field(default_factory=list)
    # or the reason why there is no summary


class Summaries:
    """Asked for the relations that a text reads, then for its summary."""

    def __init__(
        self,
        dialect: str,
        functions: Mapping[str, FunctionSpec],
        own: lineage.Overrides,
        project: str,
        *,
        remember: bool,
    ) -> None:
        self._dialect = dialect
        self._functions = functions
        self._own = own
        self._trees: dict[str, lineage.Query] = {}
        self._digests: dict[Shape, str] = {}
        names = sorted((node.__name__, sorted(names)) for node, names in own.items())
        catalogue = repr((sorted(functions.items()), names)) if remember else ""
        name = cache.digest("summaries", cache.tool(), dialect, catalogue, project)
        self._kept = cache.Pack(name, Kept, remember=remember)

    @property
    def remembers(self) -> bool:
        """True where what was worked out is kept, for this run and the next."""
        return self._kept.remembers

    def relations(self, sql: str) -> tuple[RelationName, ...]:
        """Names of what a query may read. Raises ValueError with a literal-free reason."""
        kept = self._kept.get(sql) or Kept()
        if kept.relations is None:
            kept.relations = list(self._tree(sql).relations)
            self._kept.put(sql, kept)
        return tuple(kept.relations)

    def summary(self, sql: str, shapes: lineage.Shapes) -> Summary:
        """The query's summary. Raises ValueError with a literal-free reason."""
        kept = self._kept.get(sql)
        for asked, known in kept.variants if kept is not None else ():
            if all(self._digest(shapes(name)) == digest for name, digest in asked):
                if isinstance(known, str):
                    raise ValueError(known)
                return unpacked(known)
        return self._walked(sql, shapes)

    def begun(self, sql: str) -> bool:
        """True where something is known of a query already, if only its syntax tree."""
        return sql in self._trees or self._kept.knows(sql)

    def prepared(self, sql: str, shapes: lineage.Shapes) -> bytes | None:
        """The query's summary, or why there is none, for `adopt` in another process."""
        with suppress(ValueError):
            self.summary(sql, shapes)
        self.forget(sql)
        return self._kept.handed_over(sql)

    def adopt(self, sql: str, prepared: bytes) -> None:
        """Know what another process prepared."""
        self._kept.take_over(sql, prepared)

    def forget(self, sql: str) -> None:
        """Let a syntax tree go."""
        self._trees.pop(sql, None)

    def save(self) -> None:
        """Remember for the next run."""
        self._kept.save()

    def _walked(self, sql: str, shapes: lineage.Shapes) -> Summary:
        asked: dict[RelationName, str] = {}

        def noted(name: RelationName) -> Shape | None:
            shape = shapes(name)
            asked[name] = self._digest(shape)
            return shape

        try:
            summary = lineage.summarize(
                self._tree(sql), self._dialect, self._functions, noted, own=self._own
            )
        except ValueError as error:
            self._keep(sql, asked, str(error))
            raise
        self._keep(sql, asked, packed(summary) if self._kept.remembers else None)
        return summary

    def _keep(
        self, sql: str, asked: dict[RelationName, str], known: PackedSummary | str | None
    ) -> None:
        if known is not None:
            kept = self._kept.get(sql) or Kept()
            kept.variants = [(list(asked.items()), known), *kept.variants][:MOST_VARIANTS]
            self._kept.put(sql, kept)

    def _tree(self, sql: str) -> lineage.Query:
        if sql not in self._trees:
            self._trees[sql] = lineage.read(sql, self._dialect)
        return self._trees[sql]

    def _digest(self, shape: Shape | None) -> str:
        if shape is None or not self._kept.remembers:
            return ""
        if shape not in self._digests:
            hidden = sorted(shape.hidden)
            facts = repr((shape.columns, shape.complete, shape.ordered, hidden))
            self._digests[shape] = cache.digest(facts)
        return self._digests[shape]
