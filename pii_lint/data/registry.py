"""The kinds of personal data: the tree of `kinds.yml`, with a project's own kinds laid over it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, TypeAlias, cast, get_args

from pii_lint.data import names
from pii_lint.data.names import LONGEST_NAME, Guess, entries, snake_case, squashed, words
from pii_lint.data.reading import named

Sensitivity: TypeAlias = Literal["low", "medium", "high"]
Classification: TypeAlias = Literal["public", "internal", "confidential", "restricted"]
Attributes: TypeAlias = Mapping[str, object]

CLASSIFICATIONS: tuple[str, ...] = get_args(Classification)
"""Least guarded first."""
FALLBACK = "personal"
"""The kind whose children are all that no list names."""
RESERVED = frozenset({"default", "derived", "equated"})
"""Words that mean something else where a policy names kinds."""
_OWN = frozenset({"aliases", "description", "derivations", "parts"})
_RANGE = re.compile(r"^(?P<head>.*\()(?P<low>\d{1,3})\.\.(?P<high>\d{1,3})(?P<tail>\).*)$")
_LEFT = re.compile(r"left\((\d{1,9})\)")
_SUBSTRING = re.compile(r"substring\(1,\s*(\d{1,9})\)")


class RegistryError(ValueError):
    """A project's kinds contradict themselves or the shipped tree; the message is a sentence."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


def strictest(classes: Iterable[str]) -> str | None:
    """The most guarded of some; None of none."""
    return max(classes, key=CLASSIFICATIONS.index, default=None)


@dataclass(frozen=True, slots=True)
class Derivation:
    """A coarser kind, and the part operations that make it, as the analyser spells them."""

    kind: str
    parts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal data; `kinds.yml` explains the attributes."""

    name: str
    description: str
    aliases: tuple[str, ...]
    sensitivity: Sensitivity
    data_classification: Classification
    identifies: bool
    domain: Literal["small", "large"]
    low_entropy: bool
    value: Literal["text", "number", "date", "boolean"]
    min_length: int
    allowed: bool
    scan: bool
    skip_reason: str | None
    derived_from: str | None
    # the kind whose part it is; its values are partial wherever they are born
    derivations: tuple[Derivation, ...]

    @property
    def small(self) -> bool:
        """True where so few values exist that a test of one is the value."""
        return self.domain == "small"


@dataclass(frozen=True, slots=True)
class Registry:
    """All that is known of kinds. `resolve` takes words from outside, the rest dotted names."""

    kinds: Mapping[str, Kind]
    aliases: Mapping[str, str]
    # as written, to dotted names
    json_keys: Mapping[str, str]
    spellings: Mapping[str, str]
    # every alias without case and borders

    def resolve(self, word: str) -> str:
        """The dotted name of an alias or kind; a word in no list becomes a child of `personal`."""
        segments = _segments(word)
        for known in range(len(segments), 0, -1):
            head = ".".join(segments[:known])
            name = head if head in self.kinds else self.spellings.get(squashed(head))
            if name is not None:
                return _cut(".".join((name, *segments[known:])))
        return _cut(".".join((FALLBACK, *(segments or ["unspecified"]))))

    def is_known(self, word: str) -> bool:
        """True for a kind or an alias that some list names."""
        return self.resolve(word) in self.kinds

    def kind(self, name: str) -> Kind:
        """The kind's attributes; a name that stands in no list has those of its nearest parent."""
        for each in ancestors(name):
            if each in self.kinds:
                found = self.kinds[each]
                return found if each == name else replace(found, name=name, aliases=())
        return replace(self.kinds[FALLBACK], name=name, aliases=())

    def derive(self, kind: str, part: str) -> str | None:
        """The coarser kind that a part of `kind` is; None where no derivation declares that part.

        A part of a declared part is no finer than that, so the first step of a chain decides.
        """
        if self.kind(kind).derived_from is not None:
            return kind
        first = _first_step(part)
        for each in ancestors(kind):
            if each in self.kinds:
                for derivation in self.kinds[each].derivations:
                    if first in derivation.parts:
                        return derivation.kind
        return None

    def key_kind(self, json_key: str) -> str | None:
        """The kind of one of the thirteen payload keys, in any case; None for other keys."""
        wanted = squashed(json_key)
        return next((kind for key, kind in self.json_keys.items() if squashed(key) == wanted), None)

    def guess(self, column_name: str) -> Guess | None:
        """What an untagged column likely holds, by its name alone; None where that says nothing."""
        return names.guess(column_name)


def load_registry(extra_kinds: Mapping[str, Attributes] | None = None) -> Registry:
    """The shipped kinds, with a project's own laid over them. Raises `RegistryError`."""
    if not extra_kinds:
        return _shipped()
    shipped = _shipped()
    merged: dict[str, Attributes] = dict(_shipped_entries())
    for word, given in extra_kinds.items():
        name = ".".join(_segments(word))
        if not name or name.split(".")[0] in RESERVED:
            raise RegistryError(word, f"{named(word)} can't be the name of a kind")
        merged[name] = _over(merged.get(name, {}), given)
    registry = _built(merged, _defaults())
    for name, kind in registry.kinds.items():
        if kind.allowed and not shipped.kind(name).allowed:
            sentence = f"`{name}` is allowed nowhere, and no project can change that"
            raise RegistryError(name, sentence)
    return registry


