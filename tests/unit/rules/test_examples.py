"""Each rule's own examples, run as small projects: flagged or clean, as the rule's page says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pii_lint.findings import Finding
from pii_lint.rules import RULES, Example, Rule

EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.code}-{number}")
    for rule in RULES
    for number, example in enumerate(rule.examples)
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_is_what_it_says(
    rule: Rule, example: Example, findings_of: Callable[[Mapping[str, str]], list[Finding]]
) -> None:
    assert example.files, "an example names its files"
    found = [finding for finding in findings_of(example.files) if finding.code == rule.code]
    assert bool(found) == example.flagged, [finding.message for finding in found]
