"""Why a digest is weak, as far as the facts tell it."""

from __future__ import annotations

import re

from pii_lint.labels import Form, Label
from pii_lint.rules._facts import Cell, Facts

_NAME = re.compile(r"\w+")

BESIDE_PLAIN = "its plain value stands beside it in the same column"
UNKEYED = "the digest has no key, so anyone can recompute it"
LITERAL = "its only key is a literal in the SQL"
UNMIXED = "a secret stands in the expression and isn't mixed in whole"
BORN_WEAK = "it arrives as an unkeyed digest"


def weakness(facts: Facts, cell: Cell, label: Label) -> str:
    """The reason, found where the label's form fell to weak on its way."""
    for hop in reversed(facts.inventory.path(cell.holder, cell.column, label)):
        if hop.via is None:
            return BORN_WEAK
        if hop.via.label.form == Form.WEAK:
            continue
        return _reason(facts, hop.node, hop.column, label)
    return UNKEYED


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
