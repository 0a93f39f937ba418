"""One look at one project: what was found, or a sentence that says why nothing was."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pii_lint.errors import PiiLintError, StaleManifest
from pii_lint.findings import Finding, Location, Persona
from pii_lint.options import Options
from pii_lint.pipeline.again import Again
from pii_lint.pipeline.check import settled
from pii_lint.rules import Facts


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a manifest says."""

    facts: Facts
    findings: tuple[tuple[Location, Finding], ...]
    # those that count, each with its place in a file of the project
    again: Again
    # looks at the project anew


@dataclass(frozen=True, slots=True)
class Look:
    """One of the three: it went well, files changed since dbt compiled them, or it went wrong."""

    analysis: Analysis | None = None
    stale: tuple[str, ...] = ()
    # from the project's root
    sentence: str = ""


def look(folder: Path, before: Analysis | None) -> Look:
    """Judge the project in a folder; `before` is what was found there last. Raises nothing."""
    try:
        return _anew(before.again if before else _first(folder))
    except StaleManifest as stale:
        return Look(stale=stale.files, sentence=str(stale))
    except PiiLintError as wrong:
        return Look(sentence=str(wrong))
    except Exception as fault:  # noqa: BLE001  an editor's server outlives what it wasn't made for
        # its text may hold a value of the project
        return Look(
            sentence="pii-lint met something it wasn't made for "
            f"({type(fault).__name__}): please report it with the output of `pii-lint check` "
            "with PII_LINT_DEBUG=1."
        )


def _first(folder: Path) -> Again:
    return Again(Options(project_dir=folder, persona=Persona.DEFAULT))


def _anew(again: Again) -> Look:
    with _uncollected():
        judged = again.judge()
        facts = judged.facts
        found = settled(judged.findings, facts)
    counting = (
        finding
        for finding in found
        if finding.suppressed is None and finding.persona == Persona.DEFAULT
    )
    placed = tuple((_place(facts, finding), finding) for finding in counting)
    return Look(Analysis(facts, placed, again))


@contextmanager
def _uncollected() -> Iterator[None]:
    """What a look finds stays until the next: the collector needn't walk it each time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def _place(facts: Facts, finding: Finding) -> Location:
    """Where an editor can show it: compiled SQL lies behind its template."""
    place = finding.location
    if place is not None and place.kind == "compiled":
        place = place.near or facts.places.node(finding.node)
    if place is None:
        place = facts.places.node(finding.node)
    return place or Location("dbt_project.yml", kind="yaml")
