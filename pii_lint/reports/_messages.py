"""Texts of a SARIF log."""

from __future__ import annotations

from pii_lint.reports._repository import brief

LONGEST = 1_000


def message(text: str) -> dict[str, str]:
    """A plain text message.

    Readers fill in `{0}`, so that braces are doubled, and make links of `[text](target)`, so that
    a name that looks like one is pulled apart.
    """
    line = brief(text, LONGEST)
    return {"text": line.replace("](", "] (").replace("{", "{{").replace("}", "}}")}
