"""Names from outside, made fit for Markdown: text in a code span can't link, mention or mark up."""

from __future__ import annotations

from pii_lint.reports._markup import cell

_LONGEST = 200


def code(text: str) -> str:
    """A code span that may stand in a table's cell."""
    return cell(text, _LONGEST)
