"""Values during the walk: where each part of an expression comes from, and how operations
compose."""

from __future__ import annotations

from collections.abc import Iterable

from .summary import (
    CHANGED,
    ENTRY,
    ROWS,
    SIZING,
    SKIPPED,
    TRANSFORM,
    UNKEYED,
    Chain,
    Decode,
    Digest,
    Edge,
    Edges,
    Flow,
    Fold,
    Op,
    Part,
    Ref,
    Signal,
    Span,
    Test,
)

LONGEST_CHAIN = 6
WIDEST_VALUE = 400
"""Edges a value may have before those of one column are joined."""


class Value:
    """What an expression is made of: `edges` for the whole of it, `fields` for what is known to be
    in one field only."""

    __slots__ = ("edges", "fields")

    def __init__(self, edges: Edges, fields: dict[str, Value] | None = None) -> None:
        self.edges = edges
        self.fields = fields

    def __bool__(self) -> bool:
        return bool(self.edges) or bool(self.fields)


NOTHING = Value({})

_composed: dict[tuple[Chain, Op], Chain] = {}


def extend(chain: Chain, op: Op) -> Chain:
    """`op` after `chain`, collapsed where the meaning allows."""
    if not chain:
        return (op,)
    known = _composed.get((chain, op))
    if known is None:
        known = _composed[chain, op] = _extend(chain, op)
    return known


def _extend(chain: Chain, op: Op) -> Chain:
    last = chain[-1]
    if isinstance(last, Signal):
        # of one person it may be a value still, which a digest hides
        return (*chain, op) if last.group and isinstance(op, Digest) else chain
    if isinstance(op, Signal):
        digest = next((o for o in chain if isinstance(o, Digest)), None)
        return (op,) if digest is None else (digest, op)
    if isinstance(op, Flow):
        if isinstance(last, Flow):
            return (*chain[:-1], Flow(last.how | op.how))
        return (*chain, op) if op.how >= SIZING else chain
    if isinstance(op, Part):
        if isinstance(last, Digest | Test | Decode | Fold):
            return chain
        if isinstance(last, Part):
            widths = [w for w in (last.width, op.width) if w is not None]
            return (*chain[:-1], Part(f"{last.spec} | {op.spec}", min(widths, default=None)))
    if isinstance(op, Digest) and isinstance(last, Digest):
        return (*chain[:-1], Digest(last.keys | op.keys, op.function))
    if isinstance(op, Test) and isinstance(last, Test | Decode):
        return chain
    if isinstance(op, Decode) and isinstance(last, Test):
        return (*chain[:-1], op)
    if isinstance(op, Decode) and isinstance(last, Decode):
        return (*chain[:-1], Decode(max(last.outcomes, op.outcomes)))
    if len(chain) >= LONGEST_CHAIN:
        return (Flow(TRANSFORM),)
    return (*chain, op)


def flat(value: Value) -> Edges:
    """All edges, those of fields included."""
    if not value.fields:
        return value.edges
    edges = dict(value.edges)
    for part in value.fields.values():
        merge(edges, flat(part))
    return edges


def merge(into: Edges, edges: Edges) -> None:
    """Add edges in place; a span that is known already stays."""
    for edge, span in edges.items():
        if into.get(edge) is None:
            into[edge] = span


MOST_FIELDS = 500
"""Places a struct may have, all levels counted, before they run together."""


def bounded(value: Value) -> Value:
    """The value, its fields run together where there are too many to tell apart."""
    if not value.fields:
        return value
    stack = [value]
    places = 0
    while stack:
        node = stack.pop()
        places += 1
        if places > MOST_FIELDS:
            return Value(flat(value))
        stack += (node.fields or {}).values()
    return value


def union(values: Iterable[Value]) -> Value:
    """One value that may be any of these, or holds all of them."""
    kept = [value for value in values if value.edges or value.fields]
    if not kept:
        return NOTHING
    if len(kept) == 1:
        return kept[0]
    edges: Edges = {}
    fields: dict[str, Value] | None = None
    for value in kept:
        merge(edges, value.edges)
        if value.fields:
            fields = fields or {}
            for key, part in value.fields.items():
                fields[key] = union((fields[key], part)) if key in fields else part
    return Value(join_wide(edges), fields)


def blend(values: Iterable[Value]) -> Value:
    """One of several alternatives. Structs with other fields are matched by position: their fields
    run together."""
    kept = [value for value in values if value]
    if len({frozenset(value.fields or ()) for value in kept}) > 1:
        kept = [Value(flat(value)) for value in kept]
    return union(kept)


def alternatives(values: Iterable[Value], how: int) -> Value:
    """One of several: none is surely there, unless all are the same."""
    listed = list(values)
    edges = [flat(value).keys() for value in listed]
    if all(some == edges[0] for some in edges[1:]):
        return blend(listed)
    return blend(flow(value, how) for value in listed)


def join_wide(edges: Edges) -> Edges:
    """A sound join where diamonds would explode: per column, value edges become one, signals
    stay."""
    if len(edges) <= WIDEST_VALUE:
        return edges
    joined: Edges = {}
    for (ref, chain), span in edges.items():
        edge: Edge = (ref, chain if chain and isinstance(chain[-1], Signal) else (Flow(TRANSFORM),))
        if joined.get(edge) is None:
            joined[edge] = span
    return joined


