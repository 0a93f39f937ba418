"""Judge one payload: what isn't clean is taken apart, to say what stands where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pii_lint.data.payloads import Surface, blocked
from pii_lint.guard.clean import TooDeepError, clean, clean_key, clean_text, inner
from pii_lint.guard.detect import find, suspicious
from pii_lint.guard.judging import context, in_number, key_patterns, pair
from pii_lint.guard.model import Accepted, Finding, Stripped, Verdict, refused, unreadable
from pii_lint.guard.paths import Step, path
from pii_lint.guard.readings import writings

REDACTED = "[redacted]"
"""Stands where a value stood; no shape matches it under any key."""
DEEPEST = 200
"""Levels of nesting in what is kept of a rejected payload."""
_MOST_FINDINGS = 1000

DEFAULT = Surface("payload", "payload")


def screen(payload: object, surface: Surface = DEFAULT) -> Verdict:
    """Judge a payload by the surface's policy; the payload itself is never changed.

    It is made of what JSON is made of: dicts, lists, strings, numbers, booleans and None. Raises
    TypeError for anything else.
    """
    try:
        return Accepted(payload) if clean(payload) >= 0 else dismantled(payload, surface)
    except TooDeepError:
        return unreadable("deep")


def dismantled(payload: object, surface: Surface) -> Verdict:
    """The verdict on a payload that isn't clean."""
    if surface.policy == "strip":
        look = _Look(strip=True)
        left = look.value(payload, (), None)
        if not look.refused and clean(left) >= 0:
            return Stripped(left, tuple(look.findings))
    look = _Look()
    left = look.value(payload, (), None)
    # fail closed: what still isn't clean is not kept at all
    kept = left if clean(left) >= 0 else {}
    return refused(kept, tuple(look.findings) or (Finding("$", "unknown"),))


def patterns_of(payload: object, key: str | None = None) -> frozenset[str]:
    """The shapes and listed keys in a payload that stands under a key or column."""
    if clean(payload, key=key) >= 0:
        return frozenset()
    look = _Look()
    look.value(payload, (), key)
    return frozenset(finding.pattern for finding in look.findings)


@dataclass(slots=True)
class _Look:
    """Takes a payload apart, and builds what may be kept of it."""

    strip: bool = False
    findings: list[Finding] = field(default_factory=list)
    refused: bool = False
    # something beside a listed key was found
    renamed: int = 0

    def value(self, value: object, at: tuple[Step, ...], key: str | None) -> object:
        if isinstance(value, str):
            return self._text(value, at, key)
        if isinstance(value, dict | list | tuple):
            if len(at) >= DEEPEST:
                return value if clean(value) >= 0 else self._found(at, "deep")
            if isinstance(value, dict):
                return self._object(value, at, key)
            return [self.value(each, (*at, n), key) for n, each in enumerate(value)]
        shown = in_number(value, key)
        for match in shown:
            self._found(at, match.pattern)
        return REDACTED if shown else value

    def _object(
        self, value: Mapping[object, object], at: tuple[Step, ...], above: str | None
    ) -> object:
        kept: dict[object, object] = {}
        named = pair(value)
        for key, each in value.items():
            name = key if isinstance(key, str) else str(key)
            listed = blocked(name)
            if listed is None and named is not None and named[1] == key:
                listed = blocked(named[0])
                if listed is None:
                    kept[key] = self.value(each, (*at, name), named[0])
                    continue
            if listed is not None:
                self._found((*at, name), f"key:{listed.name}", value=False)
                continue
            below = context(above, name)
            if clean_key(key):
                kept[key] = self.value(each, (*at, name), below)
                continue
            for pattern in key_patterns(name):
                self._found((*at, name), pattern)
            kept[self._unused(value, kept)] = self.value(each, (*at, name), below)
        return kept

    def _text(self, text: str, at: tuple[Step, ...], key: str | None) -> str:
        if not suspicious(text) or clean_text(text, key):
            return text
        seen = find(text, key)
        for pattern in dict.fromkeys(match.pattern for match in seen):
            self._found(at, pattern)
        if not seen:
            for pattern in _inner_patterns(text):
                self._found(at, pattern)
            return REDACTED
        ends = [0, *(match.end for match in seen)]
        starts = [*(match.start for match in seen), len(text)]
        left = REDACTED.join(text[end:start] for end, start in zip(ends, starts, strict=True))
        return left if clean_text(left, key) else REDACTED

    def _unused(self, *taken: Mapping[object, object]) -> str:
        name = REDACTED
        while any(name in each for each in taken):
            self.renamed += 1
            name = f"{REDACTED} {self.renamed}"
        return name

    def _found(self, at: tuple[Step, ...], pattern: str, *, value: bool = True) -> str:
        self.refused = self.refused or value
        if len(self.findings) < _MOST_FINDINGS:
            self.findings.append(Finding(path(at), pattern))
        return REDACTED


def _inner_patterns(text: str) -> tuple[str, ...]:
    look = _Look()
    for each in inner(text, writings(text)):
        look.value(each, (), None)
    return tuple(dict.fromkeys(finding.pattern for finding in look.findings)) or ("json",)
