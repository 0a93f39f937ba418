"""What real personal data looks like: the patterns of `values.yml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from pii_lint.data.names import catalogue, words


class Hit(NamedTuple):
    """Where a text holds what looks real; the value itself goes nowhere."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ValuePattern:
    """One shape of personal data."""

    kind: str
    match: re.Pattern[str]
    hint: re.Pattern[str]
    check: Callable[[str], bool] | None
    harmless: re.Pattern[str]


def looks_real(text: str) -> Iterator[Hit]:
    """Every place that looks like real personal data, in order of kind."""
    hinted: dict[re.Pattern[str], bool] = {}
    for pattern in value_patterns():
        if pattern.hint not in hinted:
            hinted[pattern.hint] = pattern.hint.search(text) is not None
        if not hinted[pattern.hint]:
            continue
        for match in pattern.match.finditer(text):
            value = match.group()
            if pattern.check is not None and not pattern.check(value):
                continue
            if not pattern.harmless.fullmatch(value):
                yield Hit(pattern.kind, match.start(), match.end())


@cache
def value_patterns() -> tuple[ValuePattern, ...]:
    """The shipped patterns, ready to match."""
    listed = catalogue("values.yml")["values"]
    return tuple(
        ValuePattern(
            kind=str(entry["kind"]),
            match=re.compile(str(entry["match"]), re.IGNORECASE | re.ASCII),
            hint=re.compile(str(entry["hint"]), re.ASCII),
            check=_CHECKS.get(str(entry.get("check"))),
            harmless=re.compile(
                "|".join(f"(?:{each})" for each in words(entry.get("harmless"))), re.IGNORECASE
            ),
        )
        for entry in (listed if isinstance(listed, list) else [])
    )


def luhn(value: str) -> bool:
    """The check digit of payment cards."""
    digits = [int(char) for char in value if char.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def mod97(value: str) -> bool:
    """The check digits of an international bank account number."""
    plain = value.replace(" ", "").upper()
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


_CHECKS: dict[str, Callable[[str], bool]] = {"luhn": luhn, "mod97": mod97}
