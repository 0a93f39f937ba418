"""The format for people: what, where, how it came there, how to mend it, and what was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pii_lint.findings import (
    Coverage,
    Entry,
    Finding,
    Flow,
    Listing,
    Location,
    ManifestInput,
    Report,
    Severity,
    Suppression,
)
from pii_lint.reports._plain import plain

MOST_FLOWS = 5
# of one finding; the other formats show all
MOST_BRANCHES = 5
WIDEST_CELL = 48

_RELATIONS = {"source", "seed", "model", "snapshot"}
_COLOURS = {Severity.ERROR: "31", Severity.WARN: "33", Severity.NOTE: "36"}
_PLURALS = {Severity.ERROR: "error", Severity.WARN: "warning", Severity.NOTE: "note"}


def check(report: Report, *, colour: bool = False) -> str:
    """Errors and warnings whole, suppressed findings in a line each, notes as a count."""
    told = [f for f in report.findings if f.suppressed is None and f.severity != Severity.NOTE]
    lines: list[str] = []
    for finding in told:
        lines += [*_finding(finding, colour), ""]
    quiet = list(_quiet(report.findings))
    if quiet:
        lines += [*quiet, ""]
    lines.append(_counts(report.findings))
    lines += _notes(report.findings)
    lines += _coverage(report.coverage)
    lines += [f"manifest: {_manifest(manifest)}" for manifest in report.manifests]
    lines += [f"note: {plain(note)}" for note in report.notes]
    return "\n".join(lines) + "\n"


def inventory(listing: Listing) -> str:
    """Every relation with its columns, a line a label."""
    lines: list[str] = []
    for node, relation in listing.relations.items():
        lines.append(f"{plain(node)} ({plain(relation.zone) if relation.zone else 'no zone'})")
        rows: list[tuple[str, ...]] = []
        for column, entries in relation.columns.items():
            rows += _entries(column, entries) or [(plain(column), "clean", "", "")]
        rows += _entries("rows", relation.signals)
        lines += [f"  {row}" for row in _table(rows)]
        lines.append("")
    lines += [f"manifest: {_manifest(manifest)}" for manifest in listing.manifests]
    lines += [f"note: {plain(note)}" for note in listing.notes]
    return "\n".join(lines) + "\n"


def _entries(column: str, entries: Iterable[Entry]) -> list[tuple[str, ...]]:
    return [
        (
            plain(column),
            entry.form + (f" ({entry.clause})" if entry.clause else ""),
            plain(entry.kind),
            plain(entry.origin),
        )
        for entry in entries
    ]


def _finding(finding: Finding, colour: bool) -> Iterator[str]:
    code = f"{finding.code} {finding.severity}"
    if colour:
        code = f"\x1b[1;{_COLOURS[finding.severity]}m{code}\x1b[0m"
    yield f"{code}  {_place(finding.location)}"
    yield f"  {plain(finding.message)}"
    for flow in finding.flows[:MOST_FLOWS]:
        yield from _flow(flow)
    if len(finding.flows) > MOST_FLOWS:
        yield f"  and {len(finding.flows) - MOST_FLOWS} more flows, which the JSON format shows"
    if finding.fix:
        yield f"  fix: {plain(finding.fix)}"
    yield f"  more: pii-lint explain {finding.code}"


def _flow(flow: Flow) -> Iterator[str]:
    form = flow.form + (f" ({flow.clause})" if flow.clause else "")
    yield f"  {plain(flow.kind)}, {form}, from {plain(flow.origin)}"
    rows = [
        (
            plain(f"{short_name(step.node)}.{step.column}"),
            step.op,
            step.form,
            _cut(plain(step.expression)),
            _place(step.location),
        )
        for step in flow.steps
    ]
    for row in _table(rows):
        yield f"    {row}"


def _quiet(findings: Iterable[Finding]) -> Iterator[str]:
    """Suppressed findings in a line each; those that were merely known before as a count."""
    known: Counter[str] = Counter()
    for finding in findings:
        if finding.suppressed is None:
            continue
        if finding.suppressed.source in ("baseline", "since"):
            known[finding.suppressed.reason] += 1
        else:
            yield _suppressed(finding, finding.suppressed)
    for reason, count in sorted(known.items()):
        yield plain(f"{_many(count, 'finding')} suppressed: {reason} (whole in the JSON format)")


def _suppressed(finding: Finding, why: Suppression) -> str:
    by = f", by {why.by}" if why.by else ""
    until = f", until {why.until}" if why.until else ""
    where = f"{short_name(finding.node)}.{finding.column}"
    return plain(f"{finding.code} suppressed  {where}: {why.reason}{by}{until}")


def _counts(findings: Iterable[Finding]) -> str:
    tally = Counter("suppressed" if f.suppressed else f.severity.value for f in findings)
    if not tally:
        return "No findings."
    words = [_many(tally[level], word) for level, word in _PLURALS.items() if tally[level]]
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
        f"coverage: {_many(coverage.models, 'model')}, "
        f"{coverage.columns_resolved} of {_many(coverage.columns, 'column')} resolved; "
        f"source columns: {coverage.sources_tagged} tagged, {coverage.sources_clean} declared "
        f"clean, {coverage.sources_unreviewed} never reviewed; "
        f"{_many(len(coverage.unknown), 'place')} without sight; "
        f"{_many(len(partly), 'model')} seen in one branch only"
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


def short_name(unique_id: str) -> str:
    """A node as people call it: `raw.raw_user`, `stg_users`, `exposure vendor_mailchimp`."""
    kind, _, rest = unique_id.partition(".")
    name = rest.partition(".")[2] or rest or unique_id
    return name if kind in _RELATIONS else f"{kind.replace('_', ' ')} {name}"


def _place(location: Location | None) -> str:
    if location is None:
        return "(no file)"
    return f"{plain(location.file)}:{location.line}:{location.col}"


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 1] + "…"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    widths = [min(max(map(len, cells)), WIDEST_CELL) for cells in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
