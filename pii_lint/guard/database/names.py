"""How the objects in the database are called, and how names and texts are quoted."""

from __future__ import annotations

import hashlib

_LONGEST = 63
"""Bytes of an identifier; PostgreSQL cuts the rest off without a word."""

DETECT = "fn_detect_pii_keys"
LIST = "fn_list_pii_keys"
ENFORCE = "fn_enforce_pii_guardrail"
SCAN = "fn_scan_pii_contamination"
OPEN = "fn_open_pii_scan"
STEP = "fn_step_pii_scan"
BATCHED = "pr_scan_pii_contamination"

FINDINGS = "pii_audit_findings"
RUNS = "pii_audit_scan_runs"
PROGRESS = "pii_audit_scan_progress"
REJECTS = "pii_guardrail_rejects"

NOTICE = "Redacted for security"
"""What stands in every finding instead of a value."""


def quoted(name: str) -> str:
    """An identifier, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text constant; backslashes are plain where standard_conforming_strings is on."""
    return "'" + text.replace("'", "''") + "'"


def dollar_quoted(body: str) -> str:
    """A function's body between marks that it doesn't hold."""
    mark = "pii"
    while f"${mark}$" in body:
        mark += "_"
    return f"${mark}${body}${mark}$"


def bounded(name: str) -> str:
    """A name that PostgreSQL keeps whole; a long one ends in a digest instead of its end."""
    raw = name.encode()
    if len(raw) <= _LONGEST:
        return name
    digest = hashlib.sha256(raw).hexdigest()[:8]
    return f"{raw[: _LONGEST - 9].decode(errors='ignore')}_{digest}"


def trigger(table: str) -> str:
    """The guardrail's trigger on a table."""
    return bounded(f"trg_pii_guardrail_{table}")


def counter(table: str, key: str) -> str:
    """The sequence that counts a table's rejections for a key."""
    return bounded(f"pii_rejects_{table}_{key}")
