"""Uses outside the warehouse: who receives what, and who signed for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pii_lint.artifacts.model import Exposure
from pii_lint.findings import Approval, Use
from pii_lint.labels import VALUE_FORMS, Label
from pii_lint.rules import Facts, sign_off

_DESTINATION = ("recipient", "vendor", "destination")


def uses(facts: Facts) -> Mapping[str, Use]:
    """Every use, by unique_id."""
    taken = _taken(facts)
    return {
        uid: Use(
            type=use.type,
            recipient=recipient(use),
            owner=use.owner,
            takes=tuple(sorted(set(use.depends_on) & facts.nodes.keys())),
            kinds=tuple(sorted({label.kind for label in taken.get(uid, ())})),
            sign_off=_approval(facts, use, taken.get(uid, ())),
        )
        for uid, use in sorted(facts.exposures.items())
    }


def approvals(facts: Facts) -> Mapping[str, Approval | None]:
    """What was signed for each use, by unique_id."""
    taken = _taken(facts)
    return {uid: _approval(facts, use, taken.get(uid, ())) for uid, use in facts.exposures.items()}


def recipient(use: Exposure) -> str:
    """Who receives it; the use's own name where nobody says."""
    return next(filter(None, (stated(use, key) for key in _DESTINATION)), use.name)


def stated(use: Exposure, key: str) -> str | None:
    """A word of the use's meta."""
    word = use.meta.get(key)
    return str(word).strip() or None if word is not None else None


def _taken(facts: Facts) -> Mapping[str, list[Label]]:
    """The values that go there, as the rule about unsigned exports judges them."""
    taken: dict[str, list[Label]] = {}
    for cell in facts.cells(VALUE_FORMS):
        if cell.judged in facts.exposures:
            taken.setdefault(cell.judged, []).extend(label for label, _ in cell.labels)
    return taken


def _approval(facts: Facts, use: Exposure, taken: Iterable[Label]) -> Approval | None:
    word = sign_off(use.meta, facts.registry)
    if word is None:
        return None
    gaps = {gap for label in taken if (gap := word.gap(label, facts.today, facts.latest))}
    return Approval(
        approved_by=word.approved_by,
        approved_on=str(word.approved_on) if word.approved_on else None,
        until=str(word.until) if word.until else None,
        kinds=word.kinds,
        forms=word.forms,
        gaps=tuple(sorted(gaps)),
    )
