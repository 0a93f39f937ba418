"""What is known today, written down."""

from __future__ import annotations

from pathlib import Path

from pii_lint.baseline import How, Written, written
from pii_lint.findings import Severity
from pii_lint.options import Options
from pii_lint.pipeline.check import findings_of
from pii_lint.pipeline.gathering import gather, refuse_nothing_to_guard


def baseline(options: Options, file: Path, how: How) -> Written:
    """The baseline that a run would know all its findings by, or what is left of the one there."""
    facts = gather(options)
    refuse_nothing_to_guard(facts)
    mildest = max(Severity.WARN, options.fail_on or facts.config.fail_on, key=list(Severity).index)
    return written(findings_of(facts), file, facts.projects[0].name, how, mildest)
