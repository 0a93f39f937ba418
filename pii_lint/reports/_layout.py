"""Text in columns, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import combining, east_asian_width

from pii_lint.findings import Flow, Line
from pii_lint.reports._plain import plain
from pii_lint.reports._words import head, place, short_name

WIDEST_CELL = 48


def table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows, their cells under each other."""
    if not rows:
        return
    widths = [min(max(map(len, cells)), WIDEST_CELL) for cells in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def flow_lines(flow: Flow) -> Iterator[str]:
    """A label's way, a line a hop."""
    yield f"  {head(flow)}"
    rows = [
        (
            plain(f"{short_name(step.node)}.{step.column}"),
            step.op,
            step.form,
            cut(plain(step.expression)),
            place(step.location),
        )
        for step in flow.steps
    ]
    for row in table(rows):
        yield f"    {row}"


def snippet_lines(lines: Sequence[Line]) -> Iterator[str]:
    """Lines of a file with their numbers, and marks under what is meant."""
    margin = len(str(max((line.number for line in lines), default=0)))
    for line in lines:
        before, marked, after = plain(line.before), plain(line.marked), plain(line.after)
        yield f"  {line.number:>{margin}} | {before}{marked}{after}".rstrip()
        yield f"  {'':{margin}} | {' ' * _width(before)}{'^' * max(_width(marked), 1)}"


def cut(text: str) -> str:
    """What fits into a cell."""
    return text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 1] + "…"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else not combining(char) for char in text)
