"""Relations inside a query, and how a name finds its column (ENGINE, "Names by dialect")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from .schemas import Schema, element, schema_of_paths
from .summary import HELD, ROWS, TAIL, Edge, Edges, Ref, Shape, ShapeColumn, Span
from .values import NOTHING, Value, descend, merge, told, union

QUOTED_EXACT = frozenset({"postgres", "snowflake", "oracle"})
"""Dialects in which a quoted identifier keeps its case and is told apart from the folded one."""
FOLDS_TO_UPPER = frozenset({"snowflake", "oracle"})


def fold(name: str, quoted: bool, dialect: str) -> str:
    """The identifier as the engine compares it."""
    if quoted and dialect in QUOTED_EXACT:
        return name
    return name.upper() if dialect in FOLDS_TO_UPPER else name.lower()


class Column:
    """A column of a relation inside a query."""

    __slots__ = ("exact", "key", "name", "named", "schema", "span", "value")

    def __init__(
        self,
        key: str,
        name: str,
        exact: str,
        value: Value,
        named: bool = True,
        span: Span | None = None,
        schema: Schema = None,
    ) -> None:
        self.key = key
        self.name = name
        self.exact = exact
        self.value = value
        self.named = named
        self.span = span
        self.schema = schema

    def having(
        self, value: Value, *, named: bool | None = None, span: Span | None = None
    ) -> Column:
        """The same column with another value, perhaps written elsewhere."""
        named = self.named if named is None else named
        span = span or self.span
        return Column(self.key, self.name, self.exact, value, named, span, self.schema)


class Tail:
    """Columns of a relation that nobody listed: those of `read`, or anything made of `value`."""

    __slots__ = ("hidden", "read", "value")

    def __init__(
        self, read: str | None, hidden: frozenset[str] = frozenset(), value: Value = NOTHING
    ) -> None:
        self.read = read
        self.hidden = hidden
        self.value = value

    def column(self, key: str) -> Value | None:
        """What a name stands for in here; None where it surely isn't in here."""
        if key in self.hidden:
            return None
        own = Value({(Ref(self.read, key), ()): None}) if self.read is not None else NOTHING
        return union((own, descend(self.value, key)))

    def whole(self) -> Value:
        """All of it."""
        own = Value({(Ref(self.read, TAIL), ()): None}) if self.read is not None else NOTHING
        return union((own, self.value))

    def hiding(self, names: frozenset[str]) -> Tail:
        """The same tail without these names."""
        return Tail(self.read, self.hidden | names, self.value) if names else self


Item = Column | Tail


class Relation:
    """What a query, a table or a table function gives: columns in order, an open rest, what
    decided the rows."""

    __slots__ = ("_index", "certain", "filtered", "items", "pattern", "pinned", "rows", "scalar")

    def __init__(
        self,
        items: list[Item],
        *,
        certain: int | None = None,
        rows: Edges | None = None,
        filtered: bool = False,
        pattern: tuple[object, ...] | None = None,
        pinned: frozenset[Edge] = frozenset(),
        scalar: bool = False,
    ) -> None:
        self.items = items
        self.certain = len(items) if certain is None else certain
        # so many leading items stand at their position for sure
        self.rows: Edges = {} if rows is None else rows
        self.filtered = filtered
        self.pattern = pattern
        # equal patterns mean equal columns in equal order, whatever that order is
        self.pinned = pinned
        # what its rows are all held to: a fold over them is grouped by it
        self.scalar = scalar
        # of a function that gives one value a row: its row is that value
        self._index: dict[str, list[Column]] | None = None

    @property
    def columns(self) -> Iterator[Column]:
        """The known columns, in order."""
        return (item for item in self.items if isinstance(item, Column))

    @property
    def tails(self) -> Iterator[Tail]:
        """The open rests."""
        return (item for item in self.items if isinstance(item, Tail))

    def find(self, key: str, exact: str | None = None) -> list[Column]:
        """Known columns of that name; where case tells some apart, only those that match
        exactly."""
        if self._index is None:
            index: dict[str, list[Column]] = {}
            for column in self.columns:
                index.setdefault(column.key, []).append(column)
            self._index = index
        found = self._index.get(key, [])
        if len(found) > 1 and exact is not None:
            return [column for column in found if column.exact == exact] or found
        return found

    def candidates(self, key: str, exact: str | None = None) -> list[Value]:
        """What a name may stand for: the known columns, else what the open rests may have of it."""
        known = [column.value for column in self.find(key, exact)]
        return known or [v for tail in self.tails if (v := tail.column(key)) is not None]

    def row(self) -> Value:
        """The whole row as one value, each column a field."""
        fields: dict[str, Value] = {}
        for column in self.columns:
            fields[column.key] = union((fields.get(column.key, NOTHING), column.value))
        row = Value(union(tail.whole() for tail in self.tails).edges, fields)
        return union((row, *(column.value for column in self.columns))) if self.scalar else row