def ancestors(name: str) -> Iterator[str]:
    """A dotted name, then its parents, nearest first."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _cut(name: str) -> str:
    return name[:LONGEST_NAME].rstrip("._")


def _segments(word: str) -> list[str]:
    segments = (snake_case(segment) for segment in word[:LONGEST_NAME].split("."))
    return [segment for segment in segments if segment]


def _first_step(part: str) -> str:
    steps = [step.strip().lower() for step in part.split(" | ")]
    steps = [_SUBSTRING.sub(r"left(\1)", step) for step in steps]
    widths: list[int] = []
    for step in steps:
        found = _LEFT.fullmatch(step)
        if found is None:
            break
        widths.append(int(found[1]))
    return f"left({min(widths)})" if widths else steps[0].replace(", ", ",")


def _expanded(parts: object) -> frozenset[str]:
    specs: set[str] = set()
    for spec in words(parts):
        found = _RANGE.match(spec)
        if found is None:
            specs.add(_first_step(spec))
        else:
            low, high = int(found["low"]), int(found["high"])
            specs |= {f"{found['head']}{n}{found['tail']}".lower() for n in range(low, high + 1)}
    return frozenset(specs)


def _over(shipped: Attributes, given: Attributes) -> Attributes:
    """A project's words over shipped ones: aliases and derivations grow, the rest is replaced."""
    merged = {**shipped, **given}
    if "aliases" in shipped and "aliases" in given:
        merged["aliases"] = [*words(shipped["aliases"]), *words(given["aliases"])]
    if "derivations" in shipped and "derivations" in given:
        both = dict(entries(shipped["derivations"]))
        for name, derivation in entries(given["derivations"]).items():
            both[name] = _over(both.get(name, {}), derivation)
        merged["derivations"] = both
    if given.get("scan") is True:
        merged.pop("skip_reason", None)
    return merged


def _built(listed: Mapping[str, Attributes], defaults: Attributes) -> Registry:
    flat: dict[str, Attributes] = {}
    derived_from: dict[str, str] = {}
    for name, entry in listed.items():
        flat[name] = entry
        for short, derivation in entries(entry.get("derivations")).items():
            derived = f"{name}.{short}"
            if derived in listed:
                sentence = f"`{derived}` is a derivation; change it under `{name}`"
                raise RegistryError(derived, sentence)
            flat[derived] = derivation
            derived_from[derived] = name
    resolved: dict[str, Attributes] = {}
    kinds: dict[str, Kind] = {}
    for name in sorted(flat, key=lambda each: each.count(".")):
        parent = next((each for each in ancestors(name) if each in resolved), None)
        inherited = defaults if parent is None else resolved[parent]
        own = flat[name]
        resolved[name] = {k: v for k, v in {**inherited, **own}.items() if k not in _OWN}
        kinds[name] = _kind(name, resolved[name], own, derived_from.get(name))
    ordered = {name: kinds[name] for name in flat}
    aliases, spellings = _aliases(ordered)
    return Registry(ordered, aliases, names.json_keys(), spellings)


def _kind(name: str, attributes: Attributes, own: Attributes, derived_from: str | None) -> Kind:
    scan = attributes["scan"] is True
    reason = attributes.get("skip_reason")
    if not scan and not reason:
        raise RegistryError(name, f"`{name}` isn't scanned for, so it needs a `skip_reason`")
    boolean = attributes["value"] == "boolean"
    length = attributes["min_length"]
    return Kind(
        name=name,
        description=str(own.get("description") or ""),
        aliases=tuple(snake_case(alias) for alias in words(own.get("aliases"))),
        sensitivity=cast("Sensitivity", attributes["sensitivity"]),
        data_classification=cast("Classification", attributes["data_classification"]),
        identifies=attributes["identifies"] is True,
        domain="small" if boolean or attributes["domain"] == "small" else "large",
        low_entropy=attributes["low_entropy"] is True,
        value=cast('Literal["text", "number", "date", "boolean"]', attributes["value"]),
        min_length=length if isinstance(length, int) else 1,
        allowed=attributes["allowed"] is True,
        scan=scan,
        skip_reason=None if scan else str(reason),
        derived_from=derived_from,
        derivations=tuple(
            Derivation(f"{name}.{short}", _expanded(derivation.get("parts")))
            for short, derivation in entries(own.get("derivations")).items()
        ),
    )


def _aliases(kinds: Mapping[str, Kind]) -> tuple[dict[str, str], dict[str, str]]:
    aliases: dict[str, str] = {}
    spellings: dict[str, str] = {}
    for name, kind in kinds.items():
        for alias in kind.aliases:
            taken = spellings.setdefault(squashed(alias), name)
            if taken != name:
                sentence = f"{named(alias)} is an alias of both `{taken}` and `{name}`"
                raise RegistryError(name, sentence)
            if alias in RESERVED or (alias in kinds and alias != name):
                sentence = f"{named(alias)} means something else than `{name}`"
                raise RegistryError(name, sentence)
            aliases[alias] = name
    return aliases, spellings


@cache
def _shipped() -> Registry:
    return _built(_shipped_entries(), _defaults())


@cache
def _kinds() -> Attributes:
    return names.catalogue("kinds.yml")


def _shipped_entries() -> Mapping[str, Attributes]:
    return entries(_kinds()["kinds"])


def _defaults() -> Attributes:
    return entries(_kinds())["defaults"]
