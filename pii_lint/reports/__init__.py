"""One module a format; each renders a value to a string and prints nothing."""

from __future__ import annotations

from collections.abc import Callable

from pii_lint.findings import Listing, Report
from pii_lint.reports import json, text
from pii_lint.reports._plain import plain

FORMATS: dict[str, Callable[[Report], str]] = {"text": text.check, "json": json.check}
INVENTORY_FORMATS: dict[str, Callable[[Listing], str]] = {
    "text": text.inventory,
    "json": json.inventory,
}

__all__ = ["FORMATS", "INVENTORY_FORMATS", "plain", "text"]
