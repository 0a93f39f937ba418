"""Facts that a run reports. Frozen, value-free, ready for any renderer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Severity(StrEnum):
    """How bad, worst first; `off` never becomes a finding."""

    ERROR = "error"
    WARN = "warn"
    NOTE = "note"
    OFF = "off"

    def at_least(self, other: Severity) -> bool:
        """True where this severity is as bad as `other`, or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


class Confidence(StrEnum):
    """How sure."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Persona(StrEnum):
    """For whom."""

    DEFAULT = "default"
    PEDANTIC = "pedantic"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A span in a file of the project; lines and columns count from 1, the end is exclusive."""

    file: str
    line: int = 1
    col: int = 1
    end_line: int = 1
    end_col: int = 1
    exact: bool = False
    # exact: the span is proven, not merely the nearest place
    kind: Literal["template", "compiled", "yaml", "data"] = "template"
    # data: what stands there is never shown
    near: Location | None = field(default=None, compare=False)
    # of a compiled span: the nearest place in a file that the repository holds


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a snippet, in three pieces; literals are `?`, comments are gone."""

    number: int
    before: str
    marked: str
    # what the finding is about
    after: str


@dataclass(frozen=True, slots=True)
class Step:
    """One hop of a flow: the column a label stands on, and how it came there."""

    node: str
    column: str
    op: str
    form: str
    expression: str
    # literals print as `?`, comments are gone
    location: Location | None


@dataclass(frozen=True, slots=True)
class Flow:
    """One label on its way from the origin (first step) to the finding's column (last step)."""

    id: str
    origin: str
    kind: str
    form: str
    clause: str | None
    equated: bool
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why a finding doesn't count."""

    reason: str
    by: str | None = None
    until: str | None = None
    source: Literal["declared", "inline", "policy", "baseline", "since"] = "declared"
    # where somebody said so: beside the column, in the SQL, in the policy file; or it was known


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict on one column (or `*`, the whole relation) under one rule."""

    id: str
    code: str
    rule: str
    severity: Severity
    confidence: Confidence
    persona: Persona
    message: str
    node: str
    column: str
    zone: str | None
    location: Location | None
    flows: tuple[Flow, ...] = ()
    suppressed: Suppression | None = None
    fix: str = ""
    help_url: str = ""
    snippet: tuple[Line, ...] = ()
    # the expression in its file; empty where its place isn't known


@dataclass(frozen=True, slots=True)
class Mask:
    """One digest or cipher seen in compiled SQL, and whether a secret keys it."""

    node: str
    column: str
    function: str
    verdict: Literal["keyed", "unkeyed", "literal"]
    # literal: the only thing mixed in is a literal of 8 or more characters
    inputs: tuple[str, ...]
    # origins of personal labels that enter it
    secrets: tuple[str, ...]
    location: Location | None


@dataclass(frozen=True, slots=True)
class Blind:
    """A place where sight was lost."""

    node: str
    reason: str
    location: Location | None


@dataclass(frozen=True, slots=True)
class Branch:
    """A model whose SQL depends on `is_incremental()`, and which of its branches were read."""

    node: str
    seen: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the verdict stands on: the trust base of the report."""

    models: int = 0
    columns: int = 0
    columns_resolved: int = 0
    sources_tagged: int = 0
    sources_clean: int = 0
    sources_unreviewed: int = 0
    unknown: tuple[Blind, ...] = ()
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class ManifestInput:
    """One manifest that was read."""

    sha256: str
    dbt_version: str
    adapter_type: str
    target: str | None
    freshness: Literal["fresh", "stale", "unchecked"]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything `check` has to say."""

    manifests: tuple[ManifestInput, ...]
    findings: tuple[Finding, ...]
    masks: tuple[Mask, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    notes: tuple[str, ...] = ()
    # sentences about the run itself, e.g. that freshness could not be checked
    failed: bool = False
    # something not suppressed is as bad as `fail_on`, or worse
    folder: str = ""
    # where the project stands below the root of its repository; empty where that is the same


@dataclass(frozen=True, slots=True)
class Arrival:
    """The step by which a label came to stand where it stands."""

    node: str
    column: str
    op: str
    location: Location | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One label on one column, or on the relation."""

    origin: str
    kind: str
    form: str
    clause: str | None
    equated: bool
    via: Arrival
    classification: str | None = None
    # of the kind


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation. `columns` is keyed as the warehouse spells them; `*` is the open tail."""

    zone: str | None
    columns: Mapping[str, tuple[Entry, ...]]
    signals: tuple[Entry, ...]
    owner: str | None = None
    recipients: tuple[str, ...] = ()
    # exposures that take from it


@dataclass(frozen=True, slots=True)
class Approval:
    """Who signed for a use outside the warehouse, for what, until when."""

    approved_by: str | None
    approved_on: str | None
    until: str | None
    kinds: tuple[str, ...]
    forms: tuple[str, ...]
    gaps: tuple[str, ...] = ()
    # why it doesn't allow what the use takes today; empty where it does


@dataclass(frozen=True, slots=True)
class Use:
    """A dashboard, an export or another use outside the warehouse."""

    type: str
    recipient: str
    owner: str | None
    takes: tuple[str, ...]
    # relations
    kinds: tuple[str, ...]
    # of the values that it takes
    sign_off: Approval | None


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything `inventory` has to say."""

    manifests: tuple[ManifestInput, ...]
    relations: Mapping[str, Relation]
    notes: tuple[str, ...] = ()
    uses: Mapping[str, Use] = field(default_factory=dict)
