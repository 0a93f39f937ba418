"""Texts of several statements: what each of them does, by its words and then by its tree.

Whatever may write and isn't understood is `Lost`, with the relations that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from pii_lint.data.functions import FunctionSpec
from pii_lint.data.statements import load_statement_words
from pii_lint.lineage import Query

from .effects import Effect, How, Listing, Lost, Routine, Write
from .session import assigned, configured, made
from .sql import name_of, parse, parse_name, tokenize
from .writing import copied, created, deleted, filled, inserted, merged, target_of, updated

WRITING = (exp.Insert, exp.Update, exp.Delete, exp.Merge)

_FILLING = re.compile(
    r"\bor (?:replace|alter|refresh) |\bif (?:not )?exists |\b(?:temp|temporary|transient|secure) "
)
_MANY = re.compile(r"[;#]|--|/\*")
# in a text with one of these, its first words alone don't tell what it does
_PART = r"(?:\"[^\"]+\"|`[^`]+`|\[[^\]]+\]|[\w$]+)"
_WRITES = re.compile(
    r"\b(?:(?:insert|replace)(?:\s+or\s+\w+)?(?:\s+(?:overwrite|ignore|into|table))*"
    r"|merge(?:\s+into)?|update(?:\s+only)?|copy(?:\s+into)?|into(?:\s+table)?"
    r"|(?:create|alter|restore|undrop)(?:\s+or\s+\w+)?(?:\s+\w+){0,2}?\s+(?:table|view)"
    rf"(?:\s+if(?:\s+not)?\s+exists)?)\s+(?P<name>{_PART}(?:\s*\.\s*{_PART})*)",
    re.IGNORECASE,
)
_MAKES = re.compile(
    r"create(?:\s+or\s+replace)?(?:\s+\w+)?\s+(?:function|macro)(?:\s+if\s+not\s+exists)?"
    rf"\s+(?P<name>{_PART}(?:\s*\.\s*{_PART})*)",
    re.IGNORECASE,
)
_TYPES = re.compile(
    r"create(?:\s+or\s+replace)?(?:\s+temp(?:orary)?)?\s+type(?:\s+if\s+not\s+exists)?"
    rf"\s+(?P<name>{_PART}(?:\s*\.\s*{_PART})*)",
    re.IGNORECASE,
)
_QUERYING = (TokenType.SELECT, TokenType.FROM, TokenType.VALUES, TokenType.TABLE)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads statements in one dialect."""

    dialect: str
    functions: Mapping[str, FunctionSpec]
    hole: str
    # the word for what a template leaves open
    silence: str
    # the word for what it leaves out

    def effects(self, sql: str) -> list[Effect]:
        """What the statements of a text do; those that write nothing are left out."""
        if not _MANY.search(sql) and _harmless(" ".join(sql.lower().split())):
            return []
        try:
            tokens = tokenize(sql, self.dialect)
        except ValueError:
            return [self.lost(sql, "its SQL cannot be parsed")]
        found: list[Effect] = []
        for piece in _pieces(tokens):
            if {token.text for token in piece} != {self.silence}:
                found += self._statement(piece, sql[piece[0].start : piece[-1].end + 1])
        return found

    def lost(self, text: str, reason: str) -> Lost:
        """A text that can't be read, with all that it may write into."""
        matches = list(_WRITES.finditer(text))
        names = dict.fromkeys(parse_name(match["name"], self.dialect) for match in matches)
        return Lost(reason, tuple(names), sure=bool(matches) and not text[: matches[0].start()])

    # --- by its words -----------------------------------------------------------------------------

    def _statement(self, piece: list[Token], text: str) -> list[Effect]:
        words = [token.text.lower() for token in piece]
        line = " ".join(words)
        if _harmless(line) or (words[0] == "alter" and _alters_nothing(_FILLING.sub("", line))):
            return []
        if _FILLING.sub("", line).startswith("create type "):
            return self._typed(piece, text)
        try:
            trees = parse(text, self.dialect)
        except ValueError:
            return [self._unread(text, "its SQL cannot be parsed")]
        found = self._tree(trees[0]) if len(trees) == 1 else None
        left = sum(map(self._open, piece))
        if left and not (
            (found == [] and isinstance(trees[0], exp.Query | exp.Set))
            or (found and left == self._open_targets(found))
        ):
            return [self._unread(text, "dbt fills it in only when it runs")]
        if found is None:
            named = words[0].isalpha() and piece[0].token_type is not TokenType.STRING
            verb = f"`{words[0]}` statement" if named else "statement"
            return [self._unread(text, f"its {verb} is not understood")]
        return found

    def _typed(self, piece: list[Token], text: str) -> list[Effect]:
        """CREATE TYPE lists values, unless a query does."""
        making = _TYPES.match(text)
        if not any(token.token_type in _QUERYING for token in piece):
            return []
        if making is None:
            return [self.lost(text, "its `create type` statement is not understood")]
        return [Listing(parse_name(making["name"], self.dialect).parts[-1][0].lower())]

    def _unread(self, text: str, reason: str) -> Lost | Routine:
        """A statement that can't be read: one that only makes a function makes one that may do
        anything."""
        making = _MAKES.match(text)
        if making is not None:
            name = parse_name(making["name"], self.dialect).parts[-1][0].lower()
            if self.hole not in name and self.silence not in name:
                return Routine(name, (), None)
        return self.lost(text, reason)

    def _open(self, token: Token) -> bool:
        if token.token_type is TokenType.STRING:
            return False
        return self.hole in token.text or self.silence in token.text

    def _open_targets(self, found: list[Effect]) -> int:
        """How many words only a target leaves open, where what goes into it is all there."""
        if not all(isinstance(effect, Write) for effect in found):
            return 0
        names = {effect.target for effect in found if isinstance(effect, Write)}
        return sum(
            self.hole in text or self.silence in text for name in names for text, _ in name.parts
        )

    # --- by its tree ------------------------------------------------------------------------------

    def _tree(self, tree: exp.Expr) -> list[Effect] | None:
        with_ = tree.args.get("with_")
        if with_ is not None and with_.find(*WRITING):
            return None
        if isinstance(tree, exp.Insert):
            return inserted(tree, self.dialect)
        if isinstance(tree, exp.Update):
            return updated(tree, self.dialect)
        if isinstance(tree, exp.Delete):
            return deleted(tree, self.dialect)
        if isinstance(tree, exp.Merge):
            return merged(tree, self.dialect)
        if isinstance(tree, exp.Create):
            kind = str(tree.args.get("kind")).upper()
            if kind in ("FUNCTION", "MACRO"):
                return [*made(tree, self.dialect)]
            return created(tree, self.dialect) if kind in ("TABLE", "VIEW") else None
        if isinstance(tree, exp.Alter):
            return self._altered(tree)
        if isinstance(tree, exp.Set | exp.Declare):
            return assigned(tree, self.dialect)
        if isinstance(tree, exp.Command) and str(tree.this).lower() == "set":
            # a form of its own (`set local x`, `set x to y`); in brackets a query may stand
            return None if "(" in str(tree.expression) else []
        if isinstance(tree, exp.Copy):
            return copied(tree, self.dialect)
        if isinstance(tree, exp.Query | exp.Pivot | exp.Summarize | exp.Values):
            return self._query(tree)
        return None

    def _altered(self, tree: exp.Alter) -> list[Effect] | None:
        name, _ = target_of(tree.this)
        actions = tree.args.get("actions") or []
        if name is None:
            return None
        if actions and all(isinstance(action, exp.RenameColumn) for action in actions):
            moved = [exp.alias_(each.this.copy(), each.args["to"].name) for each in actions]
            query = Query(exp.select(*moved).from_(tree.this.copy()), self.dialect)
            return [Write(name, query, How.NAME, rows=False)]
        if actions and all(isinstance(a, exp.ColumnDef | exp.AlterColumn) for a in actions):
            return filled(name, tree.this, actions, self.dialect)
        others = [name_of(table) for action in actions for table in action.find_all(exp.Table)]
        names = (name, *(other for other in others if other is not None))
        return [Lost("its `alter` statement is not understood", names, sure=True)]

    def _query(self, tree: exp.Expr) -> list[Effect] | None:
        """A query changes something where it selects into a table, or calls what may write."""
        into = tree.args.get("into")
        if into is not None:
            name, _ = target_of(into.this)
            query = tree.copy()
            query.set("into", None)
            return [Write(name, Query(query, self.dialect), How.NAME)] if name else None
        settings = configured(tree, self.dialect) if isinstance(tree, exp.Select) else []
        if settings is None:
            return None
        if self.dialect not in load_statement_words().quiet_functions:
            for call in tree.find_all(exp.Anonymous):
                name_called = str(call.this).lower()
                if name_called not in self.functions and name_called != "set_config":
                    return [Lost("it calls a function that may write")]
        return settings


def _pieces(tokens: list[Token]) -> Iterator[list[Token]]:
    piece: list[Token] = []
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            if piece:
                yield piece
            piece = []
        else:
            piece.append(token)
    if piece:
        yield piece


@cache
def _beginnings() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First words of what writes nothing, and the exceptions among them."""
    listed = load_statement_words()
    harmless = tuple(f"{phrase} " for phrase in listed.harmless)
    return harmless, tuple(f"{phrase} " for phrase in listed.telling)


def _harmless(line: str) -> bool:
    """True for a statement that its first words tell to write nothing."""
    line = _FILLING.sub("", line)
    harmless, telling = _beginnings()
    if f"{line} ".startswith(telling):
        return False
    return f"{line} ".startswith(harmless) or line in load_statement_words().whole


def _alters_nothing(line: str) -> bool:
    listed = load_statement_words()
    if "(" in line.partition(" default ")[2]:
        # what a call gives may come from anywhere
        return False
    known = any(f" {phrase} " in f"{line} " for phrase in listed.altering)
    return known and listed.moving.isdisjoint(line.split())
