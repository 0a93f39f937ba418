from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding, Severity
from pii_lint.labels import Form
from pii_lint.rules._facts import EXPORT, Facts
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule


@rule("PII008", severity=Severity.NOTE, since="0.1", upstream=True)
def pseudonym_in_safe_model(facts: Facts) -> Iterator[Finding]:
    """A pseudonym stands in a safe model.

    **Why.** A digest under a secret is the right mask for what must stay joinable, and it is still
    personal data in law: whoever holds the salt can test a guess, and equal people stay equal.

    **Fix.** Nothing, where the column is needed. Drop it where nobody joins or counts by it.

    ### Flagged
    ```sql
    -- models/marts/safe/fct_reach.sql
    select {{ hash_pii('email') }} as email_hash from {{ source('raw', 'customers') }}
    ```

    ### Clean
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id from {{ source('raw', 'customers') }}
    ```
    """
    for cell in facts.cells({Form.PSEUDONYM}):
        if cell.zone == EXPORT:
            continue
        kinds = ", ".join(sorted({label.kind for label, _ in cell.labels}))
        yield cell_finding(
            facts,
            pseudonym_in_safe_model,
            cell,
            f"{facts.subject(cell)} holds a pseudonym of {kinds}.",
        )
