"""How a column name finds what it stands for. Ambiguity drops nothing: every candidate counts."""

from __future__ import annotations

from sqlglot import exp

from .scopes import Scope, Source, fold
from .summary import HELD, ROW_ID, ROWS, Edge, Edges, Ref
from .values import NOTHING, Value, descend, flow, union
from .walk import Walk

BARE_WORDS = frozenset(
    """year quarter month week day hour minute second millisecond microsecond nanosecond
    dayofweek dow doy dayofyear isoweek isoyear decade century millennium epoch weekday
    yy yyyy qq mm dd dw hh mi ss ms""".split()  # noqa: SIM905
)
"""Date parts, which some functions take as a bare word where a column could stand."""
SYSTEM_COLUMNS = frozenset(
    """rowid ctid xmin xmax tableoid rownum level ordinality
    nextval currval _partitiontime _partitiondate _table_suffix _file_name metadata$filename
    metadata$file_row_number metadata$action metadata$isupdate metadata$row_id""".split()  # noqa: SIM905
)
"""Columns that an engine adds to a relation; they hold no data of it."""


ROW_IDS = frozenset({"rowid", "ctid", "_rowid"})
"""Those of them that number the rows: grouping by one groups by nothing else."""
NO_LATERAL_ALIAS = frozenset({"postgres", "bigquery", "trino", "tsql", "mysql", "oracle"})
"""Engines whose select list doesn't see its own aliases; only grouping and ordering do."""
ALIAS_FIRST = frozenset({"clickhouse"})
"""Engines that take an alias of the select list before a column of its name, unless a setting turns
that round: both count."""


def surely(walk: Walk, e: exp.Expr, scope: Scope) -> Value | None:
    """What nearly every column reference comes to, fast: one source here has exactly one column of
    that name, and nothing can shadow it. None for whatever needs `resolve`."""
    args = e.args
    part, table = args["this"], args.get("table")
    if scope.shadowing or args.get("db") is not None or type(part) is not exp.Identifier:
        return None
    key = part.args["this"].lower()
    if walk.dialect in ALIAS_FIRST and scope.names(key):
        return None
    owner = found = None
    if table is not None:
        owner = scope.source(table.name.lower()) if type(table) is exp.Identifier else None
        columns = owner.relation.find(key) if owner is not None else ()
        if len(columns) != 1:
            return None
        found = columns[0]
    elif key not in scope.merged and (walk.dialect != "bigquery" or scope.source(key) is None):
        for source in scope.sources:
            columns = source.relation.find(key) if source.visible else ()
            if columns and (found is not None or len(columns) > 1):
                return None
            if columns:
                owner, found = source, columns[0]
    if owner is None or found is None or key in ROW_IDS:
        return None
    walk.met(table)
    walk.met(part)
    equal = scope.equated.get((id(owner), key)) if scope.equated else None
    content = found.value if equal is None else union((found.value, equal))
    return flow(content, owner.how) if owner.how else content


def resolve(walk: Walk, parts: list[exp.Identifier], scope: Scope) -> Value:
    """The value of a column reference, its name in parts from the outermost to the innermost."""
    for part in parts:
        walk.met(part)
    keys = [part.name.lower() for part in parts]
    found = _local(keys, scope)
    if found is None and len(parts) > 1:
        found = _qualified(walk, parts, keys, scope)
    if found is None:
        found = _bare(walk, parts[0], keys[0], scope, rows=len(parts) == 1)
        if found is not None:
            for key in keys[1:]:
                found = descend(found, key)
    if found is not None:
        return union((found, row_numbers(scope))) if keys[-1] in ROW_IDS else found
    if len(keys) == 1:
        if keys[0] in ROW_IDS:
            return row_numbers(scope)
        if keys[0] in SYSTEM_COLUMNS or (keys[0] in BARE_WORDS and not parts[0].args.get("quoted")):
            return NOTHING
        spec = walk.functions.get(keys[0])
        if spec is not None and spec.cls == "constant":
            return NOTHING
    elif keys[-1] in SYSTEM_COLUMNS:
        return row_numbers(scope) if keys[-1] in ROW_IDS else NOTHING
    return walk.unknown(f"column {'.'.join(part.name for part in parts)} is not known here")


def row_numbers(scope: Scope) -> Value:
    """What tells the rows of all sources apart; it holds no data of them."""
    reads = {read for source in scope.sources for read in reads_of(source.relation.rows)}
    return Value({(Ref(read, ROW_ID), ()): None for read in sorted(reads)})


