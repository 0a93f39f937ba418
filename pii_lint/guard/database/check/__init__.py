"""Whether the guards still stand: the catalogue of a database held against the plan.

It reads the catalogue alone and calls none of the functions, which would run whatever they became.
"""

from __future__ import annotations

from pii_lint.guard.database.check._drift import Drift
from pii_lint.guard.database.check.counters import counters
from pii_lint.guard.database.check.functions import functions
from pii_lint.guard.database.check.grants import grants
from pii_lint.guard.database.check.roles import roles
from pii_lint.guard.database.check.tables import tables
from pii_lint.guard.database.check.triggers import triggers
from pii_lint.guard.database.plan import Plan
from pii_lint.guard.database.session import Connection

__all__ = ["Drift", "drifts"]

_PARTS = (functions, triggers, tables, counters, grants, roles)


def drifts(plan: Plan, connection: Connection) -> tuple[Drift, ...]:
    """All that isn't as planned."""
    return tuple(drift for part in _PARTS for drift in part(plan, connection))
