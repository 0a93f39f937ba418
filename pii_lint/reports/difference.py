"""What `diff` says: for a terminal, for a machine, for a pull request. The gate comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from pii_lint.diff import Change, Diff, FlowChange, GateChange
from pii_lint.findings import Location, ManifestInput, Severity
from pii_lint.reports import json as machine
from pii_lint.reports._markup import cell, code, prose
from pii_lint.reports._plain import plain
from pii_lint.reports._words import many, short_name

MARKER = "<!-- pii-lint: diff -->"
"""The first line of the comment, by which the next run finds it again."""
MOST_ROWS = (40, 20, 10, 3)
"""In one table of a comment: as many as keep it short enough."""
LONGEST_COMMENT = 60_000
"""Characters; one of 65536 is refused."""

_TITLES = {
    Change.HIDDEN: "Hidden",
    Change.NEW: "New",
    Change.WEAKENED: "Weakened",
    Change.STRENGTHENED: "Strengthened",
    Change.FIXED: "Fixed",
}
_MEANING = {
    Change.HIDDEN: "still there, and the gate doesn't say so as it did",
    Change.NEW: "wasn't there",
    Change.WEAKENED: "more of the value is left than was",
    Change.STRENGTHENED: "less of the value is left than was",
    Change.FIXED: "is gone",
}


def text(diff: Diff) -> str:
    """Sections, a line a change."""
    weaker = [change for change in diff.gate if change.weakens]
    other = [change for change in diff.gate if not change.weakens]
    lines = [_verdict(diff), *(f"note: {plain(note)}" for note in diff.notes), ""]
    lines += _section("GATE WEAKENED", [plain(_gate(change)) for change in weaker])
    for change, title in _TITLES.items():
        flows = [plain(_flow(flow)) for flow in diff.those(change)]
        lines += _section(f"{title} ({_MEANING[change]})", flows)
    lines += _section("Gate, otherwise", [plain(_gate(change)) for change in other])
    lines.append(_counts(diff))
    lines += [f"base: {_manifest(diff.base)}", f"head: {_manifest(diff.head)}"]
    return "\n".join(lines) + "\n"


def json(diff: Diff) -> str:
    """All of it."""
    return machine.dump(
        {
            **machine.head((diff.base, diff.head)),
            "weakened": diff.weakened,
            "failed": diff.failed,
            "gate": diff.gate,
            "flows": diff.flows,
            "notes": diff.notes,
        }
    )


def markdown(diff: Diff) -> str:
    """One comment on a pull request, to be written over by the next run."""
    comments = (_comment(diff, most) for most in MOST_ROWS)
    return next((one for one in comments if len(one) <= LONGEST_COMMENT), _comment(diff, 0))


def _comment(diff: Diff, most: int) -> str:
    weaker = [change for change in diff.gate if change.weakens]
    other = [change for change in diff.gate if not change.weakens]
    lines = [MARKER, f"### pii-lint: {_verdict(diff)}", "", _counts(diff), ""]
    lines += [f"> {prose(note)}" for note in diff.notes]
    if diff.notes:
        lines.append("")
    lines += _gate_table("#### The gate was weakened", weaker, most)
    for change in (Change.HIDDEN, Change.NEW, Change.WEAKENED):
        title = f"#### {_TITLES[change]}: {_MEANING[change]}"
        lines += _flow_table(title, diff.those(change), most)
    for change in (Change.STRENGTHENED, Change.FIXED):
        flows = diff.those(change)
        lines += _folded(f"{_TITLES[change]} ({len(flows)})", _flow_table("", flows, most))
    lines += _folded(f"Other changes of the gate ({len(other)})", _gate_table("", other, most))
    lines.append(
        f"base {code(diff.base.sha256[:12])}, head {code(diff.head.sha256[:12])}. "
        "`pii-lint explain CODE` says what a rule wants."
    )
    return "\n".join(lines) + "\n"


DIFF_FORMATS: dict[str, Callable[[Diff], str]] = {"text": text, "json": json, "markdown": markdown}


def _verdict(diff: Diff) -> str:
    new = sum(
        1
        for flow in diff.flows
        if flow.change in (Change.NEW, Change.WEAKENED) and flow.suppressed is None
    )
    if diff.weakened:
        return "this change weakens the gate"
    if diff.failed:
        return "personal data flows where it didn't"
    return "nothing that fails the gate" if new else "no new flow of personal data"


def _counts(diff: Diff) -> str:
    tally = Counter(flow.change for flow in diff.flows)
    order = (
        *(Change.NEW, Change.FIXED, Change.UNCHANGED),
        *(Change.WEAKENED, Change.STRENGTHENED, Change.HIDDEN),
    )
    words = [f"{tally[change]} {change}" for change in order]
    weaker = sum(change.weakens for change in diff.gate)
    words.append(f"{many(weaker, 'weakening')} of the gate")
    return ", ".join(words) + "."


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title}: {len(lines)}"
        yield from (f"  {line}" for line in lines)
        yield ""


def _gate(change: GateChange) -> str:
    return f"{change.sort}: {change.subject}: {change.was} -> {change.now}"


def _flow(flow: FlowChange) -> str:
    what = f"{_judged(flow)}  {short_name(flow.node)}.{flow.column}"
    if flow.origin:
        what += f"  {flow.kind} from {flow.origin}: {flow.was or 'none'} -> {_now(flow)}"
    if flow.suppressed:
        what += f"  (suppressed: {flow.suppressed.reason})"
    return f"{what}  {_place(flow.location)}"


def _judged(flow: FlowChange) -> str:
    """The rules, and the severity; where the gate says less of it than it did, both."""
    codes = ", ".join(flow.codes)
    if flow.suppressed and flow.change is not Change.HIDDEN:
        return f"{codes} suppressed"
    now = "suppressed" if flow.suppressed else flow.severity.value
    if flow.change is Change.HIDDEN:
        now = "unsaid" if flow.severity is Severity.OFF else now
        return f"{codes} {flow.severity_was} -> {now}"
    return f"{codes} {now}"


def _now(flow: FlowChange) -> str:
    if flow.now:
        return flow.now
    return "out of sight" if flow.change is Change.HIDDEN else "none"


def _gate_table(title: str, changes: Sequence[GateChange], most: int) -> Iterator[str]:
    if not changes:
        return
    yield from ((title, "") if title else ())
    yield from ("| what | where | was | now |", "|---|---|---|---|")
    for change in changes[:most]:
        cells = (change.sort, cell(change.subject), cell(change.was), cell(change.now))
        yield f"| {' | '.join(cells)} |"
    yield from _cut(len(changes), most)


def _flow_table(title: str, flows: Sequence[FlowChange], most: int) -> Iterator[str]:
    if not flows:
        return
    yield from ((title, "") if title else ())
    yield from ("| rule | column | kind | origin | was | now | place |", "|---" * 7 + "|")
    for flow in flows[:most]:
        cells = (
            _judged(flow),
            cell(f"{short_name(flow.node)}.{flow.column}"),
            cell(flow.kind) if flow.kind else "",
            cell(short_name(flow.origin)) if flow.origin else "",
            flow.was or "",
            _now(flow) if flow.origin else "",
            cell(_place(flow.location)),
        )
        yield f"| {' | '.join(cells)} |"
    yield from _cut(len(flows), most)


def _cut(count: int, most: int) -> Iterator[str]:
    yield ""
    if count > most:
        yield from (f"and {count - most} more, which the JSON format shows", "")


def _folded(title: str, table: Iterator[str]) -> Iterator[str]:
    rows = list(table)
    if rows:
        yield from ("<details>", f"<summary>{title}</summary>", "", *rows, "</details>", "")


def _place(location: Location | None) -> str:
    return f"{location.file}:{location.line}" if location else "(no file)"


def _manifest(manifest: ManifestInput) -> str:
    return plain(f"{manifest.sha256[:12]}, dbt {manifest.dbt_version}, {manifest.adapter_type}")
