"""Findings as an editor shows them: in the template or the YAML, with the way that led there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lsprotocol.types import (
    CodeDescription,
    Diagnostic,
    DiagnosticRelatedInformation,
    DiagnosticSeverity,
    Position,
    Range,
)
from lsprotocol.types import Location as Spot

from pii_lint.artifacts.paths import inside
from pii_lint.editor.rule_pages import page_uri
from pii_lint.editor.texts import Texts
from pii_lint.findings import Finding, Flow, Location, Severity, Step
from pii_lint.reports import plain, short_name

SOURCE = "pii-lint"
MOST_STEPS = 40
"""Steps that are told of one finding; an editor lists them all at once."""
_SEVERITIES = {
    Severity.ERROR: DiagnosticSeverity.Error,
    Severity.WARN: DiagnosticSeverity.Warning,
    Severity.NOTE: DiagnosticSeverity.Information,
}


def diagnostic(texts: Texts, folder: Path, place: Location, finding: Finding) -> Diagnostic:
    """One finding; `place` is in the file that it is shown in."""
    page = page_uri(finding.code)
    path = inside(folder, place.file)
    message = finding.message if not finding.fix else f"{finding.message}\nFix: {finding.fix}"
    return Diagnostic(
        range=texts.range(path, place) if path else _TOP,
        message="\n".join(plain(line) for line in message.split("\n")),
        severity=_SEVERITIES.get(finding.severity, DiagnosticSeverity.Information),
        code=finding.code,
        code_description=CodeDescription(page) if page else None,
        source=SOURCE,
        related_information=list(_ways(texts, folder, finding.flows)) or None,
        data=finding.id,
    )


def outdated(sentence: str) -> Diagnostic:
    """The one thing that can be said of a file that dbt hasn't compiled as it is."""
    return Diagnostic(
        range=_TOP,
        message=plain(sentence),
        severity=DiagnosticSeverity.Information,
        code="stale",
        source=SOURCE,
    )


_TOP = Range(Position(0, 0), Position(0, 0))


def told_of(folder: Path, place: Location, finding: Finding) -> frozenset[Path]:
    """The files that a finding's places count in."""
    here = inside(folder, place.file)
    return frozenset((*filter(None, [here]), *(path for *_, path in _steps(folder, finding.flows))))


def _ways(
    texts: Texts, folder: Path, flows: tuple[Flow, ...]
) -> Iterator[DiagnosticRelatedInformation]:
    for flow, step, place, path in _steps(folder, flows):
        by = f" by {step.expression}" if step.expression else ""
        column = f"{short_name(step.node)}.{step.column}"
        said = f"{flow.kind}: {column}, {step.op}, {step.form}{by}"
        yield DiagnosticRelatedInformation(
            Spot(texts.uri(path), texts.range(path, place)), plain(said)
        )


def _steps(folder: Path, flows: tuple[Flow, ...]) -> Iterator[tuple[Flow, Step, Location, Path]]:
    """The steps that an editor can show, as many as are told."""
    left = MOST_STEPS
    for flow in flows:
        for step in flow.steps:
            place = step.location
            if place is not None and place.kind == "compiled":
                place = place.near
            path = inside(folder, place.file) if place else None
            if place is None or path is None:
                continue
            if not left:
                return
            left -= 1
            yield flow, step, place, path
