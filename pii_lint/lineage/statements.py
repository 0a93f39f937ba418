"""Statements that aren't one query: what each writes, and the query that what it writes comes from.

Whatever may write and isn't understood is `Lost`, with the relations that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from pii_lint.data.functions import FunctionSpec
from pii_lint.data.statements import load_statement_words
from pii_lint.lineage import Query

from .sql import name_of, parse, parse_name
from .summary import RelationName

NAME, PLACE, ANYWHERE, ROWS = "name", "place", "anywhere", "rows"
How = Literal["name", "place", "anywhere", "rows"]


@dataclass(frozen=True, slots=True)
class Write:
    """A relation takes in what a query gives."""

    target: RelationName
    query: Query
    how: How
    # by the name of each of the query's columns, by its place, into whichever column; or the
    # query only decides which rows stay
    columns: tuple[str, ...] = ()
    # the target's columns by place, where they are listed
    rows: bool = True
    # what decides the query's rows decides the target's


@dataclass(frozen=True, slots=True)
class Assignment:
    """A variable of the session takes the value of a query's one column."""

    name: str
    query: Query


@dataclass(frozen=True, slots=True)
class Routine:
    """A function or macro whose calls give the value of a query's one column; None: whatever."""

    name: str
    parameters: tuple[str, ...]
    query: Query | None


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody can say what a statement writes."""

    reason: str
    targets: tuple[RelationName, ...] = ()
    sure: bool = False
    # nothing else can be meant


Statement = Write | Assignment | Routine | Lost


@dataclass(frozen=True, slots=True)
class _Piece:
    """One statement of a text."""

    text: str
    words: tuple[str, ...]
    # lower case
    open: bool
    # a hole stands in it outside of literals
    dialect: str
    functions: Mapping[str, FunctionSpec]

    def lost(self, reason: str) -> Lost:
        """This statement, given up."""
        return lost(self.text, self.dialect, reason)


def statements(
    sql: str,
    dialect: str,
    functions: Mapping[str, FunctionSpec],
    holes: tuple[str, str] = ("", ""),
) -> list[Statement]:
    """What the statements of a text write; those that write nothing are left out. `holes` are the
    words for what a template leaves open, and for what it leaves out."""
    hole, silence = holes
    try:
        tokens = sqlglot.tokenize(sql, read=dialect)
    except SqlglotError:
        return [lost(sql, dialect, "its SQL cannot be parsed")]
    found: list[Statement] = []
    for piece in _split(tokens):
        words = tuple(token.text.lower() for token in piece)
        if set(words) == {silence}:
            continue
        text = sql[piece[0].start : piece[-1].end + 1]
        names = [t.text for t in piece if t.token_type not in (TokenType.STRING, TokenType.NUMBER)]
        left_open = bool(hole) and any(hole in name or silence in name for name in names)
        found += _statement(_Piece(text, words, left_open, dialect, functions))
    return found


def _split(tokens: list[Token]) -> Iterator[list[Token]]:
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


# --- by its words --------------------------------------------------------------------------------

_FILLING = re.compile(
    r"\bor (?:replace|alter|refresh) |\bif (?:not )?exists |\b(?:temp|temporary|transient|secure) "
)
_PART = r"(?:\"[^\"]+\"|`[^`]+`|\[[^\]]+\]|[\w$]+)"
_NAMED = rf"(?P<name>{_PART}(?:\s*\.\s*{_PART})*)"
_WRITES = re.compile(
    r"\b(?:(?:insert|replace)(?:\s+or\s+\w+)?(?:\s+(?:overwrite|ignore|into|table))*"
    r"|merge(?:\s+into)?|update(?:\s+only)?|copy(?:\s+into)?|into(?:\s+table)?"
    r"|(?:create|alter|restore|undrop)(?:\s+or\s+\w+)?(?:\s+\w+)??(?:\s+\w+)??\s+(?:table|view)"
    r"(?:\s+if(?:\s+not)?\s+exists)?)\s+" + _NAMED,
    re.IGNORECASE,
)


def _statement(piece: _Piece) -> list[Statement]:
    listed = load_statement_words()
    line = _FILLING.sub("", " ".join(piece.words))
    if line in listed.whole or _begins(line, listed.harmless):
        if not _begins(line, listed.telling):
            return []
        return [piece.lost(_not_understood(piece))]
    if piece.open:
        return [piece.lost("it is filled in when dbt runs")]
    if piece.words[0] == "alter":
        return _alter(piece, line)
    try:
        trees = parse(piece.text, piece.dialect)
    except ValueError:
        return [piece.lost("its SQL cannot be parsed")]
    if len(trees) != 1:
        return [piece.lost("its SQL cannot be parsed")]
    return _read(piece, trees[0])


def _begins(line: str, phrases: tuple[str, ...]) -> bool:
    return any(line == phrase or line.startswith(f"{phrase} ") for phrase in phrases)


def _not_understood(piece: _Piece) -> str:
    verb = piece.words[0]
    named = f"a `{verb}` statement" if verb.isalpha() else "a statement"
    return f"{named} is not understood"


def lost(text: str, dialect: str, reason: str) -> Lost:
    """A text that can't be read, with all that it may write into."""
    matches = list(_WRITES.finditer(text))
    names = [parse_name(match["name"], dialect) for match in matches]
    sure = bool(matches) and matches[0].start() == len(text) - len(text.lstrip())
    return Lost(reason, tuple(dict.fromkeys(names)), sure)


