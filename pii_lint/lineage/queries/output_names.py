"""The names that engines give the columns of a select list."""

from __future__ import annotations

from sqlglot import exp

from pii_lint.lineage.expressions.calls import function_name
from pii_lint.lineage.glyphs import FOLDS_ASCII, ascii_fold
from pii_lint.lineage.headings import heading
from pii_lint.lineage.scopes import Column, Item, Tail
from pii_lint.lineage.values import union
from pii_lint.lineage.walk import Walk


def output_name(walk: Walk, item: exp.Expr) -> tuple[str, bool]:
    """The name of one item, and whether it is quoted."""
    written = item.args.get("alias" if isinstance(item, exp.Alias) else "this")
    if type(written) is exp.Identifier and isinstance(item, (exp.Alias, exp.Column)):
        return written.args["this"], bool(written.args.get("quoted"))
    if isinstance(item, exp.Alias):
        alias = item.args["alias"]
        return item.alias, bool(alias.args.get("quoted")) if isinstance(alias, exp.Expr) else False
    if isinstance(item, exp.Column) or (isinstance(item, exp.Dot) and not _bracketed(walk, item)):
        return item.name or item.expression.name, bool(item.this.args.get("quoted"))
    if isinstance(item, exp.Paren | exp.Cast) and walk.dialect == "postgres":
        return output_name(walk, item.this)
    if walk.dialect == "duckdb":
        return _duckdb_name(walk, item), True
    return (item.output_name or function_name(item)).lower(), True


def _bracketed(walk: Walk, e: exp.Expr) -> bool:
    """True for `(s).a`, which DuckDB doesn't call `a`."""
    return walk.dialect == "duckdb" and isinstance(e.this, exp.Paren | exp.Bracket)


def _duckdb_name(walk: Walk, item: exp.Expr) -> str:
    while isinstance(item, exp.Paren):
        item = item.this
    return item.name if isinstance(item, exp.Column) else heading(item, walk.text)


def keep_apart(e: exp.Select, items: list[Item]) -> None:
    """An engine's own name for an unnamed expression never stands in for a name somebody wrote."""
    if len(items) != len(e.expressions):
        return
    written = {e.alias_or_name.lower() for e in e.expressions if _is_named(e)}
    for i, (item, expression) in enumerate(zip(items, e.expressions, strict=True), 1):
        if isinstance(item, Column) and not _is_named(expression) and item.key in written:
            item.key = item.name = item.exact = f"{item.key} #{i}"


def _is_named(item: exp.Expr) -> bool:
    return isinstance(item, exp.Alias) or (
        isinstance(item, exp.Column) and isinstance(item.this, exp.Identifier)
    )


def tell_apart(walk: Walk, items: list[Item]) -> None:
    """Do with columns of one name what the engine does."""
    if walk.dialect in FOLDS_ASCII:
        _blend_cases(items)
    if walk.dialect == "duckdb":
        _suffix(items)


def _blend_cases(items: list[Item]) -> None:
    """Names that differ in the case of a letter outside ASCII are two to the engine and one here:
    each may mean the other."""
    if all(item.name.isascii() for item in items if isinstance(item, Column)):
        return
    alike: dict[str, list[Column]] = {}
    for item in items:
        if isinstance(item, Column):
            alike.setdefault(item.key, []).append(item)
    for columns in alike.values():
        if len({ascii_fold(column.name) for column in columns}) > 1:
            whole = union(column.value for column in columns)
            for column in columns:
                column.value = whole


def _suffix(items: list[Item]) -> None:
    """DuckDB names the second `id` of a query `id_1`."""
    keys = [item.key for item in items if isinstance(item, Column)]
    if len(set(keys)) == len(keys):
        return
    taken: dict[str, int] = {}
    for i, item in enumerate(items):
        if isinstance(item, Tail):
            continue
        key, count = item.key, taken.get(item.key, 0)
        if count:
            while f"{item.key}_{count}" in taken:
                count += 1
            suffixed = items[i] = item.having(item.value)
            suffixed.name = f"{item.name}_{count}"
            key = suffixed.key = suffixed.exact = suffixed.name.lower()
        taken[key] = 1
        taken[item.key] = count + 1
