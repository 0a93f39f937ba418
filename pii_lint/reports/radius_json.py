"""A blast radius for a machine."""

from __future__ import annotations

from pii_lint.reports.json import dump, head
from pii_lint.reports.radius import BlastRadius


def json(told: BlastRadius) -> str:
    """All of it; the shapes stand in `schema/blast-radius.schema.json` and only grow."""
    return dump(
        head(told.manifests)
        | {
            "asked": told.asked,
            "relations": told.relations,
            "uses": told.uses,
            "past_dbt": told.past_dbt,
            "unseen": told.unseen,
            "notes": told.notes,
        }
    )
