"""`pii-lint rules`: the list of rules."""

from __future__ import annotations

import click

from pii_lint.cli._options import write


@click.command()
def rules() -> int:
    """List every rule with its severity."""
    from pii_lint.rules import RULES

    width = max(len(rule.name) for rule in RULES)
    rows = (f"{r.code}  {r.name:{width}}  {r.severity:5}  {r.summary}\n" for r in RULES)
    write("".join(rows))
    return 0
