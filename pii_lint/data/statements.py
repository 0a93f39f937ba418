"""The words by which statements and macros in dbt's hooks are told apart; `statements.yml` explains
each list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pii_lint.data.reading import read_yaml


@dataclass(frozen=True, slots=True)
class StatementWords:
    """Phrases in lower case, words parted by one blank."""

    harmless: tuple[str, ...]
    telling: tuple[str, ...]
    whole: frozenset[str]
    altering: tuple[str, ...]
    moving: frozenset[str]
    quiet_functions: frozenset[str]
    closed_languages: frozenset[str]
    silent: frozenset[str]
    running: frozenset[str]
    known: tuple[str, ...]
    writing: tuple[str, ...]


@cache
def load_statement_words() -> StatementWords:
    """The shipped lists."""
    text = resources.files(__package__).joinpath("statements.yml").read_text(encoding="utf-8")
    lists = _mapping(read_yaml(text).value)
    macros = _mapping(lists["macros"])
    return StatementWords(
        harmless=_words(lists["harmless"]),
        telling=_words(lists["telling"]),
        whole=frozenset(_words(lists["whole"])),
        altering=_words(lists["altering"]),
        moving=frozenset(_words(lists["moving"])),
        quiet_functions=frozenset(_words(lists["quiet_functions"])),
        closed_languages=frozenset(_words(lists["closed_languages"])),
        silent=frozenset(_words(macros["silent"])),
        running=frozenset(_words(macros["running"])),
        known=_words(macros["known"]),
        writing=_words(macros["writing"]),
    )


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("statements.yml is made of named lists")
    return value


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("statements.yml is made of named lists")
    return tuple(map(str, value))
