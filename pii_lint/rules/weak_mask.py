from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from pii_lint.findings import Confidence, Finding, Severity
from pii_lint.labels import Form, Label, Origin
from pii_lint.rules._facts import EXPORT, Cell, Facts
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._masks import (
    FEW_VALUES,
    LITERAL,
    UNMASKED,
    broken_promise,
    few_values,
    half_masked,
    weakness,
)
from pii_lint.rules._rule import rule

_MASKED = frozenset({Form.WEAK, Form.PSEUDONYM})
_GUESSED = frozenset({FEW_VALUES, UNMASKED})
"""Reasons that rest on a name or on what is likely."""


@rule("PII002", since="0.1", upstream=True)
def weak_mask(facts: Facts) -> Iterator[Finding]:
    """A mask that is none: anyone can recompute it, or its value stands beside it.

    **Why.** E-mail addresses, phone numbers and birth dates can be guessed in minutes, so a digest
    hides them only while a secret of high entropy enters it. A literal in the SQL is no secret: it
    is in the repository, the manifest and the docs site. A digest that shares its column with the
    plain value hides nothing, an encoding is turned back by its inverse, and of a kind with few
    values, such as first names, even a keyed digest is told by how often it stands there.

    **Fix.** Mask with `hash_pii`, which reads the salt from its table, don't fall back to the plain
    value, and drop what has few values.

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

    ### Flagged: a salt that never enters
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, md5(coalesce(email, (select salt from {{ source('secrets', 'pii_salt') }})))
        as email_hash
    from {{ source('raw', 'customers') }}
    ```

    ### Flagged: beside its plain value
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, {{ hash_pii('email') }} || email as email_hash
    from {{ source('raw', 'customers') }}
    ```

    ### Flagged: in one branch only
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, coalesce({{ hash_pii('email') }}, email) as email_hash
    from {{ source('raw', 'customers') }}
    ```

    ### Flagged: an encoding is no mask
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, to_base64(encode(email)) as email_masked
    from {{ source('raw', 'customers') }}
    ```

    ### Flagged: few values are likely
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, {{ hash_pii('income') }} as income_hash
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
        told = cell_finding(
            facts,
            weak_mask,
            cell._replace(labels=tuple((label, severity) for label, severity, _ in found)),
            f"{facts.subject(cell)} holds {kinds} under a mask that is none: "
            f"{'; '.join(sorted(reasons))}.",
            suppressed=facts.literal_keys() if reasons == {LITERAL} else None,
        )
        yield replace(told, confidence=Confidence.MEDIUM) if reasons <= _GUESSED else told


def _weak(facts: Facts, cell: Cell) -> Iterator[tuple[Label, Severity, str]]:
    plain = {
        (label.origin, label.kind): label for label, _ in cell.labels if label.form == Form.CLEAR
    }
    masked = {(label.origin, label.kind) for label, _ in cell.labels if label.form in _MASKED}
    for label, _ in cell.labels:
        # whatever it is, it is no better than a weak digest
        severity = facts.policy.severity(cell.zone, label._replace(form=Form.WEAK))
        why = _why(facts, cell, label, plain, masked)
        if severity == Severity.OFF or why is None:
            continue
        if why == FEW_VALUES and severity == Severity.ERROR:
            # a key was mixed in, after all: whoever can't count rows learns nothing
            severity = Severity.WARN
        yield label, severity, why


def _why(
    facts: Facts,
    cell: Cell,
    label: Label,
    plain: Mapping[tuple[Origin, str], Label],
    masked: Collection[tuple[Origin, str]],
) -> str | None:
    value = (label.origin, label.kind)
    if label.form in _MASKED and value in plain:
        return half_masked(facts, cell, plain[value])
    if label.form == Form.WEAK:
        return weakness(facts, cell, label)
    if label.form == Form.PSEUDONYM:
        return FEW_VALUES if few_values(facts, cell, label) else None
    if label.form == Form.CLEAR and value not in masked:
        return broken_promise(facts, cell, label)
    return None
