"""Everything that the page shows, looked up."""

from __future__ import annotations

from pii_lint.findings import Listing, Report
from pii_lint.propagation.reach import Inflows
from pii_lint.reports.basis import met
from pii_lint.reports.page.leaves import leaves
from pii_lint.reports.page.lineage import nodes
from pii_lint.reports.page.told import Page
from pii_lint.reports.page.uses import uses
from pii_lint.rules import Facts


def page(facts: Facts, inflows: Inflows, report: Report, listing: Listing) -> Page:
    """A project with its verdict; `inflows` says what each column is made of."""
    exposed = list(uses(facts))
    return Page(
        project=facts.projects[0].name,
        report=report,
        nodes=(*nodes(facts, inflows, listing), *(node for node, _ in exposed)),
        uses=tuple(use for _, use in exposed),
        leaves=tuple(leaves(facts, report.findings)),
        masked=tuple(facts.places.excerpt(uid, mask.span) for uid, mask in met(facts)),
        sightings=facts.sightings,
    )
