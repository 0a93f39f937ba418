"""`pii-lint explain`: what a rule wants, or why a column carries what it carries."""

from __future__ import annotations

from difflib import get_close_matches

import click

from pii_lint.cli._options import project_options, write
from pii_lint.cli._progress import progress
from pii_lint.errors import ConfigError
from pii_lint.options import Options


@click.command()
@click.argument("what", metavar="CODE|MODEL.COLUMN")
@project_options
def explain(
    what: str,
    options: Options,
) -> int:
    """Show the page of a rule, or why a column carries personal data, or why it doesn't.

    \b
    Examples:
      pii-lint explain PII001
      pii-lint explain fct_orders.customer_email
      pii-lint explain raw.customers.email
    """
    if "." not in what:
        write(_page(what))
        return 0
    from pii_lint.pipeline.explain import explain as explained
    from pii_lint.reports.explained import explain as told

    with progress():
        answer = explained(options, what)
    write(told(answer))
    return 0


def _page(code: str) -> str:
    from pii_lint.rules import RULES
    from pii_lint.rules.pages import page

    rules = {word: rule for rule in RULES for word in (rule.code.lower(), rule.name)}
    rule = rules.get(code.lower())
    if rule is None:
        near = get_close_matches(code.lower(), rules, n=1)
        known = "`pii-lint rules` lists them, and a column is asked for as MODEL.COLUMN."
        hint = f"did you mean {rules[near[0]].code}?" if near else known
        raise ConfigError(f"There is no rule {code}: {hint}")
    return page(rule, generated=False)