def _alter(piece: _Piece, line: str) -> list[Statement]:
    listed = load_statement_words()
    words = set(piece.words)
    if any(phrase in line for phrase in listed.altering) and not words & listed.moving:
        return []
    try:
        (tree,) = parse(piece.text, piece.dialect)
    except ValueError:
        return [piece.lost(_not_understood(piece))]
    actions = tree.args.get("actions") or []
    target = tree.this if isinstance(tree.this, exp.Table) else None
    name = name_of(target) if target is not None else None
    if target is None or name is None:
        return [piece.lost(_not_understood(piece))]
    if actions and all(isinstance(action, exp.RenameColumn) for action in actions):
        items = [exp.alias_(action.this.copy(), action.args["to"].name) for action in actions]
        renamed = exp.select(*items).from_(target.copy())
        return [Write(name, Query(renamed, piece.dialect), NAME, rows=False)]
    others = [
        other
        for action in actions
        for table in action.find_all(exp.Table)
        if (other := name_of(table)) is not None
    ]
    return [Lost(_not_understood(piece), (name, *others), sure=True)]


# --- by its tree ---------------------------------------------------------------------------------


def _read(piece: _Piece, tree: exp.Expr) -> list[Statement]:
    with_ = tree.args.get("with_")
    if with_ is not None and with_.find(exp.Insert, exp.Update, exp.Delete, exp.Merge):
        return [piece.lost("a common table expression writes")]
    if isinstance(tree, exp.Insert):
        found = _insert(piece, tree)
    elif isinstance(tree, exp.Update):
        found = _update(piece, tree)
    elif isinstance(tree, exp.Merge):
        found = _merge(piece, tree)
    elif isinstance(tree, exp.Delete):
        found = _delete(piece, tree)
    elif isinstance(tree, exp.Create):
        found = _create(piece, tree)
    elif isinstance(tree, exp.Set | exp.Declare):
        found = _set(piece, tree)
    elif isinstance(tree, exp.Copy):
        found = _copy(piece, tree)
    elif isinstance(tree, exp.Query | exp.Pivot | exp.Summarize | exp.Values):
        found = _query(piece, tree)
    else:
        found = None
    return found if found is not None else [piece.lost(_not_understood(piece))]


def _target(node: exp.Expr | None) -> tuple[RelationName | None, tuple[str, ...]]:
    """A relation's name, and the columns listed behind it."""
    if isinstance(node, exp.Schema):
        names = [
            item.this if isinstance(item, exp.ColumnDef) else item for item in node.expressions
        ]
        columns = tuple(n.name for n in names if isinstance(n, exp.Identifier | exp.Column))
        return _target(node.this)[0], columns
    return (name_of(node), ()) if isinstance(node, exp.Table) else (None, ())


def _with(tree: exp.Expr, query: exp.Expr) -> exp.Expr:
    """The query with the common table expressions of the statement around it."""
    outer = tree.args.get("with_")
    if outer is None:
        return query
    query = query.copy()
    inner = query.args.get("with_")
    merged = outer.copy()
    if inner is not None:
        merged.set("expressions", [*merged.expressions, *inner.expressions])
    query.set("with_", merged)
    return query


