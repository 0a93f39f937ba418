"""What may not be. One file a rule; `RULES` is the only registry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pii_lint.findings import Finding, Severity
from pii_lint.rules._approvals import Declassification, sign_off
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import label_order
from pii_lint.rules._ignores import Ignore, unknown_rule
from pii_lint.rules._masks import weakness
from pii_lint.rules._places import ORIGIN, WHOLE
from pii_lint.rules._retention import term_of
from pii_lint.rules._rule import Example, Rule
from pii_lint.rules._selection import chosen
from pii_lint.rules.contradicting_zones import contradicting_zones
from pii_lint.rules.copied_data import copied_data
from pii_lint.rules.equated_untagged import equated_untagged
from pii_lint.rules.forbidden_kind import forbidden_kind
from pii_lint.rules.hard_coded_relation import hard_coded_relation
from pii_lint.rules.influence_of_pii import influence_of_pii
from pii_lint.rules.inline_credential import inline_credential
from pii_lint.rules.kept_for_ever import keeps, kept_for_ever
from pii_lint.rules.literal_salt import literal_salt
from pii_lint.rules.overstated_tag import overstated_tag
from pii_lint.rules.pii_in_safe_model import pii_in_safe_model
from pii_lint.rules.pii_leaves_staging import pii_leaves_staging
from pii_lint.rules.pseudonym_in_safe_model import pseudonym_in_safe_model
from pii_lint.rules.real_data import real_data
from pii_lint.rules.safe_mart_reads_raw import safe_mart_reads_raw
from pii_lint.rules.secret_in_model import secret_in_model
from pii_lint.rules.select_star_in_staging import select_star_in_staging
from pii_lint.rules.stale_declassification import stale_declassification
from pii_lint.rules.stale_suppression import about as about_suppression
from pii_lint.rules.stale_suppression import stale_suppression
from pii_lint.rules.statistic_of_pii import statistic_of_pii
from pii_lint.rules.superuser_role import superuser_role
from pii_lint.rules.unanalysable import unanalysable
from pii_lint.rules.uncleared_role import uncleared_role
from pii_lint.rules.undeclared_label import undeclared_label
from pii_lint.rules.unowned_target import unowned_target
from pii_lint.rules.unsigned_export import unsigned_export
from pii_lint.rules.untagged_source_column import untagged_source_column
from pii_lint.rules.untrue_node_tag import untrue_node_tag
from pii_lint.rules.weak_mask import weak_mask

RULES: tuple[Rule, ...] = (
    uncleared_role,
    contradicting_zones,
    real_data,
    copied_data,
    forbidden_kind,
    safe_mart_reads_raw,
    pii_in_safe_model,
    weak_mask,
    unanalysable,
    unsigned_export,
    statistic_of_pii,
    influence_of_pii,
    equated_untagged,
    pseudonym_in_safe_model,
    kept_for_ever,
    literal_salt,
    inline_credential,
    secret_in_model,
    superuser_role,
    hard_coded_relation,
    unowned_target,
    select_star_in_staging,
    pii_leaves_staging,
    untagged_source_column,
    undeclared_label,
    overstated_tag,
    untrue_node_tag,
    stale_declassification,
    stale_suppression,
)
"""Every rule, by code."""


def judge(facts: Facts, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """What every rule that isn't off has to say: one finding a column and rule, in no order."""
    found: dict[str, Finding] = {}
    for finding in _all(facts, rules):
        known = found.get(finding.id)
        found[finding.id] = finding if known is None else _joined(known, finding)
    return list(found.values())


def _all(facts: Facts, rules: Iterable[Rule]) -> Iterator[Finding]:
    for rule in rules:
        if facts.config.rules.get(rule.code) != Severity.OFF:
            yield from (f for f in rule.check(facts) if f.severity != Severity.OFF)


def _joined(one: Finding, other: Finding) -> Finding:
    """Two models under one export may share a column's name."""
    known = {flow.id for flow in one.flows}
    return replace(
        one,
        severity=one.severity if one.severity.at_least(other.severity) else other.severity,
        message=f"{one.message} {other.message}",
        flows=one.flows + tuple(flow for flow in other.flows if flow.id not in known),
    )


__all__ = [
    "ORIGIN",
    "RULES",
    "WHOLE",
    "Declassification",
    "Example",
    "Facts",
    "Ignore",
    "Rule",
    "about_suppression",
    "chosen",
    "judge",
    "keeps",
    "label_order",
    "sign_off",
    "stale_declassification",
    "stale_suppression",
    "term_of",
    "unanalysable",
    "unknown_rule",
    "weakness",
]
