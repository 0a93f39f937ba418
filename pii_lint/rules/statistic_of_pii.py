from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding, Severity
from pii_lint.labels import Form, Label
from pii_lint.rules._facts import Cell, Facts, holdings, worst
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule


@rule("PII005", severity=Severity.NOTE, since="0.1")
def statistic_of_pii(facts: Facts) -> Iterator[Finding]:
    """A number folded from many people's personal values.

    **Why.** An average over many people says little of one; over a group of one it is the value.
    The analysis proves that the group isn't keyed by person, not how many people it holds; so for
    kinds classified as restricted, such as income or health, it is a warning.

    **Fix.** Demand a smallest group (`having count(distinct customer_id) >= 10`) and have the
    column declared away (`meta.pii_declassified`), or drop the number.

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
        # NOTE: a `having count(distinct person) >= k` in the SQL lowers nothing. That the column
        # counted is one a person, and that no later query splits the groups again, isn't proven.
        labels = tuple(
            (label, _severity(facts, cell, label, given)) for label, given in cell.labels
        )
        yield cell_finding(
            facts,
            statistic_of_pii,
            cell._replace(labels=labels),
            f"{facts.subject(cell)} holds a number made of personal values: "
            f"{holdings(label for label, _ in cell.labels)}.",
        )


def _severity(facts: Facts, cell: Cell, label: Label, given: Severity) -> Severity:
    if not facts.is_restricted(label) or facts.policy.states(cell.zone, label):
        return given
    return worst((given, Severity.WARN))
