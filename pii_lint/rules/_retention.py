"""How long a relation may keep its rows, as its YAML says under `meta`."""

from __future__ import annotations

from collections.abc import Mapping

from pii_lint.artifacts.model import Node
from pii_lint.keeping import Erasure, Term

DAYS, SINCE, MARK = "retention_days", "retention_from", "soft_delete"
_MARKS = frozenset({"is_deleted", "deleted_at"})
_MOST = 36_500
# A century: whoever means for ever says why nothing is personal.


def declares(node: Node) -> bool:
    """True where anything is said, be it wrong."""
    return any(key in node.meta for key in (DAYS, SINCE, MARK))


def term_of(node: Node) -> Term | str | None:
    """The term, why it can't be taken at its word, or None where there is none."""
    if not declares(node):
        return None
    days = _days(node.meta.get(DAYS), 1)
    if days is None:
        return f"`{DAYS}` is no whole number of days from 1 to {_MOST}"
    since = node.meta.get(SINCE)
    if since is not None and not _is_column(node, since):
        return f"`{SINCE}` names no column of it"
    erasure = _erasure(node)
    if isinstance(erasure, str):
        return erasure
    return Term(days, str(since) if since is not None else None, erasure)


def _erasure(node: Node) -> Erasure | str | None:
    given = node.meta.get(MARK)
    if given is False:
        return None
    if given is None:
        marks = sorted({name.lower() for name in node.columns} & _MARKS)
        # silence would keep for years who asked to go
        return f"`{marks[0]}` marks who is to go, and no `{MARK}` says when" if marks else None
    told: Mapping[object, object] = given if isinstance(given, Mapping) else {"column": given}
    if unknown := sorted(str(key) for key in told if key not in ("column", "days", "from")):
        return f"`{MARK}` has a key that isn't known: {unknown[0][:40]}"
    column, since, days = told.get("column"), told.get("from"), _days(told.get("days", 0), 0)
    if not _is_column(node, column) or (since is not None and not _is_column(node, since)):
        return f"`{MARK}` names no column of it"
    if days is None:
        return f"`days` of `{MARK}` is no whole number from 0 to {_MOST}"
    return Erasure(str(column), days, str(since) if since is not None else None)


def _is_column(node: Node, name: object) -> bool:
    return isinstance(name, str) and name.lower() in {column.lower() for column in node.columns}


def _days(given: object, least: int) -> int | None:
    # YAML's `yes` is a number to Python
    if isinstance(given, int) and not isinstance(given, bool) and least <= given <= _MOST:
        return given
    return None
