from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._rule import rule


@rule("SEC001", since="0.1")
def literal_salt(facts: Facts) -> Iterator[Finding]:
    """A salt or key stands in the SQL as a literal.

    **Why.** It is in the repository, in `manifest.json`, in compiled and logged SQL and in the docs
    site, so everybody who reads the pseudonyms has the key to them. A variable or an environment
    variable ends up in the same places.

    **Fix.** Let `hash_pii` read the salt from its table, and replace the salt that was exposed.

    ### Flagged
    ```sql
    -- models/staging/stg_customers.sql
    select customer_id, sha256(email || 'a-salt-in-code') as email_hash
    from {{ source('raw', 'customers') }}
    ```

    ### Clean
    ```sql
    -- models/staging/stg_customers.sql
    select customer_id, {{ hash_pii('email') }} as email_hash from {{ source('raw', 'customers') }}
    ```
    """
    for node, relation in facts.relations():
        seen: set[str] = set()
        for mask in relation.masks:
            column = mask.column.lower()
            if not mask.literal or mask.secrets or not mask.inputs or column in seen:
                continue
            seen.add(column)
            known = relation.columns.get(column)
            name = known.name if known else mask.column
            yield finding(
                facts,
                literal_salt,
                node.unique_id,
                name,
                f"`{mask.function}` of column `{name}` of `{node.name}` has a literal as its key.",
                location=facts.places.span(node.unique_id, mask.span),
                suppressed=facts.literal_keys(),
            )
