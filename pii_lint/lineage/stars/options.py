"""EXCLUDE, REPLACE and RENAME of one star."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions import value
from pii_lint.lineage.glyphs import FOLDS_ASCII, ascii_fold
from pii_lint.lineage.schemas import Schema
from pii_lint.lineage.scopes import Column, Item, Scope, Tail, fold
from pii_lint.lineage.values import Value, stamp, union
from pii_lint.lineage.walk import Walk


class Options:
    """EXCLUDE, REPLACE and RENAME of one star."""

    def __init__(self, walk: Walk, star: exp.Expr, scope: Scope) -> None:
        self.walk = walk
        excluded = _listed(star.args.get("except_") or star.args.get("except"))
        self.without = frozenset(e.name.lower() for e in excluded if not _table(e))
        self.spelled = frozenset(ascii_fold(e.name) for e in excluded)
        self.qualified = frozenset((_table(e), e.name.lower()) for e in excluded if _table(e))
        self.renames = {
            e.this.name.lower(): e.args["alias"]
            for e in _listed(star.args.get("rename"))
            if e.args.get("alias")
        }
        self.replaced: dict[str, Value] = {}
        for e in _listed(star.args.get("replace")):
            walk.reset()
            walk.column = e.alias_or_name
            self.replaced[e.alias_or_name.lower()] = stamp(
                value(walk, e.this, scope), walk.span, over=True
            )

    @property
    def signature(self) -> tuple[object, ...]:
        renames = tuple(sorted((old, new.name) for old, new in self.renames.items()))
        return (self.without, self.qualified, renames, frozenset(self.replaced))

    def applied(self, items: list[Item]) -> list[Item]:
        if not (self.without or self.renames or self.replaced):
            return items
        gone = self.without | frozenset(self.renames) | frozenset(self.replaced)
        result: list[Item] = []
        known: set[str] = set()
        for item in items:
            if isinstance(item, Tail):
                result.append(item.hiding(gone))
                continue
            known.add(item.key)
            if item.key in self.without:
                if self.walk.dialect in FOLDS_ASCII and ascii_fold(item.name) not in self.spelled:
                    # the case of a letter outside ASCII tells them apart
                    result.append(item)
                continue
            if item.key in self.replaced:
                item = item.having(self.replaced[item.key], named=True)
                # of another type, perhaps
                item.schema = None
            if item.key in self.renames:
                result.append(self._renamed(self.renames[item.key], item.value, item.schema))
            else:
                result.append(item)
        tails = [item for item in items if isinstance(item, Tail)]
        for key, content in self.replaced.items():
            if key not in known and key not in self.renames:
                result.append(Column(key, key, fold(key, False, self.walk.dialect), content))
        for key, new in self.renames.items():
            if key not in known:
                brought = union(v for tail in tails if (v := tail.column(key)) is not None)
                content = self.replaced.get(key, brought)
                result.append(self._renamed(new, content))
        return result

    def _renamed(self, new: exp.Expr, content: Value, schema: Schema = None) -> Column:
        name, quoted = new.name, bool(new.args.get("quoted"))
        exact = fold(name, quoted, self.walk.dialect)
        return Column(name.lower(), name, exact, content, schema=schema)


def _table(e: exp.Expr) -> str:
    return e.table.lower() if isinstance(e, exp.Column) else ""


def _listed(arg: object) -> list[exp.Expr]:
    if isinstance(arg, exp.Expr):
        return list(arg.expressions) or [arg]
    return [e for e in arg if isinstance(e, exp.Expr)] if isinstance(arg, list) else []
