"""Uses outside the warehouse, and whether somebody signed for what they take."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.artifacts.model import Exposure
from pii_lint.findings import Severity
from pii_lint.labels import SECRET, VALUE_FORMS, Label
from pii_lint.reports.page.lineage import where
from pii_lint.reports.page.told import Signed, ToldNode, Use
from pii_lint.reports.uses import recipient
from pii_lint.rules import Facts, sign_off


def uses(facts: Facts) -> Iterator[tuple[ToldNode, Use]]:
    """Every exposure, in order of unique_id."""
    for uid, exposure in sorted(facts.exposures.items()):
        place = facts.places.node(uid)
        node = ToldNode(
            uid=uid,
            name=exposure.name,
            sort="exposure",
            zone="export",
            owner=exposure.owner or "",
            file=where(place) or exposure.path,
            folder=exposure.type,
            complete=True,
            reads=tuple(sorted(set(exposure.depends_on) & facts.nodes.keys())),
            recipients=(),
            columns=(),
        )
        yield node, _use(facts, exposure)


def _use(facts: Facts, exposure: Exposure) -> Use:
    def told(state: Signed, sentence: str) -> Use:
        return Use(exposure.unique_id, exposure.type, recipient(exposure), state, sentence)

    given = sorted(_given(facts, exposure), key=lambda label: (label.kind, label.form))
    word = sign_off(exposure.meta, facts.registry)
    if not given:
        return told("nothing to sign", "It takes no value of a person.")
    held = ", ".join(dict.fromkeys(f"{one.kind} ({one.form.word})" for one in given))
    if word is None:
        asked = [one for one in given if facts.policy.severity("export", one) != Severity.OFF]
        if not asked:
            return told("open", f"It takes {held}, which the policy leaves open.")
        return told("unsigned", f"It takes {held}, and nobody signed for it.")
    signed = f"{word.approved_by or 'nobody'} signed on {word.approved_on}, until {word.until}"
    gaps = dict.fromkeys(gap for one in given if (gap := word.gap(one, facts.today, facts.latest)))
    if not gaps:
        return told("signed", f"It takes {held}; {signed}.")
    expired = word.until is not None and word.until < facts.today
    told_gaps = "; ".join(gaps)
    return told("expired" if expired else "signed in part", f"It takes {held}; {told_gaps}.")


def _given(facts: Facts, exposure: Exposure) -> set[Label]:
    return {
        label._replace(part=None, clause=None)
        for uid in exposure.depends_on
        if uid in facts.nodes
        for column in facts.inventory.relations[uid].columns.values()
        for label in column.labels
        if label.form in VALUE_FORMS and label.kind != SECRET
    }
