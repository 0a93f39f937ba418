"""Reading SQL text: parse, find the relations it names, quote a piece of it without its
literals."""

from __future__ import annotations

import logging
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import Token, TokenType
from sqlglot.tokens import Tokenizer

from .glyphs import FOLDS_ASCII, readable, tell_apart
from .phrasings import reworded, slices_begun
from .summary import RelationName

# what sqlglot can't read becomes an explicit unknown here; its own log lines would quote the SQL
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

DIALECTS = {
    "athena": "athena",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "databricks": "databricks",
    "duckdb": "duckdb",
    "dremio": "dremio",
    "exasol": "exasol",
    "fabric": "fabric",
    "glue": "spark",
    "hive": "hive",
    "materialize": "materialize",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "redshift": "redshift",
    "risingwave": "risingwave",
    "singlestore": "singlestore",
    "snowflake": "snowflake",
    "spark": "spark",
    "sqlite": "sqlite",
    "sqlserver": "tsql",
    "starrocks": "starrocks",
    "synapse": "tsql",
    "teradata": "teradata",
    "trino": "trino",
}
"""dbt adapter -> sqlglot dialect; an adapter that isn't here is read in sqlglot's own, most
tolerant one."""


def dialect_of(adapter: str) -> str:
    """The sqlglot dialect of a dbt adapter."""
    return DIALECTS.get(adapter.lower(), "")


@cache
def _readers(dialect: str) -> tuple[Tokenizer, Parser]:
    """One of each serves all texts; both begin anew with each."""
    known = Dialect.get_or_raise(dialect)
    return known.tokenizer(), known.parser()


def _parsed_otherwise(
    parser: Parser, tokens: Sequence[Token], text: str
) -> list[exp.Expr | None] | None:
    """The statements in words that the parser knows; None where there are no others."""
    try:
        trees: list[exp.Expr | None] = parser.parse(reworded(tokens), text)
    except SqlglotError:
        return None
    return trees


LONGEST_CHAIN = 200
_CHAIN = re.compile(rf"(?:\[[^\[\]]*\]\s*|\.\s*\w+\s*\([^()]*\)\s*){{{LONGEST_CHAIN}}}")
"""Subscripts and calls, one after the other: the parser takes the square of their number."""


def parse(sql: str, dialect: str) -> list[exp.Expr]:
    """The statements of a text. Raises ValueError with a short, literal-free reason."""
    if sql.count("]") + sql.count(")") >= LONGEST_CHAIN and _CHAIN.search(sql):
        raise ValueError("the SQL chains too many calls or subscripts to parse")
    tokenizer, parser = _readers(dialect)
    try:
        text = readable(sql, dialect)
        tokens = tokenizer.tokenize(text)
        if dialect == "duckdb":
            tokens = slices_begun(tokens, text)
        try:
            trees = parser.parse(tokens, text)
        except SqlglotError:
            others = _parsed_otherwise(parser, tokens, text) if dialect == "duckdb" else None
            if others is None:
                raise
            trees = others
        found = [tree for tree in trees if tree is not None]
    except RecursionError:
        raise ValueError("the SQL is nested too deeply to parse") from None
    except SqlglotError as error:
        places = getattr(error, "errors", None) or [{}]
        line = places[0].get("line")
        raise ValueError(
            "the SQL cannot be parsed" + (f" (line {line} of the compiled code)" if line else "")
        ) from None
    if dialect in FOLDS_ASCII and not sql.isascii():
        tell_apart(found)
    return found


def tokenize(sql: str, dialect: str) -> list[Token]:
    """The tokens of a text. Raises ValueError where it has none or hides one."""
    try:
        return sqlglot.tokenize(readable(sql, dialect), read=dialect)
    except SqlglotError:
        raise ValueError("the SQL cannot be parsed") from None


def name_of(table: exp.Table) -> RelationName | None:
    """The relation's name, or None where the table is a function call."""
    parts: list[tuple[str, bool]] = []
    for part in (table.args.get("catalog"), table.args.get("db"), table.this):
        if part is None:
            continue
        said = spelled(part)
        if said is not None:
            return said
        for piece in part.flatten() if isinstance(part, exp.Dot) else (part,):
            if not isinstance(piece, exp.Identifier):
                return None
            parts.append((piece.name, bool(piece.args.get("quoted"))))
    return RelationName(tuple(parts)) if parts else None