def _of(read: str, column: ShapeColumn) -> Value:
    return _at(Ref(read, column.key), schema_of_paths(column.fields))


def _at(ref: Ref, schema: Schema) -> Value:
    while isinstance(schema, list):
        schema = element(schema)
    if not isinstance(schema, dict):
        return Value({(ref, ()): None})
    fields = {key: _at(ref._replace(path=(*ref.path, key)), schema[key]) for key in schema}
    return Value({}, fields)


def _schema_of(column: ShapeColumn) -> Schema:
    return schema_of_paths(column.fields) if column.fields or not column.listed else [None]


def base(read: str, shape: Shape) -> Relation:
    """A relation outside the query."""
    items: list[Item] = [
        Column(c.key, c.name, c.exact, _of(read, c), False, schema=_schema_of(c))
        for c in shape.columns
    ]
    if not shape.complete:
        items.append(Tail(read, shape.hidden))
    return Relation(
        items,
        certain=len(shape.columns) if shape.ordered else 0,
        rows={(Ref(read, ROWS), ()): None},
        pattern=(read,),
        pinned=frozenset({(Ref(read, HELD), ())}),
    )


@dataclass(slots=True)
class Source:
    """A relation in FROM under the name it goes by there."""

    key: str
    relation: Relation
    visible: bool = True
    # False on the hidden side of a semi or anti join
    merged: frozenset[str] = frozenset()
    # columns that `using` or `natural` merged into those of an earlier source
    joint: frozenset[str] = frozenset()
    # columns that went into a merged one, on either side
    how: int = 0
    # NULLABLE on the loose side of an outer join


@dataclass(slots=True)
class Scope:
    """What names mean at one place of a query."""

    parent: Scope | None = None
    ctes: dict[str, Relation] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    locals: dict[str, Value] = field(default_factory=dict)
    # lambda parameters and loop variables, which shadow columns
    rows: frozenset[str] = frozenset()
    # those of them that are surely structs without names
    aliases: dict[str, Value] = field(default_factory=dict)
    # of the select list, for lateral references
    schemas: dict[str, Schema] = field(default_factory=dict)
    # what is known of their types
    merged: dict[str, Value] = field(default_factory=dict)
    # columns of `using` and `natural`: copies of both sides
    equated: dict[tuple[int, str], Value] = field(default_factory=dict)
    # (id of a source, column) -> what it was found equal to
    pending: dict[str, Callable[[], Value]] = field(default_factory=dict)
    # select-list items not yet read, for engines that let a name refer to a later one
    scalars: dict[str, exp.CTE] = field(default_factory=dict)
    # expressions that a WITH clause names
    group: frozenset[Edge] = frozenset()
    behind: frozenset[tuple[Ref, Edge]] = frozenset()
    pinned: frozenset[Edge] = frozenset()
    floors: tuple[tuple[Ref, int], ...] = ()
    # columns of which each group has at least so many values
    tied: frozenset[Edge] = frozenset()
    # what ties the rows to one row of an outer query
    windows: dict[str, exp.Window] = field(default_factory=dict)
    siblings: bool = False
    # the parent is the FROM clause that this query stands in: asked only for names nobody here may
    # own
    shadowing: bool = False
    # here or further out there are locals

    def __post_init__(self) -> None:
        self.shadowing = bool(self.locals) or (self.parent is not None and self.parent.shadowing)

    def alias(self, key: str) -> Value | None:
        """An item of the select list by its alias."""
        if key not in self.aliases and key in self.pending:
            self.aliases[key] = self.pending.pop(key)()
        return self.aliases.get(key)

    def names(self, key: str) -> bool:
        """True where an item of the select list has that alias."""
        return key in self.aliases or key in self.pending

    def cte(self, key: str) -> Relation | None:
        """The CTE of that name, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            if key in scope.ctes:
                return scope.ctes[key]
            scope = scope.parent
        return None

    def local(self, key: str) -> Value | None:
        """A lambda parameter or loop variable of that name."""
        scope: Scope | None = self
        while scope is not None:
            if key in scope.locals:
                return scope.locals[key]
            scope = scope.parent
        return None

    def is_row(self, key: str) -> bool | None:
        """Whether a parameter or variable is surely a struct without names; None where there is no
        such parameter."""
        scope: Scope | None = self
        while scope is not None:
            if key in scope.locals:
                return key in scope.rows
            scope = scope.parent
        return None

    def nearest(self, key: str) -> Source | None:
        """The source of that name, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            source = scope.source(key)
            if source is not None:
                return source
            scope = scope.parent
        return None

    def source(self, key: str) -> Source | None:
        """The source of that name in this scope."""
        for source in self.sources:
            if source.key == key:
                return source
        return None


def rows_of(sources: list[Source]) -> Edges:
    """What decided the rows of all sources together."""
    edges: Edges = {}
    for source in sources:
        merge(edges, source.relation.rows)
    return edges


def makers_of(sources: list[Source]) -> Value:
    """The values that said how many rows of all sources there are."""
    return union(told(source.relation.rows) for source in sources)
