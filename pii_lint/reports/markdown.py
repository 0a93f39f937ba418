"""Markdown, for a comment on a pull request or the summary of a job."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding, Flow, Listing, Report, Severity
from pii_lint.reports._layout import snippet_lines
from pii_lint.reports._markup import cell, code, prose
from pii_lint.reports._record import record
from pii_lint.reports._repository import placed, worst_first
from pii_lint.reports._summary import closing, counts, inputs, known_before, known_counts
from pii_lint.reports._words import answer, form_of, place, short_name, signed

MOST_CHARACTERS = 60_000
"""GitHub refuses a comment of more than 65,536."""
MOST_FLOWS = 5
MOST_STEPS = 20


def check(report: Report) -> str:
    """Errors and warnings whole, worst first; suppressed ones in a line each; notes as a count."""
    _, *rest = closing(report)
    end = [f"- {prose(line.strip())}" for line in (*known_counts(report.findings), *rest)]
    blocks = [f"## pii-lint: {counts(report.findings).rstrip('.').lower()}"]
    left = MOST_CHARACTERS - len("\n".join((*blocks, *end)))
    told = [
        finding
        for finding in worst_first(report.findings)
        if not known_before(finding) and (finding.suppressed or finding.severity != Severity.NOTE)
    ]
    cut = 0
    for finding in told:
        block = _suppressed(finding) if finding.suppressed else _finding(report, finding)
        left -= len(block) + 2
        if left < 0:
            cut += 1
        else:
            blocks.append(block)
    if cut:
        blocks.append(f"{cut} more don't fit into this comment: the JSON format has all.")
    return "\n\n".join((*blocks, "\n".join(end))) + "\n"


def inventory(listing: Listing) -> str:
    """The record of processing: a table of every column with personal data."""
    lines = [
        "## Personal data by column",
        "",
        "| relation | column | zone | owner | data | form | origins | recipients |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in record(listing):
        data = f"{cell(row.kind)} {cell(row.classification)}".strip()
        cells = (
            cell(row.relation),
            cell(row.column),
            cell(row.zone),
            cell(row.owner),
            data,
            form_of(row.form, row.clause or None),
            ", ".join(map(cell, row.origins)),
            ", ".join(map(cell, row.recipients)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    if len(lines) == 4:
        lines[2:] = ["No column holds personal data."]
    lines.append("")
    lines += _uses(listing)
    lines += [f"- {prose(line)}" for line in inputs(listing.manifests, listing.notes)]
    return "\n".join(lines) + "\n"


def _uses(listing: Listing) -> Iterator[str]:
    if not listing.uses:
        return
    yield from ("## Recipients", "", "| recipient | use | owner | takes | data | sign-off |")
    yield "|---|---|---|---|---|---|"
    for uid, use in listing.uses.items():
        cells = (
            cell(use.recipient),
            cell(short_name(uid)),
            cell(use.owner or ""),
            ", ".join(cell(short_name(node)) for node in use.takes),
            ", ".join(map(cell, use.kinds)),
            cell(signed(use.sign_off)) if use.sign_off else "none",
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def _finding(report: Report, finding: Finding) -> str:
    where = place(placed(report, finding.location))
    parts = [
        f"### {finding.code} {finding.severity}: {code(where)}",
        prose(finding.message),
    ]
    if finding.snippet:
        parts.append("\n".join(f"    {line}" for line in snippet_lines(finding.snippet)))
    parts += [_flow(report, flow) for flow in finding.flows[:MOST_FLOWS]]
    if len(finding.flows) > MOST_FLOWS:
        parts.append(f"And {len(finding.flows) - MOST_FLOWS} more flows.")
    if finding.fix:
        parts.append(f"Fix: {prose(finding.fix)}")
    return "\n\n".join(parts)


def _flow(report: Report, flow: Flow) -> str:
    head = f"{code(flow.kind)}, {form_of(flow.form, flow.clause)}, from {code(flow.origin)}:"
    return "\n".join((head, "", *_steps(report, flow)))


def _steps(report: Report, flow: Flow) -> Iterator[str]:
    skipped = len(flow.steps) - MOST_STEPS
    for number, step in enumerate(flow.steps, 1):
        if 1 < number <= skipped + 1:
            if number == 2:
                yield f"{number}. … {skipped} steps"
            continue
        said = [code(f"{short_name(step.node)}.{step.column}"), f"{step.op}, {step.form}"]
        if step.expression:
            said.append(code(step.expression))
        said.append(code(place(placed(report, step.location))))
        yield f"{number}. " + " · ".join(said)


def _suppressed(finding: Finding) -> str:
    where = code(f"{short_name(finding.node)}.{finding.column}")
    why = prose(answer(finding.suppressed)) if finding.suppressed else ""
    return f"{finding.code} suppressed: {where}: {why}"
