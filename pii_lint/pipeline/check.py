"""The whole run, as a story: load, trace, judge, suppress, report."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from pii_lint.artifacts.load import load_former
from pii_lint.artifacts.project_dir import below_repository
from pii_lint.artifacts.same_project import same_project
from pii_lint.baseline import Passes, known
from pii_lint.baseline import load as load_baseline
from pii_lint.findings import Finding, Persona, Report, Severity
from pii_lint.options import Options
from pii_lint.pipeline.gathering import followed, gather, inputs, notes, refuse_nothing_to_guard
from pii_lint.reports.basis import coverage, masks
from pii_lint.reports.snippets import with_snippets
from pii_lint.rules import RULES, Facts, chosen, judge
from pii_lint.suppressions import suppress


def check(options: Options) -> Report:
    """Judge a project."""
    return judged(options, gather(options))


def judged(options: Options, gathered: Facts) -> Report:
    """Judge what was gathered."""
    facts = replace(gathered, persona=options.persona)
    refuse_nothing_to_guard(facts)
    codes = chosen([rule.code for rule in RULES], options.select, options.ignore)
    passes = _passes(options, facts)
    found = passes.passing(findings_of(facts))
    meant = _meant_for(options.persona, (f for f in found if f.code in codes))
    findings = with_snippets(meant, facts)
    facts.places.excerpts.save()
    return Report(
        manifests=inputs(facts),
        findings=findings,
        masks=masks(facts),
        coverage=coverage(facts),
        notes=(*notes(facts), *passes.notes(found), *_left_out(options, codes)),
        failed=failed(findings, options.fail_on or facts.config.fail_on),
        folder=below_repository(facts.project_dir),
    )


def findings_of(facts: Facts) -> tuple[Finding, ...]:
    """What every rule has to say, suppressed findings among it, in order of place."""
    return settled(judge(facts), facts)


def settled(found: Iterable[Finding], facts: Facts) -> tuple[Finding, ...]:
    """What rules said, with what people answer for, in order of place."""
    return tuple(sorted(suppress(found, facts), key=_order))


def _passes(options: Options, facts: Facts) -> Passes:
    """What the run is told to know already. An earlier state is judged by today's policy."""
    file = options.baseline
    kept = load_baseline(file, facts.projects[0].name) if file else None
    if not options.since:
        return Passes(kept, file.name if file else "")
    former = load_former(options.since)
    same_project([*facts.projects, *former])
    before = followed(former, facts.config, None, options)
    return Passes(
        baseline=kept,
        file=file.name if file else "",
        since=known(judge(before)),
        manifest=", ".join(project.sha256[:12] for project in former),
        unchanged=frozenset(
            uid
            for uid, node in facts.nodes.items()
            if uid in before.nodes and node.raw_code == before.nodes[uid].raw_code
        ),
    )


def _left_out(options: Options, codes: Collection[str]) -> tuple[str, ...]:
    """A word on rules that the command line left out."""
    missing = [rule.code for rule in RULES if rule.code not in codes]
    if not (missing and (options.select or options.ignore)):
        return ()
    return (f"The command line left out {', '.join(missing)}: what they find isn't shown.",)


def _meant_for(persona: Persona, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those for this reader: an auditor hears all, everybody hears what is for everybody."""
    order = list(Persona)
    return tuple(f for f in findings if order.index(f.persona) <= order.index(persona))


def failed(findings: Iterable[Finding], fail_on: Severity) -> bool:
    """True where something that nobody let pass is as bad as `fail_on`, or worse."""
    return any(
        finding.suppressed is None and finding.severity.at_least(fail_on) for finding in findings
    )


def _order(finding: Finding) -> tuple[str, int, int, str, str, str]:
    place = finding.location
    where = (place.file, place.line, place.col) if place else ("", 0, 0)
    return (*where, finding.code, finding.node, finding.column)
