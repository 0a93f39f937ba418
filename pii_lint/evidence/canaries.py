"""Plant values that stand nowhere else, and look for them in every cell of the safe marts."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from pii_lint.evidence.record import ColumnEvidence, Verdict
from pii_lint.foretold import Forecast
from pii_lint.warehouse.quoting import relation

SHORTEST, WINDOW = 6, 12
"""What is shorter isn't looked for; of what is longer, as many characters in a row are a find."""


class Canaries:
    """What was planted, as pieces that can be looked up in a cell's text."""

    def __init__(self, planted: Iterable[tuple[str, str]]) -> None:
        self._pieces: dict[str, tuple[str, str]] = {}
        self._lengths: set[int] = set()
        self.count = 0
        for kind, value in planted:
            if len(value) >= SHORTEST:
                self.count += 1
                for how, text in _disguises(value):
                    self._keep(text, (kind, how))

    def within(self, text: str) -> tuple[str, str] | None:
        """The kind of the first planted value in a text, and in which form it stands there."""
        for length in self._lengths:
            for spelling in (text, text.casefold()):
                for piece in _cut(spelling, length):
                    if piece in self._pieces:
                        return self._pieces[piece]
        return None

    def _keep(self, text: str, found: tuple[str, str]) -> None:
        length = min(len(text), WINDOW)
        self._lengths.add(length)
        for piece in _cut(text, length):
            self._pieces.setdefault(piece, found)


def finds(file: Path, marts: Iterable[Forecast], canaries: Canaries) -> Iterator[ColumnEvidence]:
    """Every column of these relations in which a planted value stands."""
    with duckdb.connect(str(file), read_only=True) as connection:
        for one in marts:
            named = relation(one.table)
            answer = connection.execute(f"select columns(*)::varchar from {named}")  # noqa: S608
            names = [str(each[0]) for each in answer.description or ()]
            found: dict[str, tuple[str, str]] = {}
            while rows := answer.fetchmany(10_000):
                for name, cells in zip(names, zip(*rows, strict=True), strict=True):
                    if name not in found and (hit := _first(cells, canaries)):
                        found[name] = hit
            for name, (kind, how) in sorted(found.items()):
                yield ColumnEvidence(
                    one.name,
                    name,
                    Verdict.READABLE,
                    (kind,),
                    note=f"a planted value stands there {how}",
                )


def _disguises(value: str) -> Iterator[tuple[str, str]]:
    """The forms in which a value is looked for."""
    folded = value.casefold()
    yield "as it is", folded
    yield "reversed", folded[::-1]
    for text in {value, folded, value.upper()}:
        yield "as hexadecimal", text.encode().hex()
        for code in _base64(text):
            yield "as base64", code


def _base64(text: str) -> Iterator[str]:
    """At each of the three places where it may begin, without what depends on its neighbours."""
    for lead in range(3):
        code = base64.b64encode(b"\0" * lead + text.encode()).decode().rstrip("=")
        yield code[(0, 2, 3)[lead] : -1]


def _cut(text: str, length: int) -> Iterator[str]:
    return (text[at : at + length] for at in range(len(text) - length + 1))


def _first(cells: Iterable[object], canaries: Canaries) -> tuple[str, str] | None:
    hits = (canaries.within(cell) for cell in cells if isinstance(cell, str))
    return next(filter(None, hits), None)
