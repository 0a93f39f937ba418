"""Why a mask is none, as far as the facts tell it."""

from __future__ import annotations

import re

from pii_lint.data.names import column_names, promises_mask
from pii_lint.findings import Severity
from pii_lint.labels import Form, Label
from pii_lint.propagation.inventory import Hop
from pii_lint.rules._facts import Cell, Facts

_NAME = re.compile(r"\w+")

_TOKENS = frozenset({"credential", "device"})
"""Kinds whose values are themselves called tokens."""

BESIDE_PLAIN = "its plain value stands beside it in the same column"
ONE_BRANCH = "only some of its rows or branches are hashed, the others hold the plain value"
UNKEYED = "the digest has no key, so anyone can recompute it"
LITERAL = "its only key is a literal in the SQL"
UNMIXED = "a secret stands in the expression and isn't mixed in whole"
BORN_WEAK = "it arrives as an unkeyed digest"
ENCODED = "the value is only encoded, and anyone can turn it back"
UNMASKED = "its name promises a mask, and the value can be read"
FEW_VALUES = "so few values are likely that counting equal digests tells them apart"


def weakness(facts: Facts, cell: Cell, label: Label) -> str:
    """The reason, found where the label's form fell to weak on its way."""
    for hop in reversed(facts.inventory.path(cell.holder, cell.column, label)):
        if hop.via is None:
            return BORN_WEAK
        if hop.via.label.form == Form.WEAK:
            continue
        return _reason(facts, hop.node, hop.column, label)
    return UNKEYED


def half_masked(facts: Facts, cell: Cell, plain: Label) -> str:
    """How a plain value came into one column with its own digest: where the two met."""
    met: Hop | None = None
    for hop in reversed(facts.inventory.path(cell.holder, cell.column, plain)):
        column = facts.inventory.relations[hop.node].columns.get(hop.column.lower())
        masked = column is not None and any(
            label.origin == plain.origin and label.form in (Form.WEAK, Form.PSEUDONYM)
            for label in column.labels
        )
        if not masked:
            break
        met = hop
    return ONE_BRANCH if met and met.via and met.via.op == "copy" else BESIDE_PLAIN


def broken_promise(facts: Facts, cell: Cell, label: Label) -> str | None:
    """Why a readable value stands under a name that says it is masked; None where it doesn't."""
    if not promises_mask(cell.name) or promises_mask(label.origin.column):
        # what the source calls a hash is another's digest, of whatever quality
        return None
    if label.kind.partition(".")[0] in _TOKENS:
        return None
    hops = facts.inventory.path(cell.holder, cell.column, label)
    if len(hops) > 1 and promises_mask(hops[-2].column) and _judged(facts, hops[-2].node, cell):
        return None
    for hop in hops:
        span = hop.via.span if hop.via else None
        if _words(facts.places.excerpt(hop.node, span)) & column_names().encodings:
            return ENCODED
    return UNMASKED


def few_values(facts: Facts, cell: Cell, label: Label) -> bool:
    """True where nothing but one value of few likely ones entered the digest, and this is the place
    to say so."""
    kind = facts.registry.kind(label.kind)
    if not (kind.low_entropy or kind.small):
        return False
    for hop in reversed(facts.inventory.path(cell.holder, cell.column, label)):
        if hop.via is None or hop.via.label.form == Form.PSEUDONYM:
            continue
        if hop.node != cell.holder and _judged(facts, hop.node, cell):
            return False
        entering = [
            {entered.origin for entered in mask.inputs}
            for mask in facts.inventory.relations[hop.node].masks
            if mask.column.lower() == hop.column.lower() and mask.secrets
        ]
        return bool(entering) and all(origins == {label.origin} for origins in entering)
    return False


def _judged(facts: Facts, uid: str, cell: Cell) -> bool:
    """True where an earlier relation of the way hears of it already, so that it is said once."""
    zone = facts.zone_of(uid)
    return any(
        facts.policy.severity(zone, label._replace(form=Form.WEAK)) != Severity.OFF
        for label, _ in cell.labels
    )


def _reason(facts: Facts, uid: str, column: str, label: Label) -> str:
    """Why the digest that this label met in a relation's own SQL is weak."""
    relation = facts.inventory.relations[uid]
    weak = [
        mask
        for mask in relation.masks
        if not mask.secrets and any(entered.origin == label.origin for entered in mask.inputs)
    ]
    weak = [mask for mask in weak if mask.column.lower() == column.lower()] or weak
    if any(mask.literal for mask in weak):
        return LITERAL
    names = {
        name
        for read in relation.reads
        if facts.is_secret(read)
        for name in (facts.nodes[read].alias, *facts.inventory.relations[read].columns)
        if name
    }
    said = {word for mask in weak for word in _words(facts.places.excerpt(uid, mask.span))}
    return UNMIXED if said & {name.lower() for name in names} else UNKEYED


def _words(sql: str) -> set[str]:
    return {word.lower() for word in _NAME.findall(sql)}
