"""JSON on its way: looked into row by row, before it comes to rest anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from pii_lint.data.payloads import Surface
from pii_lint.warehouse.sync.plan import Plan
from pii_lint.warehouse.sync.source import Buffer

NULL = rb"\N"
_FIELD = re.compile(rb'("[^"]*(?:""[^"]*)*"|[^,\n"]*)[,\n]')
_MOST = 100_000
# Of the refused rows that a table's dead letters name; the rest is counted.


class Screened(NamedTuple):
    """What Layer 1 says of one payload."""

    kept: bytes | None
    # None: as it came
    code: str | None = None
    # why it is refused; None where it may pass
    detail: str = ""
    # JSON: fields and patterns, never a value


Screen: TypeAlias = Callable[[bytes, Surface], Screened]


class DeadLetter(NamedTuple):
    """A row that was refused: which and why."""

    key: str | None
    # JSON; None where nothing tells rows apart, or what does is personal
    column: str
    code: str
    detail: str


@dataclass(slots=True)
class Screening:
    """Lets rows pass, changes or refuses them, and counts."""

    plan: Plan
    screen: Screen
    stripped: int = 0
    refused: int = 0
    letters: list[DeadLetter] = field(default_factory=list)

    def __call__(self, batches: Iterator[Sequence[Buffer]]) -> Iterator[Sequence[Buffer]]:
        places = [
            (n, column.name, column.screened)
            for n, column in enumerate(self.plan.columns)
            if column.screened is not None
        ]
        for batch in batches:
            passed = [self._row(bytes(row), places) for row in batch]
            yield [row for row in passed if row is not None]

    def _row(self, row: bytes, places: Sequence[tuple[int, str, Surface]]) -> bytes | None:
        """The row as it may come to rest; None where it may not."""
        fields: list[bytes] = _FIELD.findall(row)
        changed = False
        for n, name, surface in places:
            if fields[n] == NULL:
                continue
            verdict = self.screen(_read(fields[n]), surface)
            if verdict.code is not None:
                self._refuse(fields, name, verdict)
                return None
            if verdict.kept is not None:
                fields[n] = b'"' + verdict.kept.replace(b'"', b'""') + b'"'
                changed = True
        if not changed:
            return row
        self.stripped += 1
        return b",".join(fields) + b"\n"

    def _refuse(self, fields: list[bytes], column: str, verdict: Screened) -> None:
        self.refused += 1
        if len(self.letters) < _MOST:
            self.letters.append(
                DeadLetter(self._key(fields), column, verdict.code or "", verdict.detail)
            )

    def _key(self, fields: list[bytes]) -> str | None:
        import json

        names = self.plan.key
        if not names or any(c.personal for c in self.plan.key_columns):
            return None
        return json.dumps(
            {
                column.name: _read(fields[n]).decode("utf-8", "replace")
                for n, column in enumerate(self.plan.columns)
                if column.name in names
            },
            ensure_ascii=False,
        )


def _read(written: bytes) -> bytes:
    return written[1:-1].replace(b'""', b'"') if written[:1] == b'"' else written
