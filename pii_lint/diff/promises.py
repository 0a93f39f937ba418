"""What people signed: declassifications, suppressions, exports; and which branches are seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from pii_lint.diff.model import GateChange
from pii_lint.diff.places import Places
from pii_lint.policy import EXPORT
from pii_lint.propagation.branches import branches, uses_is_incremental
from pii_lint.rules import WHOLE, Facts, sign_off


class _Promise(NamedTuple):
    subject: str
    until: date


_NOTHING = _Promise("", date.min)
Promises = dict[tuple[str, ...], _Promise]


def declassified(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:
    """Declassifications that came, grew or went."""
    return _compared("declassified", _declassified(base, places), _declassified(head, places))


def ignored(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:
    """Suppressions that came, grew or went, in SQL and in the policy file."""
    return _compared("suppressed", _ignored(base, places), _ignored(head, places))


def signed(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:
    """Sign-offs of exports."""
    return _compared("signed off", _signed(base, places), _signed(head, places))


def exports(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:
    """Exposures that nobody declares any more: the export may go on unseen."""
    there = {places.node(uid) for uid in head.exposures}
    carrying = {places.node(cell.judged) for cell in base.columns() if cell.judged != cell.holder}
    for uid in sorted(base.exposures):
        name = places.node(uid)
        if name not in there:
            yield GateChange("export", name, "declared", "not declared", name in carrying)


def branches_seen(base: Facts, head: Facts, places: Places) -> Iterator[GateChange]:
    """Incremental models of which a branch was seen that isn't any more."""
    before, after = _seen(base, places), _seen(head, places)
    for name, was in sorted(before.items()):
        if name in after and was - after[name]:
            yield GateChange(
                "branch", name, " and ".join(sorted(was)), " and ".join(sorted(after[name])), True
            )


def _compared(sort: str, before: Promises, after: Promises) -> Iterator[GateChange]:
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was != now:
            longer = now is not None and (was is None or was.until < now.until)
            subject = (now or was or _NOTHING).subject
            yield GateChange(sort, subject, _until(was), _until(now), longer)


def _until(promise: _Promise | None) -> str:
    return f"until {promise.until}" if promise else "no"


def _declassified(facts: Facts, places: Places) -> Promises:
    found: Promises = {}
    for one in facts.declassifications:
        if one.holds(facts.today) and one.until is not None:
            where = f"{places.node(one.node)}.{one.column or WHOLE}"
            for kind in one.kinds:
                _add(found, (where.lower(), kind), f"{where} of {kind}", one.until)
    return found


def _ignored(facts: Facts, places: Places) -> Promises:
    found: Promises = {}
    for one in facts.ignores:
        if not one.holds(facts.today) or one.until is None:
            continue
        node = places.node(one.node)
        for code in one.codes:
            for column in one.columns or ("",):
                # another line of code is another thing that passes; it isn't shown, for it may
                # hold a literal
                line = " ".join(one.code.split()) if one.line is not None and not column else ""
                where = f"{node}.{column}" if column else node
                subject = f"{code} in a line of {where}" if line else f"{code} in {where}"
                _add(found, (code, node, column, line), subject, one.until)
    return found


def _signed(facts: Facts, places: Places) -> Promises:
    found: Promises = {}
    exported = [uid for uid in facts.nodes if facts.zone_of(uid) == EXPORT]
    for uid in (*facts.exposures, *exported):
        word = sign_off(facts.meta_of(uid), facts.registry)
        if word is None or word.approved_by is None or word.approved_on is None:
            continue
        if word.until is None or not word.approved_on <= facts.today <= word.until <= facts.latest:
            continue
        name = places.node(uid)
        for kind in word.kinds:
            for form in word.forms:
                _add(found, (name, kind, form), f"{name}: {kind} ({form})", word.until)
    return found


def _add(found: Promises, key: tuple[str, ...], subject: str, until: date) -> None:
    known = found.get(key)
    if known is None or known.until < until:
        found[key] = _Promise(subject, until)


def _seen(facts: Facts, places: Places) -> dict[str, frozenset[str]]:
    return {
        places.node(node.unique_id): frozenset(branches(node, facts.projects, relation.reads)[0])
        for node, relation in facts.relations()
        if node.resource_type == "model" and uses_is_incremental(node, facts.projects)
    }