def spelled(e: exp.Expr) -> RelationName | None:
    """The name in `identifier('a.b')`, of a relation or a column; None where it is computed, and
    for anything else."""
    if isinstance(e, exp.DynamicIdentifier):
        # Snowflake's
        return parse_name(e.this.name, "snowflake") if isinstance(e.this, exp.Literal) else None
    if not isinstance(e, exp.Anonymous) or e.name.lower() != "identifier":
        return None
    text = _constant(e.expressions[0]) if len(e.expressions) == 1 else None
    return parse_name(text, "databricks") if text else None


def _constant(e: exp.Expr) -> str | None:
    """The text that literals put end to end come to."""
    if isinstance(e, exp.Literal) and e.is_string:
        return str(e.name)
    operands = list(e.flatten()) if isinstance(e, exp.DPipe) else e.expressions
    if not isinstance(e, exp.DPipe | exp.Concat):
        return None
    pieces = [_constant(operand) for operand in operands]
    return None if None in pieces else "".join(piece or "" for piece in pieces)


def relations_in(tree: exp.Expr, dialect: str) -> Iterator[RelationName]:
    """Every relation a query may read. CTE names are among them; they bind to nothing."""
    for node in tree.find_all(exp.Table, exp.TableFromRows):
        name = name_of(node) if isinstance(node, exp.Table) else None
        if name is not None:
            yield name
        elif isinstance(node, exp.Table) and isinstance(node.this, exp.Func):
            yield from quoted_relations(node.this)
            for inner in quoted_query(node.this, dialect):
                yield from relations_in(inner, dialect)
        elif isinstance(node, exp.TableFromRows) and isinstance(node.this, exp.Literal):
            yield parse_name(node.this.name, dialect)


def quoted_relations(call: exp.Expr) -> Iterator[RelationName]:
    """Relations that `query_table` names by literals."""
    if call.name.lower() != "query_table":
        return
    for literal in call.find_all(exp.Literal):
        if literal.is_string:
            yield parse_name(literal.name, "duckdb")


def quoted_query(call: exp.Expr, dialect: str) -> list[exp.Expr]:
    """The query that `query('…')` holds in a literal; empty where it is made at run time."""
    arg = call.expressions[0] if call.name.lower() == "query" and call.expressions else None
    dollars = isinstance(arg, exp.RawString)
    if arg is None or not (dollars or (isinstance(arg, exp.Literal) and arg.is_string)):
        return []
    try:
        trees = parse(arg.name, dialect)
    except ValueError:
        return []
    return trees if len(trees) == 1 and isinstance(trees[0], exp.Query) else []


_QUOTED_NAME = re.compile(r'"[^".]+"(?:\."[^".]+")*')


def parse_name(text: str, dialect: str) -> RelationName:
    """A relation's name out of a text such as dbt's `relation_name`."""
    if (
        _QUOTED_NAME.fullmatch(text)
        and '"' in _readers(dialect)[0].dialect.tokenizer_class.IDENTIFIERS
    ):
        # nearly all of them, and a parser takes its time
        return RelationName(tuple((part.strip('"'), True) for part in text.split(".")))
    try:
        table = sqlglot.parse_one(text, into=exp.Table, read=dialect)
        name = name_of(table)
    except SqlglotError:
        name = None
    return name or RelationName(((text, True),))


LITERALS = {
    TokenType.STRING,
    TokenType.NUMBER,
    TokenType.BIT_STRING,
    TokenType.HEX_STRING,
    TokenType.BYTE_STRING,
    TokenType.NATIONAL_STRING,
    TokenType.RAW_STRING,
    TokenType.HEREDOC_STRING,
    TokenType.UNICODE_STRING,
}
"""Tokens whose text is a value."""
_EDGES = {TokenType.COMMA, TokenType.WHERE, TokenType.GROUP_BY}
_LEFT_EDGES = {*_EDGES, TokenType.SELECT, TokenType.DISTINCT, TokenType.ON}
_RIGHT_EDGES = {*_EDGES, TokenType.FROM, TokenType.ORDER_BY, TokenType.UNION, TokenType.SEMICOLON}
_OPEN = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSE = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}
_QUERY = {TokenType.SELECT, TokenType.WITH, TokenType.FROM}
_MARKS = (LITERALS, _OPEN, _CLOSE, _LEFT_EDGES, _RIGHT_EDGES | _CLOSE, _QUERY)
LITERAL, OPEN, CLOSE, BEGINS, ENDS, QUERY = (1 << bit for bit in range(len(_MARKS)))
_SORTS = {
    kind: sum(1 << bit for bit, kinds in enumerate(_MARKS) if kind in kinds)
    for kind in set[TokenType]().union(*_MARKS)
}
"""What each sort of token means to the layout of a query, as bits; nothing for all others."""
LONGEST_EXCERPT = 160


