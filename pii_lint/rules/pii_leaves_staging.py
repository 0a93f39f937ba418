from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding
from pii_lint.labels import READABLE
from pii_lint.rules._facts import WORKBENCH, Facts, holdings
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule


@rule("STG002", since="0.1", upstream=True)
def pii_leaves_staging(facts: Facts) -> Iterator[Finding]:
    """Readable personal data leaves staging.

    **Why.** Staging is where raw data is masked. What leaves it readable is one careless `select`
    away from every mart, so a project may forbid it (`policy: {staging: {clear: error}}`).

    **Fix.** Mask the column with `hash_pii`, drop it, or extract only those keys of a JSON column
    that are allowed; restricted marts fetch readable values from raw.

    ### Flagged
    ```yaml
    # pii_lint.yml
    version: 1
    policy: {staging: {clear: error}}
    ```
    ```sql
    -- models/staging/stg_customers.sql
    select customer_id, email from {{ source('raw', 'customers') }}
    ```

    ### Clean
    ```yaml
    # pii_lint.yml
    version: 1
    policy: {staging: {clear: error}}
    ```
    ```sql
    -- models/staging/stg_customers.sql
    select customer_id, {{ hash_pii('email') }} as email_hash from {{ source('raw', 'customers') }}
    ```
    """
    for cell in facts.cells(READABLE):
        if cell.zone in WORKBENCH:
            yield cell_finding(
                facts,
                pii_leaves_staging,
                cell,
                f"{facts.subject(cell)} lets readable personal data out: "
                f"{holdings(label for label, _ in cell.labels)}.",
            )
