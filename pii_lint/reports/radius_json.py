"""A blast radius for a machine."""

from __future__ import annotations

from pii_lint.reports._counted import counts_of
from pii_lint.reports.json import dump, head
from pii_lint.reports.radius import BlastRadius
from pii_lint.reports.radius_questions import ALL_EXPORTS


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
            "counted": _counted(told),
        }
    )


def _counted(told: BlastRadius) -> dict[str, object] | None:
    if told.counted is None:
        return None
    marts, uses = ({one.node for one in each} for each in (told.marts, told.uses))
    return {
        "marts": [one for one in told.counted if one.node in marts],
        "uses": [one for one in told.counted if one.node in uses],
        "exports": counts_of(told, ALL_EXPORTS),
    }
