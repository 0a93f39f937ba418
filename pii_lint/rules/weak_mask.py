from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding, Severity
from pii_lint.labels import Form, Label
from pii_lint.rules._facts import EXPORT, Cell, Facts
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._masks import BESIDE_PLAIN, LITERAL, weakness
from pii_lint.rules._rule import rule

_MASKED = frozenset({Form.WEAK, Form.PSEUDONYM})


@rule("PII002", since="0.1")
def weak_mask(facts: Facts) -> Iterator[Finding]:
    """A mask that is none: anyone can recompute it, or its value stands beside it.

    **Why.** E-mail addresses, phone numbers and birth dates can be guessed in minutes, so a digest
    hides them only while a secret of high entropy enters it. A literal in the SQL is no secret: it
    is in the repository, the manifest and the docs site. And a digest that shares its column with
    the plain value hides nothing at all.

    **Fix.** Mask with `hash_pii`, which reads the salt from its table, and don't fall back to the
    plain value.

    ### Flagged: unkeyed
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, md5(email) as email_hash from {{ source('raw', 'customers') }}
    ```

    ### Flagged: a literal is no key
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, sha256(email || 'a-salt-in-code') as email_hash
    from {{ source('raw', 'customers') }}
    ```

    ### Flagged: beside its plain value
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, coalesce({{ hash_pii('email') }}, email) as email_hash
    from {{ source('raw', 'customers') }}
    ```

    ### Clean
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, {{ hash_pii('email') }} as email_hash from {{ source('raw', 'customers') }}
    ```
    """
    for cell in facts.columns():
        if cell.zone == EXPORT:
            continue
        found = tuple(_weak(facts, cell))
        if not found:
            continue
        kinds = ", ".join(sorted({label.kind for label, _, _ in found}))
        reasons = {why for _, _, why in found}
        yield cell_finding(
            facts,
            weak_mask,
            cell._replace(labels=tuple((label, severity) for label, severity, _ in found)),
            f"{facts.subject(cell)} holds {kinds} under a mask that is none: "
            f"{'; '.join(sorted(reasons))}.",
            suppressed=facts.literal_keys() if reasons == {LITERAL} else None,
        )


def _weak(facts: Facts, cell: Cell) -> Iterator[tuple[Label, Severity, str]]:
    plain = {(label.origin, label.kind) for label, _ in cell.labels if label.form == Form.CLEAR}
    for label, _ in cell.labels:
        if label.form not in _MASKED:
            continue
        beside = (label.origin, label.kind) in plain
        # a digest beside its plain value is no better than a weak one, whatever keys it
        severity = facts.policy.severity(cell.zone, label._replace(form=Form.WEAK))
        if severity == Severity.OFF or not (beside or label.form == Form.WEAK):
            continue
        yield label, severity, BESIDE_PLAIN if beside else weakness(facts, cell, label)
