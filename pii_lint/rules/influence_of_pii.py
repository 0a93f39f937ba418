from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pii_lint.findings import Finding, Persona, Severity
from pii_lint.labels import Form, Label
from pii_lint.policy import SAFE
from pii_lint.rules._facts import EXPORT, Cell, Facts
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule

_PROJECTED = frozenset({"condition", "test", "exists", "set"})
"""Clauses whose outcome may stand in a column."""


@rule("PII006", severity=Severity.NOTE, persona=Persona.AUDITOR, since="0.1", upstream=True)
def influence_of_pii(facts: Facts) -> Iterator[Finding]:
    """Personal data decided which rows there are, or which branch was taken.

    **Why.** No value is copied, and yet a table of the people over sixty says something about each
    of them. The policy leaves this alone in most zones; the inventory always lists it. A column
    that answers a yes or no about a restricted value, such as a diagnosis, in a safe mart or an
    export warns everybody, for few questions are needed to have the value.

    **Fix.** Nothing, where the influence is meant. Otherwise filter in staging, by a column that
    isn't personal.

    ### Flagged
    ```yaml
    # pii_lint.yml
    version: 1
    policy: {safe: {signal: note}}
    ```
    ```sql
    -- models/marts/safe/fct_orders.sql
    select customer_id from {{ source('raw', 'customers') }} where email like '%.org'
    ```

    ### Flagged: a yes or no about a restricted value
    ```sql
    -- models/marts/safe/fct_orders.sql
    select customer_id, income > 100000 as is_wealthy from {{ source('raw', 'customers') }}
    ```

    ### Clean: added up over many people
    ```sql
    -- models/marts/safe/fct_orders.sql
    select country, sum(case when income > 100000 then 1 else 0 end) as wealthy
    from {{ source('raw', 'customers') }} group by country
    ```

    ### Clean
    ```yaml
    # pii_lint.yml
    version: 1
    policy: {safe: {signal: note}}
    ```
    ```sql
    -- models/marts/safe/fct_orders.sql
    select customer_id from {{ source('raw', 'customers') }} where country = 'FR'
    ```
    """
    heard = {(cell.judged, cell.holder, cell.column): cell for cell in facts.cells({Form.SIGNAL})}
    for cell in facts.columns():
        known = heard.get((cell.judged, cell.holder, cell.column))
        quiet = [pair for pair in known.labels if not pair[0].equated] if known else []
        telling = {label for label, _ in cell.labels if _tells(facts, cell, label)}
        labels = [pair for pair in quiet if pair[0] not in telling]
        labels += ((label, Severity.WARN) for label in telling)
        if not labels or not (telling or facts.hears("PII006", Persona.AUDITOR)):
            continue
        told = cell_finding(
            facts,
            influence_of_pii,
            cell._replace(labels=tuple(labels)),
            f"{facts.subject(cell)} depends on {_by_clause(label for label, _ in labels)}.",
        )
        yield replace(told, persona=Persona.DEFAULT) if telling else told


def _tells(facts: Facts, cell: Cell, label: Label) -> bool:
    """True for a restricted value's yes or no in a column of what many may read."""
    return (
        label.clause in _PROJECTED
        and not label.equated
        and not cell.rows
        and cell.zone in (SAFE, EXPORT)
        and facts.is_restricted(label)
        and not facts.policy.states(cell.zone, label)
        and not _counted(facts, cell, label)
    )


def _counted(facts: Facts, cell: Cell, label: Label) -> bool:
    """True where many people's yes or no were added up on the way."""
    hops = facts.inventory.path(cell.holder, cell.column, label)
    return any(hop.via is not None and hop.via.op == "fold" for hop in hops)


def _by_clause(labels: Iterable[Label]) -> str:
    clauses: dict[str, set[str]] = {}
    for label in labels:
        clauses.setdefault(label.clause or "condition", set()).add(label.kind)
    return "; ".join(f"{', '.join(sorted(kinds))} ({c})" for c, kinds in sorted(clauses.items()))
