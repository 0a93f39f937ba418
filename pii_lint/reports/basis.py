"""What a verdict rests on: how much was seen, and every mask that was met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pii_lint.findings import Blind, Branch, Coverage, Mask
from pii_lint.labels import Form
from pii_lint.propagation.branches import branches, uses_is_incremental
from pii_lint.propagation.inventory import ColumnFacts, MaskFacts, RelationFacts, Span
from pii_lint.rules import WHOLE, Facts

_START = Span(0, 0)


def coverage(facts: Facts) -> Coverage:
    """How much of the project was seen."""
    models = [held for node, held in facts.relations() if node.resource_type == "model"]
    columns = [column for held in models for column in _known(held)]
    reviews = Counter(_reviews(facts))
    return Coverage(
        models=len(models),
        columns=len(columns),
        columns_resolved=sum(1 for column in columns if _resolved(column)),
        sources_tagged=reviews["tagged"],
        sources_clean=reviews["clean"],
        sources_unreviewed=reviews["unreviewed"],
        unknown=tuple(_blind(facts)),
        branches=tuple(_branches(facts)),
    )


def masks(facts: Facts) -> tuple[Mask, ...]:
    """Every digest and cipher that takes a personal value, in order of place."""
    return tuple(
        Mask(
            node=uid,
            column=mask.column,
            function=mask.function,
            verdict="keyed" if mask.secrets else "literal" if mask.literal else "unkeyed",
            inputs=tuple(sorted({str(label.origin) for label in mask.inputs})),
            secrets=tuple(sorted({str(label.origin) for label in mask.secrets})),
            location=facts.places.span(uid, mask.span),
        )
        for uid, mask in met(facts)
    )


def met(facts: Facts) -> Iterator[tuple[str, MaskFacts]]:
    """The masks with the relations whose SQL they stand in, in order of place."""
    for node, held in facts.relations():
        for mask in sorted(held.masks, key=lambda m: (m.span or _START, m.column, m.function)):
            yield node.unique_id, mask


def _known(held: RelationFacts) -> Iterator[ColumnFacts]:
    return (column for key, column in held.columns.items() if key != WHOLE)


def _resolved(column: ColumnFacts) -> bool:
    return not column.labels or all(label.form != Form.UNKNOWN for label in column.labels)


def _reviews(facts: Facts) -> Iterator[str]:
    """For each column of a source: did somebody tag it, declare it clean, or never look at it?"""
    for node, held in facts.relations():
        if node.resource_type != "source" or facts.is_secret(node.unique_id):
            continue
        clean = facts.declared_clean(node.unique_id)
        for column in _known(held):
            if column.labels:
                yield "tagged"
            else:
                yield "clean" if column.name.lower() in clean else "unreviewed"


def _blind(facts: Facts) -> Iterator[Blind]:
    for node, held in facts.relations():
        for spot in sorted(held.blind, key=lambda spot: (spot.span or _START, spot.reason)):
            yield Blind(node.unique_id, spot.reason, facts.places.span(node.unique_id, spot.span))


def _branches(facts: Facts) -> Iterator[Branch]:
    """Models that ask `is_incremental()`; its answer was fixed when dbt compiled them."""
    for node, relation in facts.relations():
        if node.resource_type == "model" and uses_is_incremental(node, facts.projects):
            yield Branch(node.unique_id, *branches(node, facts.projects, relation.reads))
