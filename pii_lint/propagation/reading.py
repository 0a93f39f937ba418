"""What stands behind the names of one query: labels, secrets, the tables whose rows are meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from pii_lint.labels import CHANGED_SECRET, MAYBE_NULL, SECRET, Form, Label, Origin
from pii_lint.lineage.summary import (
    DECLARED,
    HELD,
    ROW_ID,
    SETTING,
    TAIL,
    TRANSFORM,
    UNKNOWN,
    Digest,
    Edge,
    Flow,
    Ref,
    Test,
)

from .declared import Position
from .graph import Graph
from .inventory import Via
from .linked import Line, lost, remaining

Taken = tuple[Position, str, str, Label, Via | None]
"""What is left of a label's place, the node and column that it stands on, the label, its way."""
Carried = Callable[[str], list[Taken]]
"""What a variable or function hands on, by its name."""


class Reading:
    """One query's names, bound: `reader` is the node that will hold what it gives, `owners` are the
    relations by the names that its summary gives them."""

    __slots__ = ("_carried", "_linked", "_reader", "_secrets", "owners")

    def __init__(
        self, graph: Graph, reader: str, owners: Mapping[str, tuple[str, ...]], carried: Carried
    ) -> None:
        self._linked = graph.linked
        self._secrets = graph.config.secret_settings
        self._reader = reader
        self._carried = carried
        self.owners = owners

    def taken(self, ref: Ref) -> list[Taken]:
        """The labels behind a ref, with the node and column they stand on; uid is empty for those
        born here."""
        if ref.read in (UNKNOWN, SETTING):
            return list(self._taken_in_session(ref))
        found: list[Taken] = []
        for uid in self.owners.get(ref.read, ()):
            linked = self._linked.get(uid)
            if linked is None:
                # read before its turn: nothing is known of it
                found.append(((), "", TAIL, lost(self._reader), None))
                continue
            for rest, key, labels in linked.at(ref):
                found += [(rest, uid, key, label, via) for label, via in labels.items()]
        return found

    def _taken_in_session(self, ref: Ref) -> Iterator[Taken]:
        """The labels behind what isn't a relation's."""
        if ref.read == UNKNOWN:
            yield (), "", TAIL, lost(self._reader), None
        else:
            if ref.column in self._secrets or ref.column.startswith(DECLARED):
                yield (), "", TAIL, Label(Origin(SETTING, ref.column), SECRET, Form.CLEAR), None
            for position, uid, key, label, via in self._carried(ref.column):
                rest = remaining(position, ref.path)
                if rest is not None:
                    yield rest, uid, key, label, via

    def secrets(self, ref: Ref, skips_null: bool) -> Iterator[Label]:
        """The secrets of a digest's key that are whole and always there."""
        for _, _, _, label, _ in self.taken(ref):
            whole = label.kind == SECRET and label.form is Form.CLEAR
            maybe_null = skips_null and label.part == MAYBE_NULL
            if whole and label.part != CHANGED_SECRET and not maybe_null:
                yield label

    def tables(self, edges: Iterable[Edge]) -> frozenset[str]:
        """Source tables of which this expression holds one value a row: copies and digests of
        unique columns."""
        tables: set[str] = set()
        for ref, chain in edges:
            if not chain or all(
                (isinstance(op, Flow) and not op.how & TRANSFORM)
                or isinstance(op, Digest)
                or (isinstance(op, Test) and op.equated)
                for op in chain
            ):
                for uid in self.owners.get(ref.read, ()):
                    linked = self._linked.get(uid)
                    if linked is not None and ref.column == ROW_ID:
                        tables |= {uid, *linked.origins()}
                    elif linked is not None and ref.column == HELD:
                        tables |= linked.held - self._read_beside(ref)
                    elif linked is not None and not ref.path and ref.column in linked.singles:
                        tables |= linked.singles[ref.column]
        return frozenset(tables)

    def _read_beside(self, ref: Ref) -> set[str]:
        """Source tables that are read beside a relation that holds one row of each."""
        nodes = {uid for read in ref.path for uid in self.owners.get(read, ())}
        above = [self._linked[uid] for uid in nodes if uid in self._linked]
        return nodes | {origin for linked in above for origin in linked.origins()}

    def line(self, ref: Ref) -> tuple[Line, str] | None:
        """Where each row of a column comes from, and the column that it is there."""
        owners = self.owners.get(ref.read, ())
        linked = self._linked.get(owners[0]) if len(owners) == 1 else None
        return linked.lines.get(ref.column) if linked is not None and not ref.path else None
