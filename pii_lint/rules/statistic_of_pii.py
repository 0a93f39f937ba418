from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding, Severity
from pii_lint.labels import Form
from pii_lint.rules._facts import Facts, holdings
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule


@rule("PII005", severity=Severity.NOTE, since="0.1")
def statistic_of_pii(facts: Facts) -> Iterator[Finding]:
    """A number folded from many people's personal values.

    **Why.** An average over many people says little of one; over a group of one it is the value.
    The analysis proves that the group isn't keyed by person, not how many people it holds.

    **Fix.** Demand a smallest group (`having count(distinct customer_id) >= 10`), or drop the
    number.

    ### Flagged
    ```sql
    -- models/marts/safe/fct_income.sql
    select country, avg(income) as mean_income
    from {{ source('raw', 'customers') }}
    group by country
    ```

    ### Clean
    ```sql
    -- models/marts/safe/fct_income.sql
    select country, count(*) as customers from {{ source('raw', 'customers') }} group by country
    ```
    """
    for cell in facts.cells({Form.STATISTIC}):
        yield cell_finding(
            facts,
            statistic_of_pii,
            cell,
            f"{facts.subject(cell)} holds a number made of personal values: "
            f"{holdings(label for label, _ in cell.labels)}.",
        )
