"""What a credential looks like, and which roles may do anything: `secrets.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pii_lint.data.names import catalogue

_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_ASKED = re.compile(r"\b(?:env_)?var\(\s*(?:'[^']*'|\"[^\"]*\")")


@dataclass(frozen=True, slots=True)
class SecretWords:
    """The shipped words, ready to match."""

    shapes: tuple[tuple[str, re.Pattern[str]], ...]
    keys: re.Pattern[str]
    placeholders: re.Pattern[str]
    superuser_roles: re.Pattern[str]
    superuser_accounts: re.Pattern[str]
    own_servers: re.Pattern[str]


@cache
def secret_words() -> SecretWords:
    """The catalogue."""
    listed = catalogue("secrets.yml")
    shapes = listed["shapes"]
    return SecretWords(
        shapes=tuple(
            (str(shape["name"]), re.compile(str(shape["match"])))
            for shape in (shapes if isinstance(shapes, list) else [])
        ),
        keys=_whole(listed["keys"]),
        placeholders=_whole(listed["placeholders"]),
        superuser_roles=_whole(listed["superuser_roles"]),
        superuser_accounts=_whole(listed["superuser_accounts"]),
        own_servers=_whole(listed["own_servers"]),
    )


def _whole(pattern: object) -> re.Pattern[str]:
    return re.compile(str(pattern), re.IGNORECASE)


def shapes_in(text: str) -> Iterator[tuple[str, int]]:
    """Every credential that is known by its shape: what it is, and where it begins."""
    for name, pattern in secret_words().shapes:
        for match in pattern.finditer(text):
            yield name, match.start()


def is_inline(key: str, value: str) -> bool:
    """True for a credential that is written out, instead of being asked of the environment."""
    known = secret_words()
    return (
        known.keys.fullmatch(key) is not None
        and "{{" not in value
        and "{%" not in value
        and known.placeholders.fullmatch(value.strip()) is None
    )


def literals(value: str) -> tuple[str, ...]:
    """What a value may come to as far as it is written out: itself, or a template's defaults."""
    if "{{" not in value:
        return (value.strip(),)
    found = _QUOTED.findall(_ASKED.sub("", value))
    return tuple(one or other for one, other in found)
