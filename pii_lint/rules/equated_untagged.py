from __future__ import annotations

from collections.abc import Iterator

from pii_lint.data.registry import ancestors
from pii_lint.findings import Finding, Severity
from pii_lint.labels import VALUE_FORMS, Form
from pii_lint.rules._facts import Cell, Facts
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule


@rule("PII007", severity=Severity.WARN, since="0.1", upstream=True)
def equated_untagged(facts: Facts) -> Iterator[Finding]:
    """A column that was set equal to a tagged one, and isn't tagged itself.

    **Why.** What a join or a filter equates with a person's e-mail address holds the same
    addresses, whatever it is called. The tag was most likely forgotten.

    **Fix.** Tag the column where it comes from, or mask both sides before they are compared.

    ### Flagged
    ```sql
    -- models/marts/safe/fct_logins.sql
    select logins.login from {{ source('raw', 'logins') }} as logins
    join {{ source('raw', 'customers') }} as customers on logins.login = customers.email
    ```

    ### Clean
    ```sql
    -- models/marts/safe/fct_logins.sql
    select logins.login_at from {{ source('raw', 'logins') }} as logins
    join {{ source('raw', 'customers') }} as customers on logins.login = customers.email
    ```
    """
    for cell in facts.cells({Form.SIGNAL}):
        tagged = _tagged(facts, cell)
        equated = tuple(
            pair for pair in cell.labels if pair[0].equated and pair[0].kind not in tagged
        )
        if not equated:
            continue
        origins = ", ".join(sorted({str(label.origin) for label, _ in equated}))
        yield cell_finding(
            facts,
            equated_untagged,
            cell._replace(labels=equated),
            f"{facts.subject(cell)} was set equal to {origins} and isn't tagged itself.",
        )


def _tagged(facts: Facts, cell: Cell) -> frozenset[str]:
    """Kinds that the column holds by a tag of its own, whatever it was set equal to."""
    column = facts.inventory.relations[cell.holder].columns.get(cell.column)
    held = {label.kind for label in column.labels if label.form in VALUE_FORMS} if column else ()
    return frozenset(name for kind in held for name in ancestors(kind))
