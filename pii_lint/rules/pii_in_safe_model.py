from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding
from pii_lint.labels import READABLE
from pii_lint.rules._facts import EXPORT, WORKBENCH, Facts, holdings
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule


@rule("PII001", since="0.1", upstream=True)
def pii_in_safe_model(facts: Facts) -> Iterator[Finding]:
    """Personal data stands readable in a safe model.

    **Why.** Whoever may read the safe schema reads it: dashboards, analysts, every tool with a
    reader's role. The value itself (`clear`) or a proper part of it (`partial`) got there along the
    path that the finding shows. Models outside every zone are judged more mildly, by the policy.

    **Fix.** Drop the column or mask it in staging with `hash_pii`, or move the model to the
    restricted zone.

    ### Flagged
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, lower(email) as contact from {{ source('raw', 'customers') }}
    ```

    ### Flagged: a branch in clear wins
    ```sql
    -- models/staging/stg_customers.sql
    select customer_id, coalesce({{ hash_pii('email') }}, email) as email_hash
    from {{ source('raw', 'customers') }}
    ```
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, email_hash from {{ ref('stg_customers') }}
    ```

    ### Clean
    ```sql
    -- models/staging/stg_customers.sql
    select customer_id, {{ hash_pii('email') }} as email_hash from {{ source('raw', 'customers') }}
    ```
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, email_hash from {{ ref('stg_customers') }}
    ```
    """
    for cell in facts.cells(READABLE):
        if cell.zone == EXPORT or cell.zone in WORKBENCH:
            continue
        yield cell_finding(
            facts,
            pii_in_safe_model,
            cell,
            f"{facts.subject(cell)} holds readable personal data: "
            f"{holdings(label for label, _ in cell.labels)}.",
        )
