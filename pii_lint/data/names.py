"""What names give away: the payload keys and column names of `keys.yml`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, TypeAlias, cast

from pii_lint.data.reading import read_yaml

Confidence: TypeAlias = Literal["high", "medium", "low"]
Guess: TypeAlias = tuple[str, Confidence]

LONGEST_NAME = 120
"""Of a name that comes from outside; what stands behind it names nothing."""
_CONFIDENCES: tuple[Confidence, ...] = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class NameRule:
    """What a column's name suggests."""

    kind: str
    confidence: Confidence
    match: re.Pattern[str]
    excluded: re.Pattern[str] | None
    flag: bool


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """Every rule, and what makes of a name one that holds nothing personal, or nothing readable."""

    anything: re.Pattern[str]
    # matches whatever some rule matches
    never: re.Pattern[str]
    masked: re.Pattern[str]
    promising: re.Pattern[str]
    # a column that its reader takes for masked
    encodings: frozenset[str]
    # functions that only write a value differently
    rules: tuple[NameRule, ...]


def catalogue(name: str) -> Mapping[str, object]:
    """A shipped YAML file's content."""
    text = resources.files("pii_lint.data").joinpath(name).read_text(encoding="utf-8")
    value = read_yaml(text).value
    return value if isinstance(value, Mapping) else {}


def entries(value: object) -> Mapping[str, Mapping[str, object]]:
    """A mapping of mappings, with whatever isn't one left empty."""
    if not isinstance(value, Mapping):
        return {}
    return {str(key): each if isinstance(each, Mapping) else {} for key, each in value.items()}


def words(value: object) -> tuple[str, ...]:
    """A word or a list of words."""
    if isinstance(value, str):
        return (value,)
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()


def snake_case(name: str) -> str:
    """`emailAddress`, `E-Mail`, `IPAddress` as email_address, e_mail, ip_address; accents go."""
    text = unicodedata.normalize("NFKD", name[:LONGEST_NAME])
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text).casefold()
    return re.sub(r"[\W_]+", "_", text).strip("_")


def squashed(name: str) -> str:
    """A name without case and borders: `emailAddress`, `Email_Address`, `EMAILADDRESS` are one."""
    return snake_case(name).replace("_", "")


@cache
def json_key_categories() -> Mapping[str, Mapping[str, str]]:
    """The payload keys with their kinds, by category."""
    categories = entries(_keys()["json_keys"])
    return {
        category: {key: str(kind) for key, kind in keys.items()}
        for category, keys in categories.items()
    }


@cache
def json_keys() -> Mapping[str, str]:
    """The payload keys with their kinds."""
    return {key: kind for keys in json_key_categories().values() for key, kind in keys.items()}


@cache
def column_names() -> ColumnNames:
    """The rules about column names, ready to match."""
    names = entries(_keys())["column_names"]
    listed = names["rules"]
    rules = [rule for rule in listed if isinstance(rule, dict)] if isinstance(listed, list) else []
    return ColumnNames(
        anything=_bordered("|".join(f"(?:{rule['match']})" for rule in rules)),
        never=_bordered("|".join(f"(?:{pattern})" for pattern in words(names["never"]))),
        masked=_bordered(str(names["masked"])),
        promising=_bordered(str(names["promising"])),
        encodings=frozenset(words(names["encodings"])),
        rules=tuple(
            NameRule(
                kind=str(rule["kind"]),
                confidence=cast("Confidence", rule["confidence"]),
                match=_bordered(str(rule["match"])),
                excluded=_bordered(str(rule["not"])) if "not" in rule else None,
                flag=rule.get("flag") is True,
            )
            for rule in rules
        ),
    )


@lru_cache(maxsize=16384)
def guess(column_name: str) -> Guess | None:
    """What a column most likely holds, by its name alone; None where the name suggests nothing."""
    names, name = column_names(), snake_case(column_name)
    if not names.anything.search(name):
        return None
    never = names.never.search(name) is not None
    found: list[tuple[int, int, str]] = []
    for rule in names.rules:
        if never and not rule.flag:
            continue
        match = rule.match.search(name)
        if match is not None and not (rule.excluded is not None and rule.excluded.search(name)):
            sureness = -_CONFIDENCES.index(rule.confidence)
            found.append((sureness, match.end() - match.start(), rule.kind))
    if not found:
        return None
    sureness, _, kind = max(found, key=lambda each: each[:2])
    return kind, "low" if names.masked.search(name) else _CONFIDENCES[-sureness]


def promises_mask(column_name: str) -> bool:
    """True for a column that its reader takes for masked, by its name alone."""
    return column_names().promising.search(snake_case(column_name)) is not None


@cache
def _keys() -> Mapping[str, object]:
    return catalogue("keys.yml")


def _bordered(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|_)(?:{pattern})(?:_?\d+)?(?:_|$)")
