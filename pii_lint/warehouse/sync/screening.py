"""JSON on its way: looked into row by row, before it comes to rest anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from pii_lint.data.payloads import Surface
from pii_lint.warehouse.sync.plan import Plan

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

    def __call__(self, rows: Iterator[bytes]) -> Iterator[bytes]:
        places = [
            (n, column.name, column.screened)
            for n, column in enumerate(self.plan.columns)
            if column.screened is not None
        ]
        for row in rows:
            fields = _FIELD.findall(row)
            changed = False
            letter: tuple[str, Screened] | None = None
            for n, name, surface in places:
                written = fields[n]
                if written == NULL:
                    continue
                verdict = self.screen(_read(written), surface)
                if verdict.code is not None:
                    letter = name, verdict
                    break
                if verdict.kept is not None:
                    fields[n] = b'"' + verdict.kept.replace(b'"', b'""') + b'"'
                    changed = True
            if letter is not None:
                self._refuse(fields, *letter)
            elif changed:
                self.stripped += 1
                yield b",".join(fields) + b"\n"
            else:
                yield row

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
