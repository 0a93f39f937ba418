"""A first policy for a project that has none: zones by its folders, labels by its columns' names.

A guess is never silent: each line of the proposal says how sure it is and what it goes by.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from pii_lint.artifacts.model import Node, Project
from pii_lint.config import schema
from pii_lint.data.names import catalogue, entries, words
from pii_lint.data.registry import Registry
from pii_lint.policy import SAFE
from pii_lint.propagation.asked import columns_asked
from pii_lint.propagation.declared import is_declared_clean, is_tagged

ZONES = ("raw", "staging", "intermediate", "safe", "restricted")
SURE, LIKELY, GUESS = "high", "medium", "low"
MEANING = {
    "raw": "Data as it arrived. Sources belong here of themselves.",
    "staging": "Where raw data is cleaned and masked.",
    "intermediate": "Where cleaned data is joined.",
    "safe": "What everybody in the company may read: nothing readable about a person stands here.",
    "restricted": "What only cleared people may read. Personal data may stand here.",
}
_CONFIDENCES = (SURE, LIKELY, GUESS)
_BORN = frozenset({"source", "seed", "model"})
_LENIENT = frozenset({"raw", "restricted"})
"""Zones where personal data is at home: a wrong guess of them would let it pass."""
_LONGEST = 120
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BORDER = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Proposal:
    """The file's text, and what to say of it."""

    text: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Zone:
    name: str
    confidence: str
    why: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder, or a glob for the files in it, that a zone may claim."""

    zone: _Zone
    pattern: str
    models: int


@dataclass(frozen=True, slots=True)
class _Label:
    column: str
    kind: str
    confidence: str
    why: str


def propose(project: Project, registry: Registry) -> Proposal:
    """The policy that the names in a manifest suggest."""
    placed, homeless = _places(project)
    labels = dict(_labels(project, registry))
    lines = [
        f"# The privacy policy of {_comment(project.name)}, proposed by `pii-lint init` by names",
        "# alone: read it line by line. high, medium and low say how sure a line is.",
        "",
        "version: 1",
        "",
        *_zone_lines(placed, homeless),
        *_label_lines(labels),
        "# A hash counts as a pseudonym only if a secret goes into it: say where yours comes from.",
        "# secrets:",
        "#   - column: source.your_project.vault.salts.salt",
    ]
    sure = Counter(label.confidence for some in labels.values() for label in some)
    claimed = sum(
        place.models
        for place in placed
        if place.zone.confidence == SURE or place.zone.name not in _LENIENT
    )
    models = sum(place.models for place in placed) + sum(homeless.values())
    told = sure[SURE] + sure[LIKELY]
    sentence = (
        f"zones for {claimed} of {_many(models)}; "
        f"{told} personal columns by name ({sure[SURE]} high, {sure[LIKELY]} medium), and "
        f"{sure[GUESS]} more as comments. Read it, then run `pii-lint check`."
    )
    return Proposal("\n".join(lines) + "\n", sentence)


# --- zones ------------------------------------------------------------------------------------


def _places(project: Project) -> tuple[list[_Place], Counter[str]]:
    """What each zone may claim, no model twice; and the folders that no zone claims."""
    models = [node for node in project.nodes.values() if _is_own_model(node, project)]
    zones = {folder: _zone(folder, some) for folder, some in _by_folder(models).items()}
    if not any(zone is not None and zone.name == SAFE for zone in zones.values()):
        for folder in _ends(models):
            zones[folder] = zones[folder] or _Zone(SAFE, GUESS, "no model reads what stands there")
    placed = list(_cover("", models, zones))
    homeless = Counter(_folder(node) for node in models if zones[_folder(node)] is None)
    return placed, homeless


def _cover(prefix: str, models: list[Node], zones: Mapping[str, _Zone | None]) -> Iterator[_Place]:
    """Patterns for the folders below a prefix: as few as say it without claiming another's."""
    below = [node for node in models if _within(_folder(node), prefix)]
    found = {_folder(node): zones[_folder(node)] for node in below}
    named = [zone for zone in found.values() if zone is not None]
    if not named:
        return
    if prefix and len({zone.name for zone in named}) == 1 and len(named) == len(found):
        worst = max(named, key=lambda zone: _CONFIDENCES.index(zone.confidence))
        yield _Place(worst, prefix, len(below))
        return
    own = zones.get(prefix)
    if own is not None:
        here = Counter(node.path.rpartition(".")[2] for node in below if _folder(node) == prefix)
        for ending, count in sorted(here.items()):
            yield _Place(own, f"{prefix}/*.{ending}", count)
    depth = len(prefix) + 1 if prefix else 0
    for child in sorted({f[:depth] + f[depth:].partition("/")[0] for f in found if f != prefix}):
        yield from _cover(child, below, zones)


def _zone(folder: str, models: list[Node]) -> _Zone | None:
    """By the name nearest to the models that says something; else by the schema they all share."""
    # the first folder is dbt's own, for models or snapshots
    for name in reversed(folder.split("/")[1:]):
        if (zone := _named_like(name, f"the folder's name, {name}")) is not None:
            return zone
    schemas = {node.schema for node in models}
    shared = schemas.pop() if len(schemas) == 1 else None
    zone = _named_like(shared, f"the schema's name, {shared}") if shared else None
    return _Zone(zone.name, LIKELY, zone.why) if zone is not None else None


