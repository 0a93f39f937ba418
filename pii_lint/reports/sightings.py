"""A scan as text, and as the file that `check` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from pii_lint.reports._plain import plain
from pii_lint.sightings import Looked, Scan, Sighting

VERSION = 1


def text(scan: Scan, *, every: bool = False) -> str:
    """By zone and relation: which columns hold what, in how many of the rows looked at."""
    told = scan.sightings if every else scan.standing("unexpected", "declared clean")
    lines = [line for relation in _ordered(scan) for line in _relation(relation, told)]
    rows = sum(relation.rows for relation in scan.relations)
    unread = sum(relation.why is not None for relation in scan.relations)
    lines.append(
        f"{len(scan.unexpected)} unexpected places, {len(scan.standing('declared clean'))} "
        f"declared clean, {len(scan.standing('expected'))} expected, in "
        f"{len(scan.relations) - unread} relations with {rows} rows looked at"
        + (f"; {unread} not read" if unread else "")
        + "."
    )
    return "\n".join(lines) + "\n"


def stored(scan: Scan) -> str:
    """The scan as JSON."""
    told = {
        "scan_version": VERSION,
        "relations": [asdict(one) for one in scan.relations],
        "sightings": [asdict(one) for one in scan.sightings],
    }
    return json.dumps(told, indent=1) + "\n"


def _ordered(scan: Scan) -> list[Looked]:
    return sorted(scan.relations, key=lambda one: (one.zone or "~", one.node))


def _relation(relation: Looked, told: tuple[Sighting, ...]) -> Iterator[str]:
    found = [one for one in told if one.node == relation.node]
    called = f"{relation.zone or 'no zone'}  {plain(relation.called)}"
    if relation.why is not None:
        yield f"{called}: not read, {relation.why}"
    elif found:
        yield called
        width = max(len(plain(one.column)) for one in found)
        yield from (_sighting(one, width) for one in found)


def _sighting(one: Sighting, width: int) -> str:
    rows = f"{one.rows} of {one.looked} rows"
    return f"  {plain(one.column):<{width}}  {one.pattern}  {one.kind}  {rows}  {one.standing}"