def excerpt(sql: str, dialect: str, start: int, end: int) -> str:
    """The select-list item around `sql[start:end]`: literals as `?`, no comments, at most 160
    characters."""
    layout = _layout(sql, dialect)
    first, last = layout.item(start, end)
    text = ""
    for i in range(first, last):
        if i > first and layout.starts[i] > layout.ends[i - 1]:
            text += " "
        text += "?" if layout.sorts[i] & LITERAL else sql[layout.starts[i] : layout.ends[i]]
    return text if len(text) <= LONGEST_EXCERPT else text[: LONGEST_EXCERPT - 1] + "…"


def mention(sql: str, dialect: str, relation: str) -> tuple[int, int] | None:
    """The first place where a query reads from a relation of this name, however it is qualified."""
    tokens = _tokens(sql, dialect)
    for i, token in enumerate(tokens):
        if token.text.lower() != relation.lower() or token.token_type in LITERALS:
            continue
        first = i
        while first > 1 and tokens[first - 1].token_type is TokenType.DOT:
            first -= 2
        before = tokens[first - 1].token_type if first else None
        if before in _BEFORE_RELATIONS:
            return tokens[first].start, token.end + 1
    return None


_BEFORE_RELATIONS = {TokenType.FROM, TokenType.JOIN, TokenType.COMMA, TokenType.TABLE}


class _Layout:
    """Where a text's tokens stand, and which of them bound its select-list items. As arrays, for
    those of many texts are kept."""

    __slots__ = ("ends", "sorts", "starts")

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.starts = array("I", [token.start for token in tokens])
        self.ends = array("I", [token.end + 1 for token in tokens])
        self.sorts = bytes([_SORTS.get(token.token_type, 0) for token in tokens])

    def item(self, start: int, end: int) -> tuple[int, int]:
        """Token indexes of the select-list item that holds the characters from `start` to
        `end`."""
        at = bisect_right(self.starts, start) - 1
        if at < 0 or self.ends[at] <= start:
            return 0, 0
        first, level, depth = self._begun(at)
        for i in range(at, len(self.sorts)):
            sort = self.sorts[i]
            if sort & ENDS and depth == level and i > at and self.starts[i] >= end:
                return first, i
            if sort & OPEN:
                depth += 1
            elif sort & CLOSE:
                depth = max(depth - 1, 0)
        return first, len(self.sorts)

    def _begun(self, at: int) -> tuple[int, int, int]:
        """Of a token: the first of its select-list item, the brackets around its query, those
        around itself."""
        levels = [0]  # of each open query: the bracket depth inside it
        depth = 0
        firsts = {0: 0}  # bracket depth -> where the current item began
        for i, sort in enumerate(self.sorts[:at]):
            if sort & OPEN:
                depth += 1
                if self.sorts[i + 1] & QUERY:
                    levels.append(depth)
                    firsts[depth] = i + 1
            elif sort & CLOSE:
                if len(levels) > 1 and levels[-1] == depth:
                    levels.pop()
                # more brackets may close than were opened
                depth = max(depth - 1, 0)
            elif sort & BEGINS and depth == levels[-1]:
                firsts[depth] = i + 1
        return firsts[levels[-1]], levels[-1], depth


@lru_cache(maxsize=512)
def _layout(sql: str, dialect: str) -> _Layout:
    return _Layout(_tokens(sql, dialect))


def _tokens(sql: str, dialect: str) -> Sequence[Token]:
    try:
        return tokenize(sql, dialect)
    except ValueError:
        return ()
