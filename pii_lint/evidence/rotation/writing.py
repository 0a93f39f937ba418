"""The evidence of a rotation as a file: JSON for machines, Markdown for people; no value in it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pii_lint import __version__
from pii_lint.evidence.markup import cell, code, stood_on
from pii_lint.evidence.rotation.record import ColumnEvidence, Evidence, Verdict

_SAID = {
    Verdict.APART: "none of the old pseudonyms stands there",
    Verdict.JOINABLE: "old pseudonyms stand there",
    Verdict.RECURRING: "too short for a digest, and most stood there before",
    Verdict.SHORT: "too short for a digest; those that recur may do so by chance",
    Verdict.GONE: "it holds no pseudonym where some stood, or isn't there",
    Verdict.EMPTY: "it held no pseudonym, and holds none",
    Verdict.ACCEPTED: "the proof fails, and --accept names it",
}


def as_json(evidence: Evidence) -> str:
    """One object, the same for the same run."""
    told = {
        "schema_version": 1,
        "tool": {"name": "pii-lint", "version": __version__},
        "holds": evidence.holds,
        "engine": evidence.engine,
        "resumed": evidence.resumed,
        "commit": evidence.commit,
        "manifest_sha256": evidence.manifest,
        "policy_sha256": evidence.policy,
        "dbt": evidence.dbt,
        "columns": [
            {
                "relation": one.relation,
                "column": one.column,
                "verdict": one.verdict.value,
                "pseudonyms_before": one.before,
                "pseudonyms_after": one.after,
                "equal": one.equal,
            }
            for one in evidence.columns
        ],
        "kept": [{"relation": name, "why": why} for name, why in evidence.kept],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def as_markdown(evidence: Evidence, sha256: str) -> str:
    """A page to file beside the JSON, whose digest it names."""
    return "\n".join((*_head(evidence, sha256), *_columns(evidence), ""))


def as_text(evidence: Evidence) -> str:
    """What a person at the terminal wants to know."""
    lines = [
        f"{one.relation}.{one.column}: {_SAID[one.verdict]} ({_numbers(one)})"
        for one in evidence.columns
        if one.verdict not in (Verdict.APART, Verdict.EMPTY)
    ]
    equal = sum(one.equal for one in evidence.columns)
    lines.append(
        f"{'Old and new do not join' if evidence.holds else 'Old and new may join'}: "
        f"{len(evidence.columns)} columns, {sum(one.before for one in evidence.columns)} "
        f"pseudonyms before, {sum(one.after for one in evidence.columns)} after, {equal} equal."
    )
    return "\n".join(lines) + "\n"


def _head(evidence: Evidence, sha256: str) -> Iterator[str]:
    yield "# Rotation of the salt"
    yield ""
    yield (
        "A new salt took the old one's place, and dbt built everything anew that hangs on it. The "
        "pseudonyms of before and after were compared in the database. No value of the data "
        "stands here."
    )
    yield ""
    yield f"**{'Old and new do not join.' if evidence.holds else 'Old and new may join.'}**"
    yield ""
    yield from stood_on(evidence.commit, evidence.manifest, evidence.policy, sha256)
    yield f"| tools | pii-lint {__version__}, dbt {evidence.dbt}, {evidence.engine} |"
    if evidence.resumed:
        yield "| course | cut off once or more, then resumed |"
    yield ""


def _columns(evidence: Evidence) -> Iterator[str]:
    yield "| column | before | after | equal | verdict |"
    yield "|---|---:|---:|---:|---|"
    for one in evidence.columns:
        place = code(f"{one.relation}.{one.column}")
        numbers = f"{one.before} | {one.after} | {one.equal}"
        yield f"| {place} | {numbers} | {_SAID[one.verdict]} |"
    if evidence.kept:
        yield ""
        yield "Left as it is, since it holds no pseudonym:"
        yield ""
        for name, why in evidence.kept:
            yield f"- {code(name)}: {cell(why)}"


def _numbers(one: ColumnEvidence) -> str:
    return f"{one.before} before, {one.after} after, {one.equal} equal"