def _insert(piece: _Piece, tree: exp.Insert) -> list[Statement] | None:
    if isinstance(tree.this, exp.Directory):
        return []
    name, columns = _target(tree.this)
    query = tree.args.get("expression")
    if name is None or tree.args.get("source"):
        return None
    if query is None:
        return [] if tree.args.get("default") else None
    how: How = PLACE
    if tree.args.get("by_name"):
        how = NAME
    elif tree.args.get("partition") and not columns:
        how = ANYWHERE
    found: list[Statement] = [Write(name, Query(_with(tree, query), piece.dialect), how, columns)]
    conflict = tree.args.get("conflict")
    if conflict is not None and conflict.expressions:
        excluded = exp.Subquery(
            this=_with(tree, query).copy(),
            alias=exp.TableAlias(
                this=exp.to_identifier("excluded"), columns=[exp.to_identifier(c) for c in columns]
            ),
        )
        both = exp.select().from_(_bare(tree.this)).join(excluded, join_type="cross")
        found += _assigned(piece, conflict.expressions, {}, name, both, conflict.args.get("where"))
    return found


def _bare(node: exp.Expr) -> exp.Expr:
    table = node.this if isinstance(node, exp.Schema) else node
    return table.copy()


def _update(piece: _Piece, tree: exp.Update) -> list[Statement] | None:
    own, from_ = tree.this, tree.args.get("from_")
    if not isinstance(own, exp.Table) or not tree.expressions:
        return None
    tables = {
        table.alias_or_name.lower(): name
        for place in (own, from_)
        if place is not None
        for table in place.find_all(exp.Table)
        if (name := name_of(table)) is not None
    }
    name = tables.get(own.alias_or_name.lower())
    if name is None:
        return None
    base = exp.select()
    sources = [own.copy()]
    if from_ is not None:
        inside = {table.alias_or_name.lower() for table in from_.find_all(exp.Table)}
        # `update z ... from t z`: the target stands in the from clause
        sources = (
            [from_.this.copy()] if own.name.lower() in inside else [*sources, from_.this.copy()]
        )
    base = base.from_(sources[0])
    for source in sources[1:]:
        base = base.join(source, join_type="cross")
    return _assigned(piece, tree.expressions, tables, name, base, tree.args.get("where"), tree)


def _assigned(
    piece: _Piece,
    pairs: list[exp.Expr],
    tables: Mapping[str, RelationName],
    name: RelationName,
    base: exp.Select,
    where: exp.Expr | None,
    tree: exp.Expr | None = None,
) -> list[Statement]:
    """`set a = x, b = y`: each value, and what decides whether it is set."""
    conditions = (
        [where.this if isinstance(where, exp.Where) else where] if where is not None else []
    )
    conditions += [join.args["on"] for join in base.find_all(exp.Join) if join.args.get("on")]
    items: dict[RelationName, list[exp.Expr]] = {}
    for pair in pairs:
        if not isinstance(pair, exp.EQ):
            return [piece.lost(_not_understood(piece))]
        for place, content in _pairs(pair):
            target, column = _assigned_to(place, tables, name)
            if conditions:
                content = exp.Case(
                    ifs=[exp.If(this=exp.and_(*(c.copy() for c in conditions)), true=content)]
                )
            items.setdefault(target, []).append(exp.alias_(content, column, quoted=True))
    if where is not None:
        base = base.where(where.this if isinstance(where, exp.Where) else where, copy=True)
    found: list[Statement] = []
    for target, contents in items.items():
        query: exp.Expr = base.select(*contents, append=False, copy=True)
        query = _with(tree, query) if tree is not None else query
        found.append(Write(target, Query(query, piece.dialect), NAME, rows=False))
    return found


def _pairs(pair: exp.EQ) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """`a = x`, or `(a, b) = (x, y)`, or `(a, b) = (select ...)`: each of them may be either."""
    places = pair.this.expressions if isinstance(pair.this, exp.Tuple) else [pair.this]
    right = pair.expression
    several = right.expressions if isinstance(right, exp.Tuple) else []
    if len(several) != len(places):
        several = [right] * len(places)
    for place, content in zip(places, several, strict=True):
        if isinstance(content, exp.Column) and content.name.lower() == "default":
            content = exp.Null()
        yield place, content.copy()


def _assigned_to(
    place: exp.Expr, tables: Mapping[str, RelationName], name: RelationName
) -> tuple[RelationName, str]:
    """Whose column is set; behind a name that is no table stands a field of a struct."""
    parts = [part.name for part in place.find_all(exp.Identifier, bfs=False)]
    if isinstance(place, exp.Column) or isinstance(place, exp.Dot):
        parts = [part.name for part in place.parts]
    for i in range(len(parts) - 2, -1, -1):
        if parts[i].lower() in tables:
            return tables[parts[i].lower()], parts[i + 1]
    own = name.parts[-1][0].lower()
    if len(parts) > 1 and parts[0].lower() == own:
        return name, parts[1]
    return name, parts[0] if parts else place.name


