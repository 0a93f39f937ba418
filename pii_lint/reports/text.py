"""The format for people: what, where, how it came there, how to mend it, and what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pii_lint.findings import Entry, Finding, Listing, Report, Severity, Suppression
from pii_lint.reports._layout import flow_lines, snippet_lines, table
from pii_lint.reports._plain import plain
from pii_lint.reports._summary import closing, inputs, known_before, known_counts
from pii_lint.reports._words import answer, form_of, place, short_name

MOST_FLOWS = 5
# of one finding; the other formats show all

_COLOURS = {Severity.ERROR: "31", Severity.WARN: "33", Severity.NOTE: "36"}


def check(report: Report, *, colour: bool = False, quiet: bool = False) -> str:
    """Errors and warnings whole, suppressed findings in a line each, notes as a count. `quiet`:
    only what counts."""
    told = [f for f in report.findings if f.suppressed is None and f.severity != Severity.NOTE]
    lines: list[str] = []
    for finding in told:
        lines += [*_finding(finding, colour), ""]
    if quiet:
        return "\n".join(lines)
    if passed := list(_passed_over(report.findings)):
        lines += [*passed, ""]
    lines += closing(report)
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
        lines += [f"  {row}" for row in table(rows)]
        lines.append("")
    lines += inputs(listing.manifests, listing.notes)
    return "\n".join(lines) + "\n"


def _entries(column: str, entries: Iterable[Entry]) -> list[tuple[str, ...]]:
    return [
        (
            plain(column),
            form_of(entry.form, entry.clause),
            plain(entry.kind),
            plain(entry.origin),
        )
        for entry in entries
    ]


def _finding(finding: Finding, colour: bool) -> Iterator[str]:
    code = f"{finding.code} {finding.severity}"
    if colour:
        code = f"\x1b[1;{_COLOURS[finding.severity]}m{code}\x1b[0m"
    yield f"{code}  {place(finding.location)}"
    yield f"  {plain(finding.message)}"
    yield from snippet_lines(finding.snippet)
    for flow in finding.flows[:MOST_FLOWS]:
        yield from flow_lines(flow)
    if len(finding.flows) > MOST_FLOWS:
        yield f"  and {len(finding.flows) - MOST_FLOWS} more flows, which the JSON format shows"
    if finding.fix:
        yield f"  fix: {plain(finding.fix)}"
    yield f"  more: pii-lint explain {finding.code}"


def _passed_over(findings: Sequence[Finding]) -> Iterator[str]:
    """Suppressed findings in a line each; those that were merely known before as a count."""
    for finding in findings:
        if finding.suppressed is not None and not known_before(finding):
            yield _suppressed(finding, finding.suppressed)
    yield from known_counts(findings)


def _suppressed(finding: Finding, why: Suppression) -> str:
    where = plain(f"{short_name(finding.node)}.{finding.column}")
    return f"{finding.code} suppressed  {where}: {answer(why)}"
