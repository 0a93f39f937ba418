"""The evidence as a file: JSON for machines, Markdown for people; no value in either."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from pii_lint import __version__
from pii_lint.evidence.markup import cell, code, stood_on
from pii_lint.evidence.record import ColumnEvidence, Evidence, KindEvidence, Verdict

_SAID = {
    Verdict.HOLE: "moved, and no label foretold it: a hole in the analysis",
    Verdict.READABLE: "moved, and can be read there",
    Verdict.UNSEEN: "moved, and the analysis can't see what stands there",
    Verdict.EXCUSED: "moved, and somebody declared why it may",
    Verdict.FORETOLD: "moved as a pseudonym, a statistic or a signal may",
    Verdict.STILL: "may move, and never did",
    Verdict.UNSTABLE: "differs from build to build by itself",
    Verdict.CLEAN: "no label, and never moved",
}


def as_json(evidence: Evidence) -> str:
    """One object, the same for the same run."""
    told = {
        "schema_version": 1,
        "tool": {"name": "pii-lint", "version": __version__},
        "holds": evidence.holds,
        "commit": evidence.commit,
        "manifest_sha256": evidence.manifest,
        "policy_sha256": evidence.policy,
        "dbt": evidence.dbt,
        "duckdb": evidence.duckdb,
        "canaries": evidence.canaries,
        "kinds": [_kind(one) for one in evidence.kinds],
        "marts": [{"name": name, "rows": rows} for name, rows in evidence.rows],
        "missing": list(evidence.missing),
        "columns": [_column(one) for one in evidence.columns],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def as_markdown(evidence: Evidence, sha256: str) -> str:
    """A page to file beside the JSON, whose digest it names."""
    return "\n".join((*_head(evidence, sha256), *_marts(evidence), *_kinds(evidence), ""))


def as_text(evidence: Evidence) -> str:
    """What a person at the terminal wants to know."""
    lines = [f"{_place(one)}: {_sentence(one)}" for one in evidence.broken]
    lines += [f"{name}: dbt built no such mart" for name in evidence.missing]
    lines += [
        f"{one.kind}: {one.failed} can't be built with other values" for one in _failed(evidence)
    ]
    lines += [
        f"{place.place.node}.{place.place.column} ({one.kind}): not tried, {place.why}"
        for one in evidence.kinds
        for place in one.places
        if place.why
    ]
    counted = ", ".join(
        f"{count} {verdict.value}"
        for verdict in Verdict
        if (count := sum(1 for one in evidence.columns if one.verdict is verdict))
    )
    tried = [one for one in evidence.kinds if one.altered and not one.failed]
    lines.append(
        f"{'The promise holds' if evidence.holds else 'The promise is broken'}: "
        f"{len(tried)} of {len(evidence.kinds)} kinds altered, {len(evidence.rows)} safe marts, "
        f"columns: {counted}."
    )
    return "\n".join(lines) + "\n"


def _head(evidence: Evidence, sha256: str) -> Iterator[str]:
    yield "# Noninterference of the safe marts"
    yield ""
    yield (
        "Personal data was altered in a scratch copy of the raw tables, one kind at a time, and "
        "dbt built the project anew. Whatever differs in a safe mart is compared with what "
        "pii-lint says may differ. No value of the data stands here."
    )
    yield ""
    yield f"**{'The promise holds.' if evidence.holds else 'The promise is broken.'}**"
    yield ""
    yield from stood_on(evidence.commit, evidence.manifest, evidence.policy, sha256)
    yield f"| tools | pii-lint {__version__}, dbt {evidence.dbt}, DuckDB {evidence.duckdb} |"
    if evidence.canaries is not None:
        yield f"| canaries planted and looked for in every cell | {evidence.canaries} |"
    yield ""


def _marts(evidence: Evidence) -> Iterator[str]:
    for name, rows in evidence.rows:
        yield f"## {code(name)}, {rows} rows"
        yield ""
        yield "| column | labels | moved by | verdict |"
        yield "|---|---|---|---|"
        for one in evidence.columns:
            if one.relation == name:
                forms, kinds = ", ".join(one.forms) or "none", ", ".join(one.moved_by) or "nothing"
                yield f"| {code(one.column)} | {forms} | {kinds} | {cell(_sentence(one))} |"
        yield ""
    for name in evidence.missing:
        yield f"dbt built no {code(name)}."
        yield ""


def _kinds(evidence: Evidence) -> Iterator[str]:
    yield "## What was altered"
    yield ""
    yield "| kind | column | values altered | values without another |"
    yield "|---|---|---:|---:|"
    for kind in evidence.kinds:
        for one in kind.places:
            place = code(f"{one.place.node}.{one.place.column}")
            kept = one.why or str(one.kept)
            yield f"| {kind.kind} | {place} | {one.altered} | {cell(kept)} |"
        if kind.failed:
            yield f"| {kind.kind} | {code(kind.failed)} can't be built with other values | | |"


def _sentence(one: ColumnEvidence) -> str:
    words = [_SAID[one.verdict]]
    if one.first:
        words.append(f"first in {one.first}")
    if one.note:
        words.append(one.note)
    return "; ".join(words)


def _place(one: ColumnEvidence) -> str:
    kinds = ", ".join(one.moved_by)
    return f"{one.relation}.{one.column} ({kinds})" if kinds else f"{one.relation}.{one.column}"


def _failed(evidence: Evidence) -> Iterable[KindEvidence]:
    return (one for one in evidence.kinds if one.failed)


def _kind(one: KindEvidence) -> dict[str, object]:
    return {
        "kind": one.kind,
        "failed_at": one.failed,
        "places": [
            {
                "node": place.place.node,
                "column": place.place.column,
                "keys": list(place.place.keys),
                "values_altered": place.altered,
                "values_kept": place.kept,
                "not_tried": place.why,
            }
            for place in one.places
        ],
    }


def _column(one: ColumnEvidence) -> dict[str, object]:
    return {
        "mart": one.relation,
        "column": one.column,
        "verdict": one.verdict.value,
        "forms": list(one.forms),
        "moved_by": list(one.moved_by),
        "first_seen_in": one.first,
        "note": one.note or None,
    }
