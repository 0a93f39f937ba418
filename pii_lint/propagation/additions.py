"""What a relation holds beyond what its query gives: by its YAML, as a snapshot, from former
queries, by a branch that no manifest shows, by what its template asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from pii_lint.artifacts.model import Node
from pii_lint.labels import READABLE, SECRET, VALUE_FORMS, Form, carry
from pii_lint.lineage.summary import (
    ROW_ID,
    ROWS,
    SETTING,
    TAIL,
    UNKNOWN,
    Decode,
    Edge,
    Shape,
    ShapeColumn,
    Summary,
    Test,
)

from .branches import LISTED, unseen_branch, unseen_by_state
from .declared import born, columns_of, is_tagged
from .evaluation import Evaluation
from .graph import Graph
from .inventory import BlindSpot
from .linked import Labels, Linked, add, keep, lost

ASKED = "asked by a macro"
"""The operation of a step by which dbt writes data into SQL."""
_LEGIBLE = READABLE | {Form.WEAK, Form.UNKNOWN}
"""Forms in which what nobody saw may let a value be read."""


def add_declared(
    graph: Graph, node: Node, linked: Linked, summary: Summary, query: Evaluation
) -> None:
    """A tag on a derived column adds an origin only for what it copies from an unlabelled
    place."""
    by_key = {c.shape.key: c for c in summary.columns}
    for column in columns_of(node, graph.config).values():
        key = column.name.lower()
        linked.stand_for(node.unique_id, key, column)
        written = by_key.get(key)
        edges = written.edges if written is not None else summary.tail
        if edges is None or not (is_tagged(column) or column.meta.get("pii_keys")):
            labelled = graph.config.labels.get(node.unique_id, {})
            if edges is None or key not in {name.lower() for name in labelled}:
                continue
        places = linked.columns.setdefault(key, {})
        arrived = {label.kind for labels in places.values() for label in labels}
        for position, label in born(node, column, graph.config, graph.registry):
            if any(_same_kind(label.kind, kind) for kind in arrived):
                continue
            for edge in edges:
                if _copies_unlabelled(query, edge):
                    new = carry(label, edge[1], query.around)
                    if new is not None:
                        places.setdefault(position, {}).setdefault(new, None)


def _copies_unlabelled(query: Evaluation, edge: Edge) -> bool:
    """True for an edge that brings a value from where no label stands."""
    ref, chain = edge
    if ref.column == ROW_ID:
        return False
    if ref.read in (UNKNOWN, SETTING) or ref.column == ROWS:
        return ref.read == UNKNOWN
    return not any(isinstance(op, Test | Decode) or op.tag == "signal" for op in chain) and not any(
        label.form in VALUE_FORMS for _, _, _, label, _ in query.reading.taken(ref)
    )


def _same_kind(a: str, b: str) -> bool:
    return a == b or a.startswith(f"{b}.") or b.startswith(f"{a}.")


def add_snapshot(graph: Graph, node: Node, linked: Linked) -> None:
    """dbt's own columns: the row id is an unkeyed digest of key and time, others are times."""
    times = _labels_named(linked, [node.updated_at or ""])
    identity: Labels = {}
    for label, via in {**_labels_named(linked, node.unique_key), **times}.items():
        weak = label.to(Form.WEAK) if label.form in READABLE else label
        identity.setdefault(weak, via)
    every = node.check_columns == ("all",)
    checked = list(linked.columns) if every else node.check_columns
    for label, via in _labels_named(linked, checked).items():
        # a changed value makes a version of its own
        if label.form in VALUE_FORMS:
            linked.facts.signals.setdefault(label.to(Form.SIGNAL, "filter"), via)
    known = list(linked.shape.columns)
    for name, called in node.meta_columns.items():
        labels = {"dbt_scd_id": identity, "dbt_is_deleted": {}}.get(name, times)
        linked.columns[called.lower()] = {(): dict(labels)} if labels else {}
        known.append(graph.unquoted(called))
    linked.shape = Shape(
        tuple(known), linked.shape.complete, linked.shape.ordered, linked.shape.hidden
    )


def _labels_named(linked: Linked, expressions: Sequence[str]) -> Labels:
    """The labels of every column that these names or expressions mention."""
    words = {word.lower() for text in expressions for word in re.findall(r"\w+", text)}
    return {
        label: via
        for key in sorted(words & linked.columns.keys())
        for labels in linked.columns[key].values()
        for label, via in labels.items()
    }


