from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding
from pii_lint.labels import SECRET, Form
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule


@rule("SEC003", since="0.1")
def secret_in_model(facts: Facts) -> Iterator[Finding]:
    """A salt or key stands in a model's output.

    **Why.** Whoever reads the model has the key to every pseudonym. A digest uses a secret up;
    anything else carries it on.

    **Fix.** Read the secret inside the digest only, as `hash_pii` does, and replace the salt that
    was exposed.

    ### Flagged
    ```sql
    -- models/staging/stg_settings.sql
    select salt from {{ source('secrets', 'pii_salt') }}
    ```

    ### Clean
    ```sql
    -- models/staging/stg_customers.sql
    select customer_id, {{ hash_pii('email') }} as email_hash from {{ source('raw', 'customers') }}
    ```
    """
    for node, _ in facts.relations():
        for key, column in facts.labelled(node.unique_id).items():
            carried = tuple(
                (label, secret_in_model.severity)
                for label, via in column.labels.items()
                if label.kind == SECRET and via is not None and label.form != Form.SIGNAL
            )
            if carried:
                cell = facts.cell(node.unique_id, key, carried)
                yield cell_finding(
                    facts, secret_in_model, cell, f"{facts.subject(cell)} holds a secret."
                )
