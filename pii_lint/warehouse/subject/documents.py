"""What JSON and plain text say of a person, and the same text without it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_WORD = re.compile(r"[^\s,;<>()\"'\[\]{}|=]+")
_ENDS = ".:!?"
_GONE = object()


def parsed(text: str) -> object:
    """The document; a text that isn't JSON is a document of one text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def at(document: object, path: Sequence[str]) -> str | None:
    """The text or number that stands at the end of some keys."""
    for step in path:
        if not isinstance(document, Mapping) or step not in document:
            return None
        document = document[step]
    return _text(document)


def words(document: object) -> Iterator[str]:
    """Every text and number in it, and the words of each."""
    for leaf in _leaves(document):
        yield leaf
        if " " in leaf or ":" in leaf or "," in leaf:
            yield from _words(leaf)


def rewritten(text: str, kept: Iterable[Sequence[str]], gone: Callable[[str], bool]) -> str:
    """The text with nothing but these keys, unless something that is gone stands there."""
    try:
        document = json.loads(text)
    except ValueError:
        return ""
    if not isinstance(document, Mapping):
        return "null"
    new: dict[str, object] = {}
    for path in kept:
        value: object = document
        for step in path:
            value = value.get(step, _GONE) if isinstance(value, Mapping) else _GONE
        if value is _GONE or any(gone(leaf) for leaf in _leaves(value)):
            continue
        place = new
        for step in path[:-1]:
            deeper = place.setdefault(step, {})
            place = deeper if isinstance(deeper, dict) else {}
        place[path[-1]] = value
    return text if new == document else json.dumps(new, ensure_ascii=False)


def told_under(document: object, personal: Callable[[str], bool]) -> Iterator[str]:
    """The texts and numbers that stand under a key that is personal."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            yield from _values(value) if personal(str(key)) else told_under(value, personal)
    elif isinstance(document, list):
        for value in document:
            yield from told_under(value, personal)


def _values(value: object) -> Iterator[str]:
    if isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _values(each)
    elif (text := _text(value)) is not None:
        yield text


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield str(key)
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif (text := _text(value)) is not None:
        yield text


def _words(text: str) -> Iterator[str]:
    for found in _WORD.findall(text):
        yield found
        bare = found.strip(_ENDS)
        yield bare
        yield from bare.split(":")


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)
