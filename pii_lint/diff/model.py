"""What a comparison says. Frozen, value-free, ready for any renderer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pii_lint.findings import Location, ManifestInput, Severity, Suppression


class Change(StrEnum):
    """What became of a flow, worst first."""

    HIDDEN = "hidden"
    # it is still there, and the gate doesn't say so as it did
    NEW = "new"
    WEAKENED = "weakened"
    # more of the value is left than was
    STRENGTHENED = "strengthened"
    FIXED = "fixed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class GateChange:
    """One thing that the gate stands on: a tag, a zone, a cell, a suppression, a branch."""

    sort: str
    subject: str
    was: str
    now: str
    weakens: bool


@dataclass(frozen=True, slots=True)
class FlowChange:
    """One origin at one column; or, without an origin, one finding that is about no flow."""

    change: Change
    codes: tuple[str, ...]
    severity: Severity
    # as the head's policy says; `off` where it says nothing
    severity_was: Severity | None
    # as the base's policy says
    node: str
    column: str
    origin: str | None
    kind: str | None
    was: str | None
    # the worst form; None where nothing was found
    now: str | None
    location: Location | None
    suppressed: Suppression | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything `diff` has to say."""

    base: ManifestInput
    head: ManifestInput
    gate: tuple[GateChange, ...]
    flows: tuple[FlowChange, ...]
    notes: tuple[str, ...]
    weakened: bool
    failed: bool

    def those(self, change: Change) -> tuple[FlowChange, ...]:
        """The flows of which this became."""
        return tuple(flow for flow in self.flows if flow.change is change)
