"""A profile as text, JSON and Markdown. No name that isn't a plain word, and no text of a cell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pii_lint.profiled import ColumnProfile, RelationProfile
from pii_lint.reports._markup import cell, prose
from pii_lint.reports._plain import plain
from pii_lint.tiers import Tier

VERSION = 1
_NAME = re.compile(r"[\w$]{1,63}")
_KIND = re.compile(r"[\w.]{1,80}")
_HEAD = ("column", "sort", "distinct", "null", "least", "greatest", "holds")


def text(found: Sequence[RelationProfile], tier: Tier) -> str:
    """A table for each relation."""
    blocks = []
    for relation in found:
        rows = [_HEAD, *map(_cells, relation.columns)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [f"{plain(relation.asked.called)}: {_rows(relation)}"]
        for row in rows:
            padded = (one.ljust(width) for one, width in zip(row, widths, strict=True))
            lines.append(f"  {'  '.join(padded).rstrip()}")
        blocks.append("\n".join((*lines, *(f"  {note}" for note in _notes(relation, tier)))))
    return "\n\n".join(blocks) + "\n"


def markdown(found: Sequence[RelationProfile], tier: Tier) -> str:
    """The same for a document."""
    blocks = []
    for relation in found:
        lines = [f"## {cell(relation.asked.called)}", "", f"{_rows(relation)}.", ""]
        lines += [_line(_HEAD), _line(["---"] * len(_HEAD))]
        for column in relation.columns:
            name, *others = _cells(column)
            lines.append(_line([cell(name), *others]))
        lines += ["", *(f"- {prose(note)}" for note in _notes(relation, tier))]
        blocks.append("\n".join(lines).rstrip())
    return "\n\n".join(blocks) + "\n"


def as_json(found: Sequence[RelationProfile], tier: Tier) -> str:
    """The same for programs."""
    told = {
        "profile_version": VERSION,
        "tier": int(tier),
        "relations": [
            {
                "node": plain(relation.asked.node),
                "zone": relation.asked.zone,
                "rows": relation.rows,
                "columns": [_record(column) for column in relation.columns],
            }
            for relation in found
        ],
    }
    return json.dumps(told, indent=2) + "\n"


PROFILE_FORMATS: Mapping[str, Callable[[Sequence[RelationProfile], Tier], str]] = {
    "text": text,
    "json": as_json,
    "markdown": markdown,
}


def _rows(relation: RelationProfile) -> str:
    return f"{relation.rows} rows"


def _name(column: ColumnProfile) -> str | None:
    """The name, where it is a word: whoever reads a profile, a program too, may take a sentence for
    one that is addressed to it."""
    known = column.known
    return known.name if known is not None and _NAME.fullmatch(known.name) else None


def _cells(column: ColumnProfile) -> tuple[str, ...]:
    bounds = (column.least, column.greatest) if column.withheld is None else ("-", "-")
    return (
        _name(column) or f"(column {column.position})",
        column.sort,
        str(column.distinct),
        str(column.nulls),
        *(one or "-" for one in bounds),
        ", ".join(f"{kind} {form}" for kind, form in _holds(column)) or "-",
    )


def _holds(column: ColumnProfile) -> Iterator[tuple[str, str]]:
    for kind, form in column.known.holds if column.known else ():
        yield kind if _KIND.fullmatch(kind) else "personal", form


def _notes(relation: RelationProfile, tier: Tier) -> Iterator[str]:
    """Why bounds are missing, each reason once."""
    if tier > Tier.STANDARD:
        yield f"Counts alone: {tier.called}."
        return
    reasons: dict[str, list[str]] = {}
    for column in relation.columns:
        if column.withheld is not None:
            reasons.setdefault(column.withheld, []).append(_cells(column)[0])
    for why, names in reasons.items():
        yield f"No bounds ({why}): {_listed(names)}."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _record(column: ColumnProfile) -> dict[str, object]:
    return {
        "position": column.position,
        "name": _name(column),
        "sort": column.sort,
        "nulls": column.nulls,
        "distinct": column.distinct,
        "least": column.least,
        "greatest": column.greatest,
        "withheld": column.withheld,
        "classification": column.known.classification if column.known else None,
        "holds": [{"kind": kind, "form": form} for kind, form in _holds(column)],
    }


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
