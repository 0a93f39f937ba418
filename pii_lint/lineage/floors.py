"""The smallest group that a query demands: `having count(distinct person) >= k`.

A count says something of a fold only where both see the same rows, so columns are followed from
their relation to here only as long as each row stays a row of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlglot import exp

from .expressions import value
from .expressions.conditions import conjuncts
from .scopes import Scope
from .sql import name_of
from .summary import CASE, CAST, CONCAT, ENCODE, Digest, Edges, Flow, Ref, Test
from .walk import Walk

AT_LEAST: dict[type[exp.Expr], int] = {exp.GTE: 0, exp.GT: 1}
AT_MOST: dict[type[exp.Expr], int] = {exp.LTE: 0, exp.LT: 1}
STAYS_WHOLE = CAST | CASE | ENCODE | CONCAT
"""What may be done to a value without giving two rows of one person two values."""
UNFOLLOWED = ("pivots", "laterals", "match", "connect")
LEAVES = frozenset({exp.Column, exp.Literal, exp.DataType})
MAKES_ROWS = (exp.UDTF, exp.Explode, exp.Inline)


class Mentions:
    """How often relations are read where rows stay rows; `constant`: for one value, the same in
    each row."""

    def __init__(self) -> None:
        self.moving: Counter[str] = Counter()
        self.constant: set[str] = set()

    def straight(self, edges: Edges) -> Ref | None:
        """The one column that a value is whole and unmixed, of a relation that is read once."""
        found = None
        for ref, chain in edges:
            if chain == (Test("join", True),) or chain == (Test("filter", True),):
                # what it was found equal to
                continue
            if ref.read in self.constant and not self.moving[ref.read]:
                continue
            if (
                found is not None
                or ref.path
                or not all(
                    isinstance(op, Digest) or (isinstance(op, Flow) and not op.how & ~STAYS_WHOLE)
                    for op in chain
                )
            ):
                return None
            found = ref
        return found if found is not None and self.moving[found.read] == 1 else None


def demanded(walk: Walk, e: exp.Select, scope: Scope) -> tuple[tuple[Ref, int], ...]:
    """The columns of which a query asks for so many different values in each of its groups."""
    having = e.args.get("having")
    asked = list(_asked(having.this)) if having is not None else []
    mentions = Mentions()
    if not asked or not _gather(e, mentions, folding=True):
        return ()
    with walk.quietly():
        read = [(value(walk, column, scope), least) for column, least in asked]
    found = [(mentions.straight(v.edges), least) for v, least in read if not v.fields]
    return tuple((ref, least) for ref, least in found if ref is not None)


def lines(tree: exp.Expr) -> Mentions | None:
    """Whether each row of a query is a row of the relations that it reads; None where not."""
    mentions = Mentions()
    return mentions if _gather(tree, mentions, folding=False) else None


def _asked(condition: exp.Expr) -> Iterator[tuple[exp.Expr, int]]:
    for node in conjuncts(condition):
        for sizes, counted, bound in (
            (AT_LEAST, node.this, node.args.get("expression")),
            (AT_MOST, node.args.get("expression"), node.this),
        ):
            column, least = _counted(counted), _whole(bound)
            if type(node) in sizes and column is not None and least is not None:
                yield column, least + sizes[type(node)]


def _counted(e: object) -> exp.Expr | None:
    """The column in `count(distinct column)`; a filter only makes the count smaller."""
    inner = e.unnest() if isinstance(e, exp.Expr) else None
    inner = inner.this if isinstance(inner, exp.Filter) else inner
    distinct = inner.this if isinstance(inner, exp.Count) and not inner.expressions else None
    if not isinstance(distinct, exp.Distinct) or len(distinct.expressions) != 1:
        return None
    column = distinct.expressions[0].unnest()
    return column if isinstance(column, exp.Column) else None


def _whole(e: object) -> int | None:
    if not isinstance(e, exp.Literal) or e.is_string:
        return None
    return int(e.name) if e.name.isascii() and e.name.isdigit() and len(e.name) < 10 else None


def _gather(e: exp.Expr, mentions: Mentions, *, folding: bool) -> bool:
    """Note what a query reads; False where its rows are no rows of what it reads."""
    if not isinstance(e, exp.Select) or any(e.args.get(key) for key in UNFOLLOWED):
        return False
    if not folding and any(e.args.get(key) for key in ("group", "having", "kind")):
        return False
    first = e.args.get("from_") or e.args.get("from")
    items = [first.this] if first is not None else []
    items += [join.this for join in e.args.get("joins") or ()]
    while items:
        item = items.pop()
        if item.args.get("pivots") or not _followed(item, mentions):
            return False
        items += [join.this for join in item.args.get("joins") or ()]
    for node in _within(e):
        if isinstance(node, MAKES_ROWS) or (not folding and _folds(node, e)):
            return False
        if isinstance(node, exp.Table) and not _noted(node, mentions):
            return False
    return True


def _followed(item: exp.Expr, mentions: Mentions) -> bool:
    """One item of FROM, and what it is made of."""
    if isinstance(item, exp.Subquery):
        return not item.args.get("with_") and _gather(item.this, mentions, folding=False)
    if not isinstance(item, exp.Table):
        return False
    cte = _cte(item)
    if cte is not None:
        recursive = cte.parent is not None and cte.parent.args.get("recursive")
        return not recursive and _gather(cte.this, mentions, folding=False)
    name = name_of(item)
    if name is None:
        return False
    mentions.moving[name.key] += 1
    return True


def _noted(table: exp.Table, mentions: Mentions) -> bool:
    """A relation that is read in a subquery inside an expression."""
    name = name_of(table)
    if name is None or _cte(table) is not None:
        return False
    if _is_constant(table):
        mentions.constant.add(name.key)
    else:
        mentions.moving[name.key] += 1
    return True


CONSTANT = frozenset({"kind", "hint", "distinct", "expressions", "limit", "operation_modifiers"})


def _is_constant(table: exp.Table) -> bool:
    """True in `(select salt from salts)`: one value, whichever row asks for it."""
    query = table.parent_select
    if not isinstance(query, exp.Select) or not isinstance(query.parent, exp.Subquery):
        return False
    if isinstance(query.parent.parent, exp.From | exp.Join | exp.In | exp.Exists):
        return False
    first = query.args.get("from_") or query.args.get("from")
    parts = {key for key, part in query.args.items() if part and part is not first}
    plain = len(query.expressions) == 1 and isinstance(query.expressions[0].unalias(), exp.Column)
    return first is not None and first.this is table and plain and parts <= CONSTANT


def _folds(node: exp.Expr, e: exp.Select) -> bool:
    """True for an aggregate that makes one row of many; over a window it makes none."""
    if not isinstance(node, exp.AggFunc):
        return False
    above = node.find_ancestor(exp.Window, exp.Query)
    return above is e


def _within(e: exp.Select) -> Iterator[exp.Expr]:
    """What a query is written with, its common table expressions and what stands in FROM apart."""
    for key, part in e.args.items():
        if key in ("with_", "with", "from_", "from"):
            continue
        for inner in part if isinstance(part, list) else [part]:
            if isinstance(inner, exp.Join):
                for condition in (inner.args.get("on"), inner.args.get("match_condition")):
                    if isinstance(condition, exp.Expr):
                        yield from condition.walk(prune=_is_leaf)
            elif isinstance(inner, exp.Expr):
                yield from inner.walk(prune=_is_leaf)


def _is_leaf(node: exp.Expr) -> bool:
    return type(node) in LEAVES


def _cte(table: exp.Table) -> exp.CTE | None:
    """The common table expression that a name means: the nearest that stands before it."""
    if table.args.get("db") is not None:
        return None
    name = table.name.lower()
    below: exp.Expr = table
    inside: exp.Expr | None = None
    above = table.parent
    while above is not None:
        if isinstance(above, exp.With):
            inside = below
        with_ = above.args.get("with_") or above.args.get("with")
        if isinstance(with_, exp.With):
            for cte in with_.expressions:
                if cte is inside and below is with_:
                    break
                if cte.alias.lower() == name and isinstance(cte, exp.CTE):
                    return cte
        below, above = above, above.parent
    return None
