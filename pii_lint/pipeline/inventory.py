"""What every column holds."""

from __future__ import annotations

from pii_lint.findings import Listing
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather, inputs, notes
from pii_lint.reports.listing import listing


def inventory(options: Options) -> Listing:
    """List what every column holds, and judge nothing."""
    facts = gather(options)
    return listing(facts, inputs(facts), notes(facts))