def _delete(piece: _Piece, tree: exp.Delete) -> list[Statement] | None:
    tables = [tree.this] if isinstance(tree.this, exp.Table) else tree.args.get("tables") or []
    where = tree.args.get("where")
    found: list[Statement] = []
    for table in tables:
        name, _ = _target(table)
        if name is None:
            return None
        kept = exp.select(exp.Literal.number(1)).from_(table.copy())
        for other in tree.args.get("using") or ():
            kept = kept.join(other.copy(), join_type="cross")
        if where is not None:
            kept = kept.where(where.this, copy=True)
        found.append(Write(name, Query(_with(tree, kept), piece.dialect), ROWS))
    return found or None


def _merge(piece: _Piece, tree: exp.Merge) -> list[Statement] | None:
    name, _ = _target(tree.this)
    using = tree.args.get("using")
    if name is None or not isinstance(using, exp.Expr):
        return None
    on = tree.args.get("on") or _shared(tree, using)
    alias = using.alias_or_name
    own = {tree.this.alias_or_name.lower(): name}
    found: list[Statement] = []
    for when in tree.args["whens"].expressions:
        then, asked = when.args["then"], when.args.get("condition")
        decisive = exp.and_(*(c.copy() for c in (on, asked) if c is not None))
        both = exp.select().from_(tree.this.copy()).join(using.copy(), join_type="cross")
        source = exp.select(exp.column("*", alias) if alias else "*").from_(using.copy())
        source.set("expressions", [_star(alias)])
        there = exp.select(exp.Literal.number(1)).from_(tree.this.copy()).where(decisive, copy=True)
        fresh = source.where(exp.Exists(this=there), copy=True)
        if isinstance(then, exp.Update) and then.expressions and _listed(then.expressions):
            found += _assigned(piece, then.expressions, own, name, both, decisive, tree)
        elif isinstance(then, exp.Update):
            found.append(Write(name, Query(_with(tree, fresh), piece.dialect), NAME))
        elif isinstance(then, exp.Insert):
            values = then.args.get("expression")
            listed = then.this.expressions if isinstance(then.this, exp.Tuple) else []
            if isinstance(values, exp.Tuple):
                given = fresh.select(*(v.copy() for v in values.expressions), append=False)
                columns = tuple(column.name for column in listed)
                query = Query(_with(tree, given), piece.dialect)
                found.append(Write(name, query, PLACE, columns))
            else:
                query = Query(_with(tree, fresh), piece.dialect)
                found.append(Write(name, query, NAME))
                if not isinstance(then.this, exp.Star):
                    found.append(Write(name, query, PLACE))
        elif isinstance(then, exp.Var) and then.name.lower() == "delete":
            found.append(Write(name, Query(_with(tree, fresh), piece.dialect), ROWS))
        elif not (isinstance(then, exp.Var) and then.name.lower() == "do nothing"):
            return None
    return found


def _listed(pairs: list[exp.Expr]) -> bool:
    return not any(isinstance(pair, exp.Star) for pair in pairs)


def _star(alias: str) -> exp.Expr:
    return exp.Column(this=exp.Star(), table=exp.to_identifier(alias)) if alias else exp.Star()


def _shared(tree: exp.Merge, using: exp.Expr) -> exp.Expr:
    """`using (id)` as a condition."""
    pairs = [
        exp.EQ(
            this=exp.column(key.name, tree.this.alias_or_name),
            expression=exp.column(key.name, using.alias_or_name),
        )
        for key in tree.args.get("using_cond") or ()
    ]
    return exp.and_(*pairs) if pairs else exp.true()


def _create(piece: _Piece, tree: exp.Create) -> list[Statement] | None:
    kind = str(tree.args.get("kind") or "").upper()
    if kind in ("FUNCTION", "MACRO"):
        return [*_routines(piece, tree)]
    if kind not in ("TABLE", "VIEW"):
        return None
    name, columns = _target(tree.this)
    query, clone = tree.args.get("expression"), tree.args.get("clone")
    if name is None:
        return None
    if clone is not None:
        query = exp.select("*").from_(clone.this.copy())
    if isinstance(query, exp.Table):
        query = exp.select("*").from_(query.copy())
    if isinstance(query, exp.Query | exp.Values | exp.Pivot):
        how: How = PLACE if columns else NAME
        return [Write(name, Query(_with(tree, query), piece.dialect), how, columns)]
    properties = tree.args.get("properties")
    elsewhere = exp.ExternalProperty, exp.LocationProperty, exp.FileFormatProperty
    if query is not None or (properties is not None and properties.find(*elsewhere)):
        return None
    # without a query it has columns, or is made like another
    described = isinstance(tree.this, exp.Schema) or (
        properties is not None and properties.find(exp.LikeProperty)
    )
    return [] if described else None


