"""Sentences that several formats end with: how many findings, what was seen, of which manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pii_lint.findings import Coverage, Finding, ManifestInput, Report, Severity
from pii_lint.reports._plain import plain
from pii_lint.reports._words import many, short_name

MOST_BRANCHES = 5
# models listed by name; JSON lists all

_PLURALS = {Severity.ERROR: "error", Severity.WARN: "warning", Severity.NOTE: "note"}


def closing(report: Report) -> Iterator[str]:
    """What stands under the findings: how many, and what the verdict rests on."""
    yield counts(report.findings)
    yield from _notes(report.findings)
    yield from basis(report)


def basis(report: Report) -> Iterator[str]:
    """What the verdict rests on."""
    yield from _coverage(report.coverage)
    yield from inputs(report.manifests, report.notes)


def inputs(manifests: Iterable[ManifestInput], notes: Iterable[str]) -> Iterator[str]:
    """What was read, and sentences about the run."""
    yield from (f"manifest: {_manifest(manifest)}" for manifest in manifests)
    yield from (f"note: {plain(note)}" for note in notes)


def known_before(finding: Finding) -> bool:
    """True where a baseline or an earlier manifest suppresses it, and nobody's word."""
    why = finding.suppressed
    return why is not None and why.source in ("baseline", "since")


def known_counts(findings: Iterable[Finding]) -> Iterator[str]:
    """How many were known before, by what they are known from."""
    known = Counter(f.suppressed.reason for f in findings if f.suppressed and known_before(f))
    for reason, count in sorted(known.items()):
        yield plain(f"{many(count, 'finding')} suppressed: {reason} (whole in the JSON format)")


def counts(findings: Iterable[Finding]) -> str:
    """How many of each severity."""
    tally = Counter("suppressed" if f.suppressed else f.severity.value for f in findings)
    if not tally:
        return "No findings."
    words = [many(tally[level], word) for level, word in _PLURALS.items() if tally[level]]
    if tally["suppressed"]:
        words.append(f"{tally['suppressed']} suppressed")
    return ", ".join(words) + "."


def _notes(findings: Iterable[Finding]) -> Iterator[str]:
    tally = Counter(f.code for f in findings if f.severity == Severity.NOTE and not f.suppressed)
    if tally:
        codes = ", ".join(f"{code} {count}" for code, count in sorted(tally.items()))
        yield f"notes: {codes} (whole in the JSON format)"


def _coverage(coverage: Coverage) -> Iterator[str]:
    partly = [branch for branch in coverage.branches if branch.missing]
    yield (
        f"coverage: {many(coverage.models, 'model')}, "
        f"{coverage.columns_resolved} of {many(coverage.columns, 'column')} resolved; "
        f"source columns: {coverage.sources_tagged} tagged, {coverage.sources_clean} declared "
        f"clean, {coverage.sources_unreviewed} never reviewed; "
        f"{many(len(coverage.unknown), 'place')} without sight; "
        f"{many(len(partly), 'model')} seen in one branch only"
    )
    for branch in partly[:MOST_BRANCHES]:
        yield plain(f"  {short_name(branch.node)}: not seen: {', '.join(branch.missing)}")
    if len(partly) > MOST_BRANCHES:
        yield f"  and {len(partly) - MOST_BRANCHES} more, which the JSON format shows"


def _manifest(manifest: ManifestInput) -> str:
    freshness = {
        "fresh": "fresh against the project's SQL and macros (not its YAML, variables, target)",
        "stale": "older than the project's files",
        "unchecked": "freshness not checked",
    }[manifest.freshness]
    target = f", target {manifest.target}" if manifest.target else ""
    return plain(
        f"{manifest.sha256[:12]}, dbt {manifest.dbt_version}, {manifest.adapter_type}{target}, "
        f"{freshness}"
    )
