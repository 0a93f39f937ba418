"""The formats of a blast radius."""

from __future__ import annotations

from collections.abc import Callable

from pii_lint.reports.radius import BlastRadius
from pii_lint.reports.radius_json import json
from pii_lint.reports.radius_markdown import markdown
from pii_lint.reports.radius_text import text

RADIUS_FORMATS: dict[str, Callable[[BlastRadius], str]] = {
    "text": text,
    "json": json,
    "markdown": markdown,
}