def reads_of(rows: Edges) -> set[str]:
    """The relations whose rows these are."""
    return {ref.read for ref, _ in rows if ref.column == ROWS}


def one_row(count: exp.Expr | None, rows: Edges) -> frozenset[Edge]:
    """What a limit or sample of one row holds the rows of a relation to."""
    single = isinstance(count, exp.Literal) and count.name == "1"
    return frozenset((Ref(read, ROW_ID), ()) for read in reads_of(rows)) if single else frozenset()


def held(sources: list[Source]) -> frozenset[Edge]:
    """What the rows of sources side by side are held to. One row of a relation holds no other row
    of it that is read beside it."""
    found: set[Edge] = set()
    for source in sources:
        others = {
            read
            for other in sources
            if other is not source
            for read in reads_of(other.relation.rows)
        }
        for ref, chain in source.relation.pinned:
            if ref.column == HELD:
                found.add((ref._replace(path=tuple(sorted(others))), chain))
            elif ref.column != ROW_ID or ref.read not in others:
                found.add((ref, chain))
    return frozenset(found)


def _local(keys: list[str], scope: Scope) -> Value | None:
    found = scope.local(keys[0])
    if found is not None:
        for key in keys[1:]:
            found = descend(found, key)
    return found


def _qualified(
    walk: Walk, parts: list[exp.Identifier], keys: list[str], scope: Scope | None
) -> Value | None:
    """A name whose leading part is a source; what follows the column leads into its fields."""
    depth = 0
    while scope is not None:
        for i in range(len(keys) - 2, -1, -1):
            source = scope.source(keys[i])
            if source is None:
                continue
            found = in_source(walk, scope, source, parts[i + 1], keys[i + 1])
            if found is not None:
                walk.outer = walk.outer or depth > 0
                for key in keys[i + 2 :]:
                    found = descend(found, key)
                return found
        scope = scope.parent
        depth += 1
    return None


def in_source(
    walk: Walk, scope: Scope, source: Source, part: exp.Identifier, key: str
) -> Value | None:
    """A column of one source; None where it surely has none of that name."""
    exact = fold(part.name, bool(part.args.get("quoted")), walk.dialect)
    found = source.relation.candidates(key, exact)
    if not found:
        return None
    equal = scope.equated.get((id(source), key))
    if equal is not None:
        found.append(equal)
    return flow(union(found), source.how) if source.how else union(found)


def _bare(
    walk: Walk, part: exp.Identifier, key: str, scope: Scope | None, *, rows: bool
) -> Value | None:
    """A name by itself, from the innermost query outwards; `rows` lets it stand for a whole row."""
    depth = 0
    open_ends: list[Value] = []
    innermost = scope
    while scope is not None:
        found = _known(walk, scope, part, key, rows)
        if found is not None:
            walk.outer = walk.outer or depth > 0
            return union((found, *open_ends))
        open_ends += _open(walk, scope, part, key)
        if open_ends and scope.siblings:
            break
        scope = scope.parent
        depth += 1
    if open_ends:
        return union(open_ends)
    while innermost is not None:
        alias = innermost.alias(key)
        if alias is not None:
            return alias
        innermost = innermost.parent
    return None


def _known(walk: Walk, scope: Scope, part: exp.Identifier, key: str, rows: bool) -> Value | None:
    """A column that is surely there; else an alias of the select list; else a whole row."""
    row = scope.source(key) if rows else None
    if row is not None and walk.dialect == "bigquery":
        return row.relation.row()
    merged = scope.merged.get(key)
    if merged is not None:
        return merged
    exact = fold(part.name, bool(part.args.get("quoted")), walk.dialect)
    found = [
        v
        for source in scope.sources
        if source.visible and source.relation.find(key, exact)
        if (v := in_source(walk, scope, source, part, key)) is not None
    ]
    if found:
        first = scope.alias(key) if walk.dialect in ALIAS_FIRST else None
        return union(found if first is None else (*found, first))
    alias = scope.alias(key) if walk.dialect not in NO_LATERAL_ALIAS else None
    if alias is not None:
        return union((alias, *_open(walk, scope, part, key)))
    if row is not None:
        return row.relation.row()
    return None


def _open(walk: Walk, scope: Scope, part: exp.Identifier, key: str) -> list[Value]:
    """What the name may stand for among columns that nobody listed."""
    return [
        v
        for source in scope.sources
        if source.visible and not source.relation.find(key)
        if (v := in_source(walk, scope, source, part, key)) is not None
    ]
