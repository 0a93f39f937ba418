"""What screening says: accepted, stripped or rejected, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from pii_lint.data.payloads import dead_letters

UNREADABLE = "UNREADABLE_PAYLOAD"
"""The code of an event that nobody could look into."""
_NAMED = 20
# Of the findings that a record names; whoever mends a sender needs no more.


class Finding(NamedTuple):
    """Where something personal stood: a JSON path and the shape's or key's name, never a value."""

    field: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Nothing personal was found."""

    payload: object


@dataclass(frozen=True, slots=True)
class Stripped:
    """Listed keys were removed; the rest is clean."""

    payload: object
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """The event may not come to rest; `payload` is what may be kept of it."""

    payload: object
    findings: tuple[Finding, ...]
    code: str

    def record(self) -> dict[str, object]:
        """The row for `dead_events`."""
        first, *others = self.findings
        detail: dict[str, object] = first._asdict()
        if others:
            detail["also"] = [each._asdict() for each in others[:_NAMED]]
        if len(others) > _NAMED:
            detail["more"] = len(others) - _NAMED
        return {"error_code": self.code, "error_detail": detail, "raw_payload": self.payload}


Verdict: TypeAlias = Accepted | Stripped | Rejected


def unreadable(reason: str) -> Rejected:
    """The verdict on what nobody could look into: nothing of it is kept."""
    return Rejected({}, (Finding("$", reason),), UNREADABLE)


def refused(payload: object, findings: tuple[Finding, ...]) -> Rejected:
    """The verdict on what holds personal data."""
    return Rejected(payload, findings, dead_letters().error_code)
