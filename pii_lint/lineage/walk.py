"""The state of one walk over one query, and the two entrances that the other modules call back
into."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlglot import exp

from pii_lint.data.functions import FunctionSpec

from .overrides import Overrides
from .scopes import Relation, Scope
from .summary import UNKNOWN, Edge, MaskCall, Ref, RelationName, Shape, Span
from .values import Value

Shapes = Callable[[RelationName], Shape | None]
"""What is known of a relation's columns; None for a relation that nothing explains."""


COLUMN_SETS = ("columns",)
ROW_MAKERS = ("unnest", "explode", "inline", "flatten", "arrayjoin", "generate_subscripts")
"""In whatever names sqlglot has classes of their own for them."""
ROWS_BY_NAME = frozenset({"postgres", "redshift"})
"""Dialects in which other functions, too, give several rows for one."""


@dataclass(slots=True)
class WindowFrame:
    """Where a window function computes: its partition, and whether rows have an order or a
    frame."""

    partition: frozenset[Edge]
    framed: bool


@dataclass(slots=True)
class Walk:
    """One walk. `value` and `query` are the recursion; the rest is what it notes on the way."""

    dialect: str
    functions: Mapping[str, FunctionSpec]
    shapes: Shapes
    value: Callable[[Walk, exp.Expr, Scope], Value]
    query: Callable[[Walk, exp.Expr, Scope | None], Relation]
    text: str | None
    # as a Query has it
    overrides: Overrides = field(default_factory=dict)
    reads: dict[str, RelationName] = field(default_factory=dict)
    unknowns: dict[tuple[str, Span | None], None] = field(default_factory=dict)
    masks: dict[int, MaskCall] = field(default_factory=dict)
    buckets: dict[str, int] = field(default_factory=dict)
    # digests by a small modulo, numbered
    window: WindowFrame | None = None
    column: str = "*"
    # the output column being read, for mask records
    low: int = -1
    high: int = -1
    # the span of the identifiers met since the last reset
    outer: bool = False
    # set when a name was found in an outer query
    quiet: bool = False
    # an unresolved name is no news: it will be read again
    natures: bool = False
    # a column was met that is surely a list or a struct
    column_sets: bool = field(init=False)
    row_makers: bool = field(init=False)
    # what the SQL doesn't mention needs no looking for

    def __post_init__(self) -> None:
        self.column_sets = self._mentions(COLUMN_SETS)
        self.row_makers = self.dialect in ROWS_BY_NAME or self._mentions(ROW_MAKERS)

    def _mentions(self, words: Iterable[str]) -> bool:
        """False where none of these words stands anywhere in the SQL."""
        return self.text is None or any(word in self.text for word in words)

    def met(self, identifier: exp.Expr | None) -> None:
        """Widen the current span by an identifier."""
        if identifier is None:
            return
        meta = identifier.meta
        start = meta.get("start")
        if start is not None:
            if self.low < 0 or start < self.low:
                self.low = start
            self.high = max(self.high, meta["end"] + 1)

    def reset(self) -> None:
        """Begin a new span."""
        self.low = self.high = -1

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Lose sight without a note: what is read here is read elsewhere, too."""
        before, self.quiet = self.quiet, True
        try:
            yield
        finally:
            self.quiet = before

    @property
    def span(self) -> Span | None:
        """The current span."""
        return (self.low, self.high) if self.low >= 0 else None

    def unknown(self, reason: str) -> Value:
        """Sight is lost here."""
        if not self.quiet:
            self.unknowns.setdefault((reason, self.span))
        return Value({(Ref(UNKNOWN, reason), ()): self.span})


Handler = Callable[[Walk, exp.Expr, Scope], Value]
"""What an expression of one sort is made of."""


def values(walk: Walk, items: Iterable[exp.Expr], scope: Scope) -> list[Value]:
    """The values of several expressions."""
    value = walk.value
    return [value(walk, item, scope) for item in items]
