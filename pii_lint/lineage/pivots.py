"""DuckDB's `pivot t on … order by … limit …`: the parser reads no clause behind the pivot, so it
gets to see `select * from (pivot t on …) order by …`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot.tokenizer_core import Token, TokenType

_PIVOTS = {"pivot": TokenType.PIVOT, "pivot_wider": TokenType.PIVOT}
_PIVOTS |= {"unpivot": TokenType.UNPIVOT, "pivot_longer": TokenType.UNPIVOT}
_QUERIES = {TokenType.SELECT, TokenType.FROM, TokenType.VALUES, TokenType.TABLE}
_BEHIND = {TokenType.ORDER_BY, TokenType.LIMIT, TokenType.OFFSET}
_BETWEEN = {TokenType.UNION, TokenType.INTERSECT, TokenType.EXCEPT, TokenType.SEMICOLON}


@dataclass(slots=True)
class _Level:
    """What one pair of brackets holds."""

    query: bool = False
    # a select has begun, so that PIVOT is a clause of it
    open: Token | None = None
    # the pivot that has begun


def pivots_apart(tokens: Sequence[Token]) -> list[Token]:
    """The tokens, with each pivot that is a statement as a query around it."""
    found: list[Token] = []
    levels = [_Level()]
    for token in tokens:
        level = levels[-1]
        kind = token.token_type
        pivot = _PIVOTS.get(token.text.lower()) if not level.query else None
        if kind in _BETWEEN or kind in _BEHIND or kind is TokenType.R_PAREN:
            found += _closed(level, token)
            level.query = kind in _BEHIND
        if kind is TokenType.R_PAREN and len(levels) > 1:
            levels.pop()
        elif kind is TokenType.L_PAREN:
            levels.append(_Level())
        elif kind in _QUERIES:
            level.query = True
        elif pivot is not None and level.open is None:
            level.open, level.query = token, True
            found += [made(kind, text, token) for kind, text in _AROUND]
            token = made(pivot, token.text, token)
        found.append(token)
    return found + (_closed(levels[-1], tokens[-1]) if tokens else [])


_AROUND = (
    (TokenType.SELECT, "select"),
    (TokenType.STAR, "*"),
    (TokenType.FROM, "from"),
    (TokenType.L_PAREN, "("),
)


def _closed(level: _Level, at: Token) -> list[Token]:
    begun, level.open = level.open, None
    return [] if begun is None else [made(TokenType.R_PAREN, ")", at)]


def made(kind: TokenType, text: str, at: Token) -> Token:
    """A token that nobody wrote, in the place of one that somebody did."""
    return Token(kind, text, at.line, at.col, at.start, at.end)
