"""DuckDB's phrasings that the parser reads wrongly or not at all, put as it reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot.tokenizer_core import Token, TokenType

from .pivots import made, pivots_apart

_OPEN_SLICE = re.compile(r"\[\s*:")


def slices_begun(tokens: list[Token], text: str) -> list[Token]:
    """`x[:n]` as `x[1:n]`: the parser takes `:n` for a parameter, which DuckDB doesn't write so."""
    if _OPEN_SLICE.search(text) is None:
        return tokens
    found: list[Token] = []
    for token in tokens:
        opened = found and found[-1].token_type is TokenType.L_BRACKET
        if opened and token.token_type is TokenType.COLON:
            found.append(made(TokenType.NUMBER, "1", token))
        found.append(token)
    return found


def reworded(tokens: Sequence[Token]) -> list[Token]:
    """The tokens of a text that couldn't be parsed, in words that perhaps can be."""
    return _grouped_apart(_called_otherwise(_select_first(pivots_apart(tokens))))


# --- calls ---------------------------------------------------------------------------------------

_SYNONYMS = {"apply": "list_transform", "reduce": "list_reduce", "row": "row"}
"""Functions that are others elsewhere, and one that the parser takes for a type before a `<`."""


def _called_otherwise(tokens: Sequence[Token]) -> list[Token]:
    found: list[Token] = []
    for token, then in zip(tokens, [*tokens[1:], None], strict=True):
        called = then is not None and then.token_type is TokenType.L_PAREN
        name = _SYNONYMS.get(token.text.lower()) if called else None
        found.append(token if name is None else made(TokenType.VAR, name, token))
    return found


# --- grouping ------------------------------------------------------------------------------------

_GROUPINGS = {TokenType.CUBE, TokenType.ROLLUP, TokenType.GROUPING_SETS}
_OPEN = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSE = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}


def _grouped_apart(tokens: Sequence[Token]) -> list[Token]:
    """`cube(x is null, y)` as `cube((x is null), (y))`: the parser reads no more than names."""
    found: list[Token] = []
    within: list[bool] = []
    # of each open bracket: whether a grouping stands before it
    for token in tokens:
        kind = token.token_type
        last = found[-1].token_type if found else None
        if kind in _CLOSE and within and within.pop():
            found.append(made(TokenType.R_PAREN, ")", token))
        elif kind is TokenType.COMMA and within and within[-1]:
            found += (made(TokenType.R_PAREN, ")", token), token)
            token = made(TokenType.L_PAREN, "(", token)
        found.append(token)
        if kind in _OPEN:
            within.append(last in _PLAIN_GROUPINGS)
            if within[-1]:
                found.append(made(TokenType.L_PAREN, "(", token))
    return found


_PLAIN_GROUPINGS = _GROUPINGS - {TokenType.GROUPING_SETS}
"""The sets of GROUPING SETS have brackets of their own."""


# --- FROM first ----------------------------------------------------------------------------------

_BETWEEN = {TokenType.UNION, TokenType.INTERSECT, TokenType.EXCEPT, TokenType.SEMICOLON}
_BEHIND = _BETWEEN | {
    TokenType.WHERE, TokenType.GROUP_BY, TokenType.HAVING, TokenType.QUALIFY, TokenType.WINDOW,
    TokenType.ORDER_BY, TokenType.LIMIT, TokenType.OFFSET, TokenType.FETCH, TokenType.USING,
}  # fmt: skip
"""What may follow a select list."""
_SET_WORDS = {"all", "distinct", "by", "name"}


def _select_first(tokens: Sequence[Token]) -> list[Token]:
    """`from t select x` as `select x from t`: behind VALUES and a few others the parser reads no
    join where FROM stands first."""
    ends = _ends(tokens)
    found: list[Token] = []

    def put(start: int, end: int) -> None:
        at = start
        while at < end:
            if tokens[at].token_type is TokenType.FROM and _begins(tokens, at):
                selected, behind = _select_list(tokens, at, end, ends)
                if selected is None:
                    found.append(made(TokenType.SELECT, "select", tokens[at]))
                    found.append(made(TokenType.STAR, "*", tokens[at]))
                    selected = behind
                else:
                    put(selected, behind)
                found.append(tokens[at])
                put(at + 1, selected)
                at = behind
            elif at in ends and ends[at] < end:
                found.append(tokens[at])
                put(at + 1, ends[at])
                at = ends[at]
            else:
                found.append(tokens[at])
                at += 1

    put(0, len(tokens))
    return found


def _ends(tokens: Sequence[Token]) -> dict[int, int]:
    """Place of each opening bracket -> place of the one that closes it."""
    ends: dict[int, int] = {}
    open_: list[int] = []
    for at, token in enumerate(tokens):
        if token.token_type in _OPEN:
            open_.append(at)
        elif token.token_type in _CLOSE and open_:
            ends[open_.pop()] = at
    return ends


def _begins(tokens: Sequence[Token], at: int) -> bool:
    """True where a query begins: at the start, in a bracket, behind a set operation or CTEs."""
    before = tokens[at - 1] if at else None
    if before is None or before.token_type in (TokenType.L_PAREN, *_BETWEEN):
        return True
    if before.text.lower() in _SET_WORDS:
        return any(token.token_type in _BETWEEN for token in tokens[max(at - 4, 0) : at])
    return before.token_type is TokenType.R_PAREN and _behind_ctes(tokens, at)


def _behind_ctes(tokens: Sequence[Token], at: int) -> bool:
    """True where WITH, and no SELECT or FROM, stands before in the same brackets."""
    depth = 0
    for token in reversed(tokens[:at]):
        kind = token.token_type
        if kind in _CLOSE:
            depth += 1
        elif kind in _OPEN:
            depth -= 1
            if depth < 0:
                return False
        elif depth == 0 and kind in (TokenType.SELECT, TokenType.FROM, *_BETWEEN):
            return False
        elif depth == 0 and kind is TokenType.WITH:
            return True
    return False


def _select_list(
    tokens: Sequence[Token], start: int, end: int, ends: dict[int, int]
) -> tuple[int | None, int]:
    """Where the select list of a query that begins with FROM begins, or None, and what follows
    begins."""
    selected: int | None = None
    at = start + 1
    while at < end:
        kind = tokens[at].token_type
        if kind is TokenType.SELECT and selected is None:
            selected = at
        elif kind in _BEHIND and not _of_a_join(tokens, at, selected):
            break
        at = ends.get(at, at) + 1
    return selected, min(at, end)


def _of_a_join(tokens: Sequence[Token], at: int, selected: int | None) -> bool:
    """True for the USING of a join, which isn't that of a sample."""
    then = tokens[at + 1].token_type if at + 1 < len(tokens) else None
    joined = selected is None and then is TokenType.L_PAREN
    return tokens[at].token_type is TokenType.USING and joined
