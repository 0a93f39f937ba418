"""The record of processing: which columns hold personal data, in which form, where from, whose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pii_lint.findings import Entry, Listing, Relation

ROWS = "(rows)"
"""Stands for a column where personal data decided which rows there are."""
SECRET = "secret"  # noqa: S105  the kind of a salt, which is nobody's data


class Row(NamedTuple):
    """One kind of personal data in one form in one column; the names are the record's headings."""

    relation: str
    column: str
    zone: str
    owner: str
    kind: str
    classification: str
    form: str
    clause: str
    origins: tuple[str, ...]
    recipients: tuple[str, ...]
    file: str
    line: str


def record(listing: Listing) -> Iterator[Row]:
    """Every column with personal data, in order; clean ones aren't part of it."""
    for node, relation in listing.relations.items():
        for column, entries in relation.columns.items():
            yield from _rows(node, column, relation, entries)
        yield from _rows(node, ROWS, relation, relation.signals)


def _rows(node: str, column: str, relation: Relation, entries: Iterable[Entry]) -> Iterator[Row]:
    alike: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        if entry.kind != SECRET:
            alike.setdefault((entry.kind, entry.form, entry.clause or ""), []).append(entry)
    for (kind, form, clause), some in alike.items():
        place = some[0].via.location
        yield Row(
            relation=node,
            column=column,
            zone=relation.zone or "",
            owner=relation.owner or "",
            kind=kind,
            classification=some[0].classification or "",
            form=form,
            clause=clause,
            origins=tuple(sorted({entry.origin for entry in some})),
            recipients=relation.recipients,
            file=place.file if place else "",
            line=str(place.line) if place else "",
        )
