"""`pii-lint explain`: what a rule wants, and why."""

from __future__ import annotations

from difflib import get_close_matches

import click

from pii_lint.cli._options import write
from pii_lint.errors import ConfigError


@click.command()
@click.argument("code")
def explain(code: str) -> int:
    """Show the page of the rule CODE, for example PII001."""
    from pii_lint.rules import RULES
    from pii_lint.rules.pages import page

    rules = {word: rule for rule in RULES for word in (rule.code.lower(), rule.name)}
    rule = rules.get(code.lower())
    if rule is None:
        near = get_close_matches(code.lower(), rules, n=1)
        hint = f"did you mean {rules[near[0]].code}?" if near else "`pii-lint rules` lists them."
        raise ConfigError(f"There is no rule {code}: {hint}")
    write(page(rule, generated=False))
    return 0
