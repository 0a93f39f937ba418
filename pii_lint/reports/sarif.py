"""SARIF 2.1.0, for code scanning and editors: each finding with the way of its data, step by step.

The limits are those of GitHub's code scanning; whatever is cut is said in the log itself.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from urllib.parse import quote

from pii_lint import __version__
from pii_lint.findings import Finding, Flow, Location, Report, Severity, Step, Suppression
from pii_lint.reports._messages import message
from pii_lint.reports._repository import brief, placed, worst_first
from pii_lint.reports._summary import basis, known_before
from pii_lint.reports._words import answer, head, short_name
from pii_lint.rules import RULES, Rule
from pii_lint.rules.pages import page

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 5_000
MOST_BYTES = 10_000_000
"""Once compressed."""
MOST_STEPS = 1_000
"""Of all flows of one result."""
MOST_RELATED = 100
LEVELS = {Severity.ERROR: "error", Severity.WARN: "warning", Severity.NOTE: "note"}

_CODES = [rule.code for rule in RULES]

Json = dict[str, object]


def check(report: Report) -> str:
    """A log of one run, with as many findings as are kept, the worst of them."""
    kept = min(len(report.findings), MOST_RESULTS)
    while True:
        text = _dump(_log(report, kept))
        if kept == 0 or len(gzip.compress(text.encode(), 6, mtime=0)) <= MOST_BYTES:
            return text
        kept = kept * 3 // 4


def _log(report: Report, kept: int) -> Json:
    worst = {finding.id for finding in worst_first(report.findings)[:kept]}
    findings = [finding for finding in report.findings if finding.id in worst]
    results = [_result(report, finding) for finding in findings]
    said = [*_cuts(report, findings), *basis(report)]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "pii-lint",
                        "fullName": f"pii-lint {__version__}",
                        "version": __version__,
                        "rules": [_rule(rule) for rule in RULES],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            {"level": "note", "message": message(sentence)} for sentence in said
                        ],
                    }
                ],
                "automationDetails": {"id": "pii-lint/"},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    "%SRCROOT%": {"description": message("The root of the repository.")}
                },
                "results": results,
            }
        ],
    }


def _cuts(report: Report, findings: Sequence[Finding]) -> Iterable[str]:
    if left := len(report.findings) - len(findings):
        yield f"{left} more findings aren't in this log, which holds the {len(findings)} worst."
    long = sum(1 for finding in findings if _steps(finding) > MOST_STEPS)
    if long:
        yield f"{long} findings have more than {MOST_STEPS} steps: their longest flows are cut."
    wide = sum(1 for finding in findings if len(_origins(finding)) > MOST_RELATED)
    if wide:
        yield f"{wide} findings have more than {MOST_RELATED} origins: the first ones are named."


@cache
def _documentation() -> str | None:
    """Where the package says that its pages stand, from which they are linked by path."""
    try:
        links = metadata("pii-lint").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    known = dict(link.split(", ", 1) for link in links if ", " in link)
    return known.get("Documentation")


def _help_uri(rule: Rule) -> Json:
    base = _documentation()
    return {"helpUri": f"{base.rstrip('/')}/{rule.help_url}"} if base else {}


def _rule(rule: Rule) -> Json:
    return _help_uri(rule) | {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": message(rule.summary),
        "fullDescription": message(rule.why),
        "help": {"text": f"{rule.why}\n\nFix: {rule.fix}", "markdown": page(rule, generated=False)},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "tags": ["privacy", "personal-data", f"persona/{rule.persona}"],
            "precision": rule.confidence.value,
            "problem.severity": {"error": "error", "warn": "warning", "note": "recommendation"}[
                rule.severity.value
            ],
        },
    }


def _result(report: Report, finding: Finding) -> Json:
    result: Json = {
        "ruleId": finding.code,
        "ruleIndex": _CODES.index(finding.code),
        "level": LEVELS[finding.severity],
        "message": message(finding.message),
        "locations": [_location(report, finding.location, (finding.node, finding.column))],
        "partialFingerprints": {
            # free of line numbers; GitHub knows a finding again by the first of them
            "primaryLocationLineHash": f"{finding.id}:1",
            "piiLintFinding/v1": finding.id,
        },
        "properties": {
            "confidence": finding.confidence.value,
            "zone": finding.zone,
            "flows": [flow.id for flow in finding.flows],
        },
    }
    if finding.flows:
        result["relatedLocations"] = [
            _location(report, step.location, (step.node, step.column), said) | {"id": number}
            for number, (step, said) in enumerate(_origins(finding)[:MOST_RELATED], 1)
        ]
        result["codeFlows"] = _flows(report, finding)
    # an empty list says that nobody suppressed it, none that nobody looked
    why = finding.suppressed
    result["suppressions"] = [_suppression(finding, why)] if why is not None else []
    return result


def _origins(finding: Finding) -> list[tuple[Step, str]]:
    """Where the labels were born, each place once, with what was born there."""
    found: dict[str, tuple[Step, str]] = {}
    for flow in finding.flows:
        if flow.steps:
            found.setdefault(flow.origin, (flow.steps[0], head(flow)))
    return list(found.values())


def _flows(report: Report, finding: Finding) -> list[Json]:
    left = MOST_STEPS
    flows: list[Json] = []
    for flow in finding.flows:
        steps = _ends(flow.steps, left)
        left -= len(steps)
        if steps:
            flows.append(_flow(report, flow, steps))
    return flows


def _ends(steps: tuple[Step, ...], most: int) -> tuple[Step, ...]:
    """At most so many steps: the origin, and those nearest to the finding."""
    if len(steps) <= most:
        return steps
    return (*steps[:1], *steps[len(steps) - most + 1 :]) if most > 1 else ()


def _flow(report: Report, flow: Flow, steps: Sequence[Step]) -> Json:
    return {
        "message": message(head(flow)),
        "threadFlows": [
            {
                "locations": [
                    {
                        "location": _location(
                            report, step.location, (step.node, step.column), _step(step)
                        ),
                        "importance": "essential" if step in (steps[0], steps[-1]) else "important",
                    }
                    for step in steps
                ]
            }
        ],
    }


def _step(step: Step) -> str:
    way = f" by `{step.expression}`" if step.expression else ""
    return f"{short_name(step.node)}.{step.column}: {step.op}, {step.form}{way}"


def _steps(finding: Finding) -> int:
    return sum(len(flow.steps) for flow in finding.flows)


def _location(
    report: Report, place: Location | None, column: tuple[str, str], said: str | None = None
) -> Json:
    there = placed(report, place)
    region: dict[str, int] = {"startLine": there.line}
    if (there.line, there.col) < (there.end_line, there.end_col):
        region |= {
            "startColumn": there.col,
            "endLine": there.end_line,
            "endColumn": there.end_col,
        }
    location: Json = {
        "physicalLocation": {
            "artifactLocation": {
                "uri": quote(there.file, errors="surrogatepass"),
                "uriBaseId": "%SRCROOT%",
            },
            "region": region,
        },
        "logicalLocations": [{"fullyQualifiedName": brief(".".join(column)), "kind": "column"}],
    }
    if said is not None:
        location["message"] = message(said)
    return location


def _suppression(finding: Finding, why: Suppression) -> Json:
    return {
        # a baseline or an earlier manifest stands beside the code that it speaks of
        "kind": "external" if known_before(finding) else "inSource",
        "status": "accepted",
        "justification": message(answer(why))["text"],
    }


def _dump(log: Json) -> str:
    return json.dumps(log, ensure_ascii=True, separators=(",", ":")) + "\n"
