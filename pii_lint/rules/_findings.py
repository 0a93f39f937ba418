"""From what a rule saw to a finding that explains itself."""

from __future__ import annotations

from hashlib import sha256

from pii_lint.findings import Confidence, Finding, Flow, Location, Severity, Step, Suppression
from pii_lint.labels import Form, Label
from pii_lint.rules._facts import Cell, Facts
from pii_lint.rules._places import WHOLE
from pii_lint.rules._rule import Rule


def finding(
    facts: Facts,
    rule: Rule,
    judged: str,
    column: str,
    message: str,
    *,
    severity: Severity | None = None,
    confidence: Confidence | None = None,
    location: Location | None = None,
    flows: tuple[Flow, ...] = (),
    suppressed: Suppression | None = None,
    item: str = "",
) -> Finding:
    """A finding under `rule`; a severity from the project's `rules` goes before the matrix. `item`
    tells those apart that stand at one place: to know the first is not to know the next."""
    return Finding(
        id=_digest(rule.code, judged, column.lower(), *filter(None, [item])),
        code=rule.code,
        rule=rule.name,
        severity=facts.config.rules.get(rule.code) or severity or rule.severity,
        confidence=confidence or rule.confidence,
        persona=rule.persona,
        message=message,
        node=judged,
        column=column,
        zone=facts.zone_of(judged),
        location=location or facts.places.node(judged),
        flows=flows,
        suppressed=suppressed,
        fix=rule.fix,
        help_url=rule.help_url,
    )


def cell_finding(
    facts: Facts, rule: Rule, cell: Cell, message: str, suppressed: Suppression | None = None
) -> Finding:
    """One finding for one column, with a flow for each of its labels."""
    place = facts.places.node(cell.judged)
    if cell.judged == cell.holder:
        labels = sorted((label for label, _ in cell.labels), key=label_order)
        place = facts.places.column(cell.holder, cell.column, labels)
    return finding(
        facts,
        rule,
        cell.judged,
        cell.name,
        message,
        severity=cell.severity,
        confidence=Confidence.MEDIUM if cell.column == WHOLE and not cell.rows else None,
        location=place,
        flows=flows_of(facts, rule, cell),
        suppressed=suppressed,
    )


def flows_of(facts: Facts, rule: Rule, cell: Cell) -> tuple[Flow, ...]:
    """The way of each label to the cell; labels that differ in nothing shown are one flow."""
    found: dict[str, Flow] = {}
    for label in sorted((label for label, _ in cell.labels), key=label_order):
        words = [rule.code, cell.judged, cell.column, str(label.origin), label.kind]
        words.append(label.form.word)
        # what follows is empty for the flow of a plain value within the warehouse
        kept = label.part if label.form in (Form.PARTIAL, Form.STATISTIC) else None
        words += filter(None, [label.clause, "equated" if label.equated else None, kept])
        steps = facts.places.steps(cell.holder, cell.column, label)
        if cell.judged != cell.holder:
            words.append(cell.holder)
            place = facts.places.node(cell.judged)
            out = Step(cell.judged, cell.name, "export", label.form.word, "", place)
            steps = (*steps, out)
        flow = Flow(
            id=_digest(*words),
            origin=str(label.origin),
            kind=label.kind,
            form=label.form.word,
            clause=label.clause,
            equated=label.equated,
            steps=steps,
        )
        known = found.get(flow.id)
        if known is None or len(flow.steps) < len(known.steps):
            found[flow.id] = flow
    return tuple(found.values())


def label_order(label: Label) -> tuple[str, ...]:
    """Worst form first, then by origin; the same from run to run."""
    return (
        str(label.form.value),
        str(label.origin),
        label.kind,
        label.clause or "",
        label.part or "",
        str(label.equated),
    )


def _digest(*words: str) -> str:
    return sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:16]
