"""Characters that an engine and the parser would read differently: blanks that nobody sees, letters
outside ASCII in two cases."""

from __future__ import annotations

import re
from collections.abc import Iterable

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

FOLDS_ASCII = frozenset({"duckdb", "materialize", "postgres", "redshift", "risingwave", "sqlite"})
"""Dialects to which two names that differ in the case of a letter outside ASCII are two."""
ZERO_WIDTH = "\u200b\u2060\ufeff"
"""Blanks to DuckDB, parts of a name to the parser."""
NAMELY = "\x85\u1680\u2028\u2029"
"""Blanks to the parser, parts of a name to most engines."""
SPACES = "\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""Blanks to the parser and to some engines, parts of a name to PostgreSQL and its kin."""
_QUOTED = re.compile(
    rf"'[^']*'|\"[^\"]*\"|--[^\n]*|(\$(?:[^\W\d]\w*)?\$).*?\1|[{ZERO_WIDTH}]", re.DOTALL
)
_COMMENT = re.compile(r"/\*.*?\*/|(?:--|#|//)[^\n]*", re.DOTALL)


def readable(sql: str, dialect: str) -> str:
    """The text as the engine takes it, every character in its place. Raises ValueError where a
    character that nobody sees makes it mean something else."""
    if sql.isascii():
        return sql
    if dialect == "duckdb":
        # as DuckDB does, which heeds quotes, but neither backslashes nor block comments
        sql = _QUOTED.sub(lambda m: " " if m.group() in ZERO_WIDTH else m.group(), sql)
        doubtful = NAMELY
    else:
        sql = " " + sql[1:] if sql.startswith("\ufeff") else sql
        doubtful = NAMELY + ZERO_WIDTH + (SPACES if dialect in FOLDS_ASCII else "")
    if not set(doubtful).isdisjoint(sql):
        _look(sql, dialect, frozenset(doubtful))
    return sql


def _look(sql: str, dialect: str, doubtful: frozenset[str]) -> None:
    end = 0
    for token in sqlglot.tokenize(sql, read=dialect):
        between = _COMMENT.sub("", sql[end : token.start])
        text = sql[token.start : token.end + 1]
        quoted = token.token_type is not TokenType.VAR and not text[:1].isalnum()
        if not (doubtful.isdisjoint(between) and (quoted or doubtful.isdisjoint(text))):
            raise ValueError("an invisible character stands in the SQL outside quotes")
        end = token.end + 1


def ascii_fold(name: str) -> str:
    """A name as an engine folds it that knows the case of ASCII letters only."""
    return "".join(c.lower() if c.isascii() else c for c in name)


def tell_apart(trees: Iterable[exp.Expr]) -> None:
    """Raises ValueError where two names of a text differ in the case of a letter outside ASCII."""
    spellings: dict[str, str] = {}
    for tree in trees:
        for identifier in tree.find_all(exp.Identifier):
            folded = ascii_fold(identifier.name)
            if spellings.setdefault(identifier.name.lower(), folded) != folded:
                raise ValueError("two names differ in the case of a letter outside ASCII")
