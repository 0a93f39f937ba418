"""Find personal values in one text, however it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pii_lint.data.payloads import blocked
from pii_lint.data.values import Match, hinted, matches
from pii_lint.guard.readings import MARKS, masked, writings

_QUERY = re.compile(r"(?:^|[?&;#\s])([^=&?;#\s]{2,60})=(?=[^&;#\s])")

_marks = re.compile(f'[={{\\["{MARKS}]').search


def suspicious(text: str) -> bool:
    """False for a text in which nothing can be found; of small steps, as most texts end here."""
    return _marks(text) is not None or hinted(text) or "  " in text or masked(text)


def find(text: str, key: str | None = None) -> tuple[Match, ...]:
    """Every personal value in `text`, in order; `key` is the key or column it stands under.

    A value that shows only once its writing is undone (`%40`, entities, full width, base64), and
    a listed key of a query string, stand for the whole text.
    """
    if not suspicious(text):
        return ()
    return found_in(text, writings(text), key)


def found_in(text: str, others: Sequence[str], key: str | None = None) -> tuple[Match, ...]:
    """The same with what else the text stands for at hand."""
    plain = matches(text, key)
    hidden: dict[str, Match] = {}
    for other in others:
        seen = matches(other, key)
        if len(seen) > len(plain):
            hidden.update((one.pattern, one) for one in seen)
    if "=" in text:
        hidden.update((one.pattern, one) for each in (text, *others) for one in _asked(each))
    if not hidden:
        return plain
    hidden.update((one.pattern, one) for one in plain)
    return tuple(one._replace(start=0, end=len(text)) for one in hidden.values())


def _asked(text: str) -> Iterator[Match]:
    """Listed keys in a query string or form: `?first_name=Ann`, `customer[email]=…`."""
    for name in _QUERY.findall(text):
        key = blocked(name.rstrip("]").rpartition("[")[2])
        if key is not None:
            yield Match(key.kind, 0, len(text), f"key:{key.name}")
