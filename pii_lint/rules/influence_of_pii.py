from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding, Persona, Severity
from pii_lint.labels import Form
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule


@rule("PII006", severity=Severity.NOTE, persona=Persona.AUDITOR, since="0.1")
def influence_of_pii(facts: Facts) -> Iterator[Finding]:
    """Personal data decided which rows there are, or which branch was taken.

    **Why.** No value is copied, and yet a table of the people over sixty says something about each
    of them. The policy leaves this alone in most zones; the inventory always lists it.

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
    for cell in facts.cells({Form.SIGNAL}):
        quiet = tuple(pair for pair in cell.labels if not pair[0].equated)
        if not quiet:
            continue
        clauses = ", ".join(sorted({label.clause or "condition" for label, _ in quiet}))
        kinds = ", ".join(sorted({label.kind for label, _ in quiet}))
        yield cell_finding(
            facts,
            influence_of_pii,
            cell._replace(labels=quiet),
            f"{facts.subject(cell)} depends on {kinds} ({clauses}).",
        )