def _named_like(name: str, why: str) -> _Zone | None:
    known, lower = _words(), name.lower()
    if lower in known:
        zone, confidence = known[lower]
        return _Zone(zone, confidence, why)
    parts = [known[part] for part in _BORDER.split(lower) if part in known]
    return _Zone(parts[0][0], LIKELY, why) if parts else None


def _ends(models: list[Node]) -> set[str]:
    """Folders of models that no other model reads."""
    read = {above for node in models for above in node.depends_on}
    return {_folder(node) for node in models if node.unique_id not in read}


def _by_folder(models: list[Node]) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for node in models:
        found.setdefault(_folder(node), []).append(node)
    return found


def _is_own_model(node: Node, project: Project) -> bool:
    owned = node.package == project.name and node.resource_type in ("model", "snapshot")
    return owned and "/" in node.path and _fits("path", node.path)


def _folder(node: Node) -> str:
    return node.path.rpartition("/")[0]


def _within(folder: str, prefix: str) -> bool:
    return not prefix or folder == prefix or folder.startswith(f"{prefix}/")


@cache
def _words() -> Mapping[str, tuple[str, str]]:
    return {
        word: (zone, confidence)
        for zone, listed in entries(catalogue("folders.yml")).items()
        for key, confidence in (("sure", SURE), ("likely", LIKELY))
        for word in words(listed.get(key))
    }


def _zone_lines(placed: list[_Place], homeless: Counter[str]) -> Iterator[str]:
    yield "zones:"
    for name in ZONES:
        some = [place for place in placed if place.zone.name == name]
        if not some:
            continue
        # what isn't sure may not hide what stands there
        off = [name in _LENIENT and place.zone.confidence != SURE for place in some]
        yield f"  # {MEANING[name]}"
        yield from (f"  # {name}:", "  #   paths:") if all(off) else (f"  {name}:", "    paths:")
        for place, unsure in zip(some, off, strict=True):
            said = f"{place.zone.confidence}: {_comment(place.zone.why)}; {_many(place.models)}"
            mark = "  #     - " if unsure else "      - "
            yield f"{mark}{json.dumps(place.pattern, ensure_ascii=False)}  # {said}"
    if not any(place.zone.name == SAFE for place in placed):
        yield "  # Nothing looks like what everybody may read: name it, or nothing is guarded."
        yield "  safe:"
        yield "    paths: []"
    if homeless:
        yield "  # In no zone, where a readable value is a warning:"
        yield from (f"  #   {_comment(f)}: {_many(count)}" for f, count in sorted(homeless.items()))
    yield ""


# --- labels -----------------------------------------------------------------------------------


def _labels(project: Project, registry: Registry) -> Iterator[tuple[str, list[_Label]]]:
    """For each table that arrives from outside: the columns whose names say what they hold."""
    asked = columns_asked(project)
    for uid, node in sorted(project.nodes.items()):
        lineage_covers = node.resource_type in ("model", "snapshot") and node.language == "sql"
        if lineage_covers or node.resource_type not in _BORN or not _fits("unique_id", uid):
            continue
        names = {column.name.lower(): (column.name, "declared") for column in node.columns.values()}
        for column in project.catalog.get(uid, ()):
            names.setdefault(column.name.lower(), (column.name, "in the catalogue"))
        for name in asked.get(uid, ()):
            names.setdefault(name, (name, "seen in SQL"))
        said = {
            column.name.lower()
            for column in node.columns.values()
            if is_tagged(column) or is_declared_clean(column) or column.meta.get("pii_keys")
        }
        found: list[_Label] = []
        for key, (name, where) in sorted(names.items()):
            guess = registry.guess(name) if key not in said and name.isprintable() else None
            if guess is not None and name:
                found.append(_Label(name, guess[0], guess[1], where))
        if found:
            yield uid, found


def _label_lines(labels: Mapping[str, list[_Label]]) -> Iterator[str]:
    if not labels:
        yield "# No column of a source or seed has a name that suggests a person: tag those."
        yield ""
        return
    active = any(label.confidence != GUESS for some in labels.values() for label in some)
    yield "# Personal columns by their names. Tags beside the columns, in the sources' own YAML,"
    yield "# are better: move them there once somebody has looked. `false` declares one clean."
    yield "labels:" if active else "# labels:"
    for uid, some in labels.items():
        head = "" if any(label.confidence != GUESS for label in some) else "# "
        yield f"  {head}{uid}:"
        for label in some:
            off = "# " if label.confidence == GUESS else ""
            name = label.column
            if not _PLAIN_KEY.fullmatch(name):
                name = json.dumps(name, ensure_ascii=False)
            yield f"    {off}{name}: {label.kind}  # {label.confidence}; {label.why}"
    yield ""


def _fits(definition: str, word: str) -> bool:
    """True where the policy's schema takes the word; others are left out."""
    rules = entries(schema()["definitions"])
    return word.isprintable() and re.search(str(rules[definition]["pattern"]), word) is not None


def _comment(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)[:_LONGEST]


def _many(models: int) -> str:
    return "1 model" if models == 1 else f"{models} models"
