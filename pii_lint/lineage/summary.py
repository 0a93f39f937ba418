"""The symbolic summary of one query: what its columns are made of, without knowing any label.

A summary composes: an edge leads from a column that the query reads to a column that it gives,
through a short chain of operations. `labels` owns what an operation means, `propagation` puts
labels in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .schemas import Paths

ROWS = ""
"""`Ref.column` for the relation itself: whatever decided which rows it has."""
ROW_ID = "$row"
"""`Ref.column` for the engine's own number of a row."""
HELD = "$held"
"""`Ref.column` for what a relation's rows are all held to, perhaps one row; `path` has what else is
read beside it."""
TAIL = "*"
"""`Ref.column` for the columns of a relation that nobody listed."""
SETTING = "$setting"
"""`Ref.read` for a session variable, setting or argumentless function, in case the policy calls it
a secret."""
DECLARED = "declared:"
"""What `Ref.column` of a SETTING begins with for a tokeniser that the policy vouches for."""
KEYS = "$keys"
"""The last step of a `Ref.path` that asks for a container's keys, not its values."""
SCALAR = "$scalar"
"""The last step of a `Ref.path` that takes what it finds for a plain value, not for a container."""
ENTRY = "$entry"
"""Begins a step of a `Ref.path` into the rows that a container opens into. Each may be a pair of a
`key` and a `value`, whose key is data; `=` and a key follow where only that one is asked for."""
UNKNOWN = "$unknown"
"""`Ref.read` for a place where sight was lost; `Ref.column` says why."""


class Ref(NamedTuple):
    """A column of something that the query reads; `path` leads into a struct or JSON value, lower
    case."""

    read: str
    column: str
    path: tuple[str, ...] = ()


class Flow(NamedTuple):
    """The value goes on, perhaps changed. `how` is a set of the bits below; none of them lowers a
    form."""

    how: int
    tag: str = "flow"


CAST = 1  # another type, every character kept
CASE = 2  # lower, upper, trim
ENCODE = 4  # base64, hex, to_json: reversible
CONCAT = 8  # whole, inside something longer
NULLABLE = (
    16  # may be null where the row stands on the loose side of a join or a subquery finds no row
)
OPTIONAL = 32  # one of several candidates
SKIPPED = 64  # inside a concatenation that leaves nulls out
TRANSFORM = 128  # anything else
MOVED = 256  # a piece from a place that something else than the value decides
SIZING = 512  # says how long the result is, or how many there are
BUCKET = 1024  # and above: a digest by a small modulo, each such expression with its own number
CHANGED = CONCAT | TRANSFORM  # no longer the container whose fields could be told apart
UNKEYED = CASE | OPTIONAL | TRANSFORM  # what a secret may not have gone through


class Part(NamedTuple):
    """A proper part, proven by literal bounds. `width` is the number of characters kept, where
    that is known."""

    spec: str
    width: int | None = None
    tag: str = "part"


class Digest(NamedTuple):
    """A digest or cipher."""

    keys: frozenset[tuple[Ref, bool]]
    # the refs that enter whole; True where a null one would be left out and the digest made
    # without it
    function: str
    tag: str = "digest"


class Reveal(NamedTuple):
    """A decryption or detokenisation."""

    tag: str = "reveal"


class Floor(NamedTuple):
    """A fold over a plain column, of groups with at least so many values of another one."""

    folded: Ref
    counted: Ref
    least: int


class Fold(NamedTuple):
    """Many rows into one number, per group. `numeric`: the function takes nothing but numbers."""

    group: frozenset[Edge]
    numeric: bool
    behind: frozenset[tuple[Ref, Edge]] = frozenset()
    # a group key -> what each row of that key's relation was found equal to
    floors: tuple[Floor, ...] = ()
    tag: str = "fold"


class Test(NamedTuple):
    """A yes or no (or which of a few) about the value."""

    clause: str
    equated: bool = False
    tag: str = "test"


class Decode(NamedTuple):
    """A choice among literal outcomes, by the value."""

    outcomes: int
    tag: str = "decode"


class Signal(NamedTuple):
    """The value decided about rows or branches, and nothing else of it is left."""

    clause: str
    group: frozenset[Edge] = frozenset()
    # whose rows were counted or looked for: of one person, it may be the value after all
    tag: str = "signal"


Op = Flow | Part | Digest | Reveal | Fold | Test | Decode | Signal
Chain = tuple[Op, ...]
Edge = tuple[Ref, Chain]
Span = tuple[int, int]
"""Character offsets into the compiled SQL; the end is exclusive."""
Edges = dict[Edge, Span | None]


class RelationName(NamedTuple):
    """A relation as the SQL names it: (text, quoted) for each part, outermost first."""

    parts: tuple[tuple[str, bool], ...]

    @property
    def key(self) -> str:
        """A name for `Ref.read` and messages."""
        return ".".join(f'"{text}"' if quoted else text for text, quoted in self.parts)


class ShapeColumn(NamedTuple):
    """A known column: its key (lower case), its name as spelled, its name as the engine folds
    it."""

    key: str
    name: str
    exact: str
    listed: bool = False
    # surely a list, never a struct
    fields: Paths = ()
    # all of a struct's, or those of a list of structs, where they are known


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a relation's columns. A YAML list is neither complete nor ordered."""

    columns: tuple[ShapeColumn, ...] = ()
    complete: bool = False
    ordered: bool = False
    hidden: frozenset[str] = frozenset()
    # names that the open rest surely doesn't hold


@dataclass(slots=True)
class SummaryColumn:
    """An output column: edges by field path; `named` is False where only stars brought it here."""

    shape: ShapeColumn
    edges: Edges
    fields: Mapping[tuple[str, ...], Edges]
    # further edges that belong to one field of a struct or JSON value only
    span: Span | None
    named: bool


@dataclass(slots=True)
class MaskCall:
    """A digest or cipher call as written."""

    column: str
    function: str
    edges: Edges
    # what enters, before the digest
    keys: frozenset[tuple[Ref, bool]]
    literal: bool
    # a literal of 8 or more characters enters beside the value
    span: Span | None


@dataclass(slots=True)
class Summary:
    """One query, composed. `reads` maps `Ref.read` to the relation's name as written."""

    reads: dict[str, RelationName] = field(default_factory=dict)
    columns: list[SummaryColumn] = field(default_factory=list)
    tail: Edges | None = None
    # None: the columns above are all there are
    shape: Shape = field(default_factory=Shape)
    rows: Edges = field(default_factory=dict)
    filtered: bool = False
    # the relation may have fewer rows than what it reads, perhaps none
    held: frozenset[Edge] = frozenset()
    # what its rows are all held to: a fold over them is grouped by it
    unknowns: list[tuple[str, Span | None]] = field(default_factory=list)
    masks: list[MaskCall] = field(default_factory=list)
    lines: dict[str, Ref] = field(default_factory=dict)
    # columns that hold, row for row, one column of one relation
