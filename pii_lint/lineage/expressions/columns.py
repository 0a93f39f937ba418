"""Names: columns, whole rows, positions, parameters."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.names import resolve, surely
from pii_lint.lineage.scopes import Item, Scope, Tail
from pii_lint.lineage.summary import SETTING, TRANSFORM, UNKNOWN, Ref
from pii_lint.lineage.values import NOTHING, Value, flow, union
from pii_lint.lineage.walk import Handler, Walk

NAME_PARTS = ("catalog", "db", "table", "this")


def _column(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    found = surely(walk, e, scope)
    if found is not None:
        return found
    if isinstance(e.this, exp.Star):
        return row_of(walk, e.args.get("table"), scope)
    return resolve(walk, identifiers(e), scope)


def identifiers(e: exp.Expr) -> list[exp.Identifier]:
    """The parts of a column's name, outermost first."""
    parts = (e.args.get(key) for key in NAME_PARTS)
    return [part for part in parts if isinstance(part, exp.Identifier)]


def as_column(e: exp.Expr) -> exp.Expr:
    """A dotted name that sqlglot left as bare identifiers, as a column."""
    names: list[exp.Identifier] = []
    inner = e
    while isinstance(inner, exp.Dot) and isinstance(inner.expression, exp.Identifier):
        names.insert(0, inner.expression)
        inner = inner.this
    if not isinstance(inner, exp.Identifier) or len(names) >= len(NAME_PARTS):
        return e
    names.insert(0, inner)
    keys = NAME_PARTS[-len(names) :]
    return exp.Column(**{key: name.copy() for key, name in zip(keys, names, strict=True)})


def row_of(walk: Walk, table: exp.Expr | None, scope: Scope) -> Value:
    """A whole row: of the relation of that name, or of all that are in sight."""
    if table is None:
        return union(source.relation.row() for source in scope.sources if source.visible)
    source = scope.nearest(table.name.lower())
    if source is not None:
        return source.relation.row()
    return resolve(walk, [table], scope) if isinstance(table, exp.Identifier) else NOTHING


def _identifier(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    """NOTE: left of a dot sqlglot turns columns into bare identifiers."""
    with walk.quietly():
        found = resolve(walk, [e], scope) if isinstance(e, exp.Identifier) else NOTHING
    return NOTHING if any(ref.read == UNKNOWN and not ref.path for ref, _ in found.edges) else found


def _star(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    return row_of(walk, None, scope)


def item_at(position: int, scope: Scope) -> Item | None:
    """The item of FROM at a position, counted from 1; None where positions aren't certain that
    far."""
    for source in scope.sources:
        if not source.visible:
            continue
        items = source.relation.items
        if position <= min(source.relation.certain, len(items)):
            return items[position - 1]
        if source.relation.certain < len(items):
            return None
        position -= len(items)
    return None


def item_value(item: Item) -> Value:
    """What an item stands for."""
    return item.whole() if isinstance(item, Tail) else item.value


def _positional(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    item = item_at(int(e.name), scope) if e.name.isdigit() else None
    return item_value(item) if item is not None else flow(row_of(walk, None, scope), TRANSFORM)


def _parameter(walk: Walk, e: exp.Expr, scope: Scope) -> Value:
    name = e.name
    if name.isdigit() and scope.sources:
        return _positional(walk, e, scope)
    return Value({(Ref(SETTING, f"variable:{name.lower()}"), ()): walk.span}) if name else NOTHING


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Column: _column,
    exp.Identifier: _identifier,
    exp.Star: _star,
    exp.Columns: _star,
    exp.PositionalColumn: _positional,
    exp.Parameter: _parameter,
    exp.SessionParameter: _parameter,
    exp.Placeholder: _parameter,
}