def apply(value: Value, op: Op) -> Value:
    """The value after an operation that takes it as a whole."""
    edges = flat(value)
    if not edges:
        return NOTHING
    out: Edges = {}
    for (ref, chain), span in edges.items():
        edge = (ref, extend(chain, op))
        if out.get(edge) is None:
            out[edge] = span
    return Value(out)


_FLOWS = tuple(Flow(how) for how in range(2 * SIZING))


def flow(value: Value, how: int) -> Value:
    """The value going on; fields stay apart unless it is changed."""
    if not value.fields or how & CHANGED:
        return apply(value, _FLOWS[how])
    top = apply(Value(value.edges), _FLOWS[how]) if value.edges else NOTHING
    return Value(top.edges, {key: flow(part, how) for key, part in value.fields.items()})


def sized(value: Value, count: Signal) -> Value:
    """How many elements a value has: a count, but of what said how many there are to be."""
    edges = flat(value)
    said = {edge: span for edge, span in edges.items() if _sizes(edge[1])}
    rest = {edge: span for edge, span in edges.items() if edge not in said}
    return union((flow(Value(said), TRANSFORM), apply(Value(rest), count)))


def counting(value: Value) -> Edges:
    """What decided how many rows there are; of what said so itself the value stays in sight."""
    edges: Edges = {}
    for (ref, chain), span in flat(value).items():
        count = Signal("count")
        merge(edges, {(ref, (*chain, count) if _sizes(chain) else extend(chain, count)): span})
    return edges


def told(rows: Edges) -> Value:
    """The values that said how many rows there are: whoever counts the rows has them back."""
    return Value(
        {
            (ref, chain[:-1]): span
            for (ref, chain), span in rows.items()
            if len(chain) > 1 and isinstance(chain[-1], Signal) and _sizes(chain[:-1])
        }
    )


def places(rows: Edges) -> Value:
    """Numbers of rows: the last one says how many there are."""
    return flow(told(rows), TRANSFORM)


def settled(rows: Edges) -> Edges:
    """What decided about rows of which only one is left."""
    edges: Edges = {}
    for (ref, chain), span in rows.items():
        last = chain[-1] if chain else None
        merge(
            edges, {(ref, (last,) if isinstance(last, Signal) and _sizes(chain) else chain): span}
        )
    return edges


def _sizes(chain: Chain) -> bool:
    return any(isinstance(op, Flow) and op.how & SIZING for op in chain)


def descend(value: Value, key: str) -> Value:
    """One field of a struct or JSON value; `key` is lower case. Arrays are transparent."""
    edges: Edges = {}
    for (ref, chain), span in value.edges.items():
        if all(isinstance(op, Flow) and not op.how & CHANGED for op in chain):
            edges[Ref(ref.read, ref.column, (*ref.path, key)), chain] = span
        else:
            edges[ref, chain] = span
    own = Value(edges)
    fields = value.fields or {}
    if key in fields:
        return union((own, fields[key]))
    # of a struct without names nobody knows which field the name is for
    return union((own, *(part for place, part in fields.items() if place.startswith(PLACE))))


def opened(value: Value) -> Value:
    """What the rows of a container hold."""
    return Value(descend(Value(value.edges), ENTRY).edges, value.fields)


def of_keys(value: Value, keys: Iterable[str]) -> Value:
    """What a value made of pairs is where their key is one of these."""
    edges: Edges = {}
    for key in keys:
        for (ref, chain), span in value.edges.items():
            path = list(ref.path)
            if ENTRY in path:
                # pairs may lie in pairs: these are the innermost
                path[len(path) - 1 - path[::-1].index(ENTRY)] = f"{ENTRY}={key}"
            merge(edges, {(ref._replace(path=tuple(path)), chain): span})
    return Value(edges, value.fields)


PLACE = "$"
"""Begins the key of a field that has no name, only a place."""


def placed(parts: Iterable[Value]) -> Value:
    """A struct whose fields have no names."""
    return Value({}, {f"{PLACE}{i}": part for i, part in enumerate(parts, 1)})


def at_place(struct: Value, place: int) -> Value:
    """The field of a struct at a place, counted from 1; all of it where its fields have names."""
    field = (struct.fields or {}).get(f"{PLACE}{place}")
    return struct if field is None else union((Value(struct.edges), field))


def named(value: Value) -> Value:
    """The value, its fields run together where some have no name: no later query asks by place."""
    if not value.fields:
        return value
    if any(key.startswith(PLACE) for key in value.fields):
        return Value(flat(value))
    return Value(value.edges, {key: named(part) for key, part in value.fields.items()})


def stamp(value: Value, span: Span | None, *, over: bool) -> Value:
    """Note where a value is written; `over` replaces what deeper queries noted."""
    if span is None or not (over or value.fields or None in value.edges.values()):
        return value
    edges: Edges = {edge: span if over or old is None else old for edge, old in value.edges.items()}
    if not value.fields:
        return Value(edges)
    return Value(edges, {key: stamp(part, span, over=over) for key, part in value.fields.items()})


def whole_refs(value: Value) -> frozenset[tuple[Ref, bool]]:
    """Refs that stand in the value whole and always, the candidates for a key; True where nulls
    are left out."""
    keys: set[tuple[Ref, bool]] = set()
    for ref, chain in flat(value):
        if ref.column == ROWS:
            continue
        if not chain:
            keys.add((ref, False))
        elif len(chain) == 1 and isinstance(chain[0], Flow) and not chain[0].how & UNKEYED:
            keys.add((ref, bool(chain[0].how & SKIPPED)))
    return frozenset(keys)