def _copy(piece: _Piece, tree: exp.Copy) -> list[Statement] | None:
    loads = bool(tree.args.get("kind")) and isinstance(tree.this, exp.Table | exp.Schema)
    name, _ = _target(tree.this)
    return [Lost("it loads files", (name,), sure=True)] if loads and name is not None else []


def _query(piece: _Piece, tree: exp.Expr) -> list[Statement] | None:
    """A query changes something where it selects into a table, or calls what may write."""
    into = tree.args.get("into")
    if into is not None:
        name, _ = _target(into.this)
        query = tree.copy()
        query.set("into", None)
        return [Write(name, Query(query, piece.dialect), NAME)] if name is not None else None
    found: list[Statement] = []
    quiet = piece.dialect in load_statement_words().quiet_functions
    for call in tree.find_all(exp.Anonymous):
        name = call.name.lower()
        if name == "set_config" and len(call.expressions) > 1 and isinstance(tree, exp.Select):
            setting = call.expressions[0]
            if not setting.is_string:
                return None
            query = tree.select(exp.alias_(call.expressions[1].copy(), "value"), append=False)
            found.append(Assignment(setting.name.lower(), Query(query, piece.dialect)))
        elif not quiet and name not in piece.functions:
            return [Lost("it calls a function that may write")]
    return found


# --- what a session keeps ------------------------------------------------------------------------


def _set(piece: _Piece, tree: exp.Set | exp.Declare) -> list[Statement] | None:
    found: list[Statement] = []
    for item in tree.expressions:
        if isinstance(item, exp.DeclareItem):
            places, content = item.this, item.args.get("default")
        else:
            pair = item.this
            if not isinstance(pair, exp.EQ):
                # `set a to b`, `set global ...`: a word or a literal
                if tree.find(exp.Query):
                    return None
                continue
            places, content = pair.this, pair.expression
        if content is None or not content.find(exp.Query, exp.Func, exp.Parameter):
            continue
        places = places if isinstance(places, list) else [places]
        for place in places:
            for name in place.expressions if isinstance(place, exp.Tuple) else [place]:
                words = [part.name for part in name.find_all(exp.Identifier, exp.Var, bfs=False)]
                value = Query(_scalar(content), piece.dialect)
                found.append(Assignment(".".join(words).lower(), value))
    return found


def _scalar(content: exp.Expr) -> exp.Expr:
    """A query of one column that gives a value."""
    content = content.copy()
    if isinstance(content, exp.Query) and not isinstance(content, exp.Subquery):
        content = exp.Subquery(this=content)
    return exp.select(exp.alias_(content, "value"))


def _routines(piece: _Piece, tree: exp.Create) -> Iterator[Routine]:
    made = tree.this
    table = made.this if isinstance(made, exp.UserDefinedFunction) else made
    name = table.name.lower()
    language = next((p.this.name.lower() for p in tree.find_all(exp.LanguageProperty)), "sql")
    body = tree.args.get("expression")
    if language in load_statement_words().closed_languages:
        return
    if isinstance(body, exp.MacroOverloads):
        for overload in body.expressions:
            parameters = tuple(p.name for p in overload.expressions)
            yield Routine(name, parameters, Query(_scalar(overload.this), piece.dialect))
        return
    listed = made.expressions if isinstance(made, exp.UserDefinedFunction) else []
    parameters = tuple(p.name for p in listed)
    if isinstance(body, exp.Heredoc) or (isinstance(body, exp.Literal) and body.is_string):
        text = body.this if language == "sql" else None
        yield routine(name, parameters, text, piece.dialect)
    elif isinstance(body, exp.Expr) and language == "sql":
        yield Routine(name, parameters, Query(_scalar(body), piece.dialect))
    else:
        yield Routine(name, parameters, None)


def routine(name: str, parameters: tuple[str, ...], body: str | None, dialect: str) -> Routine:
    """A function by the text of its body: a query, or an expression."""
    for text in (body, f"select {body}") if body is not None else ():
        try:
            trees = parse(text or "", dialect)
        except ValueError:
            continue
        if len(trees) == 1 and isinstance(trees[0], exp.Query):
            return Routine(name, parameters, Query(_scalar(trees[0]), dialect))
    return Routine(name, parameters, None)


@cache
def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])", re.IGNORECASE)


def mentions(text: str, name: str) -> bool:
    """True where a name stands in a text as a word."""
    return _word(name).search(text) is not None
