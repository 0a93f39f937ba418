"""Short phrases that several formats share."""

from __future__ import annotations

from pii_lint.findings import Approval, Flow, Location, Suppression
from pii_lint.reports._plain import plain

_RELATIONS = {"source", "seed", "model", "snapshot"}


def short_name(unique_id: str) -> str:
    """A node as people call it: `raw.raw_user`, `stg_users`, `exposure vendor_mailchimp`."""
    kind, _, rest = unique_id.partition(".")
    name = rest.partition(".")[2] or rest or unique_id
    return name if kind in _RELATIONS else f"{kind.replace('_', ' ')} {name}"


def many(count: int, word: str) -> str:
    """`1 model`, `2 models`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def place(location: Location | None) -> str:
    """File, line and column."""
    if location is None:
        return "(no file)"
    return f"{plain(location.file)}:{location.line}:{location.col}"


def form_of(form: str, clause: str | None) -> str:
    """A form; of a signal, with its clause."""
    return form + (f" ({clause})" if clause else "")


def head(flow: Flow) -> str:
    """What flows, and from where."""
    return f"{plain(flow.kind)}, {form_of(flow.form, flow.clause)}, from {plain(flow.origin)}"


def answer(why: Suppression) -> str:
    """Why a finding doesn't count, who says so, until when."""
    by = f", by {why.by}" if why.by else ""
    until = f", until {why.until}" if why.until else ""
    return plain(f"{why.reason}{by}{until}")


def signed(word: Approval) -> str:
    """Who signed for what, and whether that covers what goes there."""
    what = f"{', '.join(word.kinds) or 'no kind'} as {', '.join(word.forms) or 'no form'}"
    by = f"{word.approved_by or 'nobody'} on {word.approved_on or 'no day'}"
    holds = "; ".join(word.gaps)
    held = f", but {holds}" if holds else ""
    return plain(f"{what}, signed by {by}, until {word.until or 'no day'}{held}")
