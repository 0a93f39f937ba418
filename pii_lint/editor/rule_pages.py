"""Rule pages as files, for an editor to open: they speak of the very version that runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pii_lint.editor.texts import uri_of
from pii_lint.rules import RULES
from pii_lint.rules.pages import page


@cache
def _folder() -> TemporaryDirectory[str]:
    """Gone when the server is."""
    # NOTE: not in the cache, which versions share and which may lie where nobody can write
    return TemporaryDirectory(prefix="pii-lint-rules-")


@cache
def page_uri(code: str) -> str | None:
    """The address of a rule's page; None where there is no such rule, or no room for the page."""
    rule = next((rule for rule in RULES if rule.code == code), None)
    if rule is None:
        return None
    try:
        path = Path(_folder().name) / f"{rule.code}.md"
        path.write_text(page(rule, generated=False), "utf-8")
    except OSError:
        return None
    return uri_of(path)
