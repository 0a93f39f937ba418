"""The machine's format, a public interface: its shapes stand in `schema/` and only grow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

from pii_lint import __version__
from pii_lint.findings import Listing, ManifestInput, Report

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SCHEMA_VERSION = 1
_LEFT_OUT = {"near", "snippet", "classification", "id"}
# where they are empty


def check(report: Report) -> str:
    """All findings, suppressed ones and notes included."""
    return dump(
        head(report.manifests)
        | {
            "findings": report.findings,
            "masks": report.masks,
            "coverage": report.coverage,
        }
    )


def inventory(listing: Listing) -> str:
    """Every column, with an empty list of labels where it is clean."""
    return dump(
        head(listing.manifests)
        | {
            "columns": {
                node: {
                    column: {
                        "zone": relation.zone,
                        "labels": entries,
                    }
                    for column, entries in relation.columns.items()
                }
                for node, relation in listing.relations.items()
            },
            "relations": {
                node: {
                    "signals": relation.signals,
                    "owner": relation.owner,
                    "recipients": relation.recipients,
                }
                for node, relation in listing.relations.items()
            },
            "uses": listing.uses,
        }
    )


def head(manifests: tuple[ManifestInput, ...]) -> dict[str, object]:
    """What every document begins with."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "pii-lint", "version": __version__},
        "input": {"manifests": manifests},
    }


def dump(value: Mapping[str, object]) -> str:
    """A document's text."""
    # ASCII only: names come from outside, and a terminal may stand at the other end
    return json.dumps(value, indent=2, ensure_ascii=True, default=_members) + "\n"


def _members(fact: DataclassInstance) -> dict[str, object]:
    members = {member.name: getattr(fact, member.name) for member in fields(fact)}
    return {name: value for name, value in members.items() if value or name not in _LEFT_OUT}
