"""Find personal values in one text, however it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pii_lint.data.payloads import blocked
from pii_lint.data.values import Match, hints, matches
from pii_lint.guard.readings import BLANKS, CODE, MARKS, writings

_QUERY = re.compile(r"(?:^|[?&;#\s])([^=&?;#\s]{2,60})=(?=[^&;#\s])")

_BETWEEN = "|"
# Stands in no hint but as a border, so that one found in a text is found in the text among others.
_ODD, _PLAIN = True, False
_FIRST, *_OTHERS = (hint.pattern for hint in hints())
_HINTS = tuple(
    # beyond ASCII no hint is asked
    (re.compile(hint, re.ASCII).search, odd)
    for hint, odd in (
        # where each begins with a character, the engine runs ahead to one of those
        ("|".join([*map(re.escape, MARKS + '={["'), BLANKS, *_OTHERS]), _ODD),
        (CODE, _ODD),
        (_FIRST, _PLAIN),
    )
)


def suspicious(text: str) -> bool:
    """False for a text in which nothing can be found, whatever it stands under."""
    bordered = f"{_BETWEEN}{text}{_BETWEEN}"
    return not text.isascii() or any(hint(bordered) is not None for hint, _ in _HINTS)


def suspects(texts: Sequence[str]) -> dict[int, bool]:
    """Where the suspicious ones of some texts stand; False for those that only hold digits.

    All are looked through at once: most are short, and in most is nothing.
    """
    text = f"{_BETWEEN}{_BETWEEN.join(texts)}{_BETWEEN}"
    found: dict[int, bool] = {}
    if text.count(_BETWEEN) != len(texts) + 1 or not text.isascii():
        alone = {at for at, each in enumerate(texts) if _BETWEEN in each or not each.isascii()}
        found = {at: _ODD for at in alone if suspicious(texts[at])}
        joined = _BETWEEN.join("" if at in alone else each for at, each in enumerate(texts))
        text = f"{_BETWEEN}{joined}{_BETWEEN}"
    for hint, odd in _HINTS:
        at, end = -1, 0
        while (hit := hint(text, end)) is not None:
            start = hit.start() + 1
            at += text.count(_BETWEEN, end, start)
            found.setdefault(at, odd)
            end = text.index(_BETWEEN, start)
    return found


def keyless(text: str) -> bool:
    """True for a text that is judged alike under any key: no shape is hinted at in any writing."""
    return not any(hint.search(each) for each in (text, *writings(text)) for hint in hints())


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
