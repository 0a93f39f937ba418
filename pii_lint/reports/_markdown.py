"""Names from outside, made fit for Markdown: text in a code span can't link, mention or mark up."""

from __future__ import annotations

import re

from pii_lint.reports._plain import plain

_LONGEST = 200


def code(text: str) -> str:
    """A code span that may stand in a table's cell."""
    shown = plain(text)
    shown = shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
    shown = shown.replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if "`" in shown or not shown.strip() else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