def add_forgotten(graph: Graph, node: Node, linked: Linked) -> None:
    """Columns that the warehouse still has and the SQL no longer writes."""
    keeps = node.resource_type == "snapshot" or (
        node.materialized == "incremental" and node.on_schema_change != "sync_all_columns"
    )
    if not keeps or not linked.shape.complete:
        return
    there = {c.key for c in linked.shape.columns}
    old = [c for c in graph.project.catalog.get(node.unique_id, ()) if c.name.lower() not in there]
    if not old:
        return
    for column in old:
        linked.columns[column.name.lower()] = {(): {lost(node.unique_id): None}}
    added = tuple(ShapeColumn(c.name.lower(), c.name, c.name) for c in old)
    linked.shape = Shape((*linked.shape.columns, *added), complete=True)
    linked.facts.blind.append(
        BlindSpot(
            "the warehouse holds columns that the SQL no longer writes: "
            + ", ".join(c.name for c in old)
        )
    )


def add_unseen(graph: Graph, node: Node, linked: Linked) -> None:
    """Anything of its parents, where a branch of the model was never compiled."""
    reason = unseen_branch(node, graph.projects, linked.facts.reads)
    if reason is not None and not any(_held_above(graph, node, _LEGIBLE)):
        reason = None
    if reason is None and _named_readable(graph, node, unseen_by_state(node, graph.projects)):
        reason = (
            "a branch that hangs on what the warehouse holds was not seen: compile both and give"
            " both manifests"
        )
    if reason is None:
        return
    linked.facts.blind.append(BlindSpot(reason))
    linked.columns.setdefault(TAIL, {})
    for places in linked.columns.values():
        places.setdefault((), {})[lost(node.unique_id)] = None


def _named_readable(graph: Graph, node: Node, words: set[str]) -> bool:
    """True where one of these words is a readable column of what a node reads, or stands for
    all."""
    if LISTED in words:
        # a column that stands in the SQL and not in its template was listed
        new = _words(node.compiled_code) - _words(node.raw_code)
        above = (graph.linked[parent] for parent in node.depends_on if parent in graph.linked)
        words = words if any(new & each.columns.keys() for each in above) else {*words, TAIL}
    return bool(words) and any(
        key in words or TAIL in words for key in _held_above(graph, node, READABLE)
    )


def _held_above(graph: Graph, node: Node, forms: Collection[Form]) -> Iterator[str]:
    """The columns in which what a node reads holds a person's values in one of these forms."""
    for parent in node.depends_on:
        if parent in graph.linked:
            for key, places in graph.linked[parent].columns.items():
                held = (label for labels in places.values() for label in labels)
                if any(label.form in forms and label.kind != SECRET for label in held):
                    yield key


def _words(text: str | None) -> set[str]:
    return set(re.findall(r"\w+", (text or "").lower()))


def add_asked(graph: Graph, node: Node, linked: Linked) -> None:
    """What a template asked while dbt rendered it may stand in the SQL as literals and names: all
    columns that it mentions count as copied anywhere."""
    text = graph.hooks.asked.get(node.unique_id)
    if text is None:
        return
    words = _words(text)
    told: Labels = {}
    for uid in sorted({*node.depends_on, *graph.asked(node.unique_id)}):
        above = graph.linked.get(uid) if uid != node.unique_id else None
        for key, places in above.columns.items() if above is not None else ():
            for labels in places.values() if key in words else ():
                for label, via in labels.items():
                    if label.form in READABLE and label.kind != SECRET:
                        add(told, label, uid, key, label, ASKED, None, via)
    if told:
        _unlist(linked, (node.raw_code or "").lower())
    for key in (*linked.columns, *(c.key for c in linked.shape.columns), TAIL) if told else ():
        held = linked.columns.setdefault(key, {}).setdefault((), {})
        for label, step in told.items():
            keep(held, label, step)


def _unlist(linked: Linked, template: str) -> None:
    """Columns that a template doesn't name may be named after people: they go into the open rest,
    and no report shows their names."""
    shape = linked.shape
    kept = tuple(column for column in shape.columns if column.key in template)
    rest = linked.columns.setdefault(TAIL, {}).setdefault((), {})
    for column in shape.columns:
        if column not in kept:
            for labels in linked.columns.pop(column.key, {}).values():
                for label, step in labels.items():
                    keep(rest, label, step)
    linked.shape = Shape(kept, complete=False, hidden=shape.hidden)
