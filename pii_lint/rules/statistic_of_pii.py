from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding, Severity
from pii_lint.labels import MANY, Form, Label
from pii_lint.rules._facts import Cell, Facts, holdings, worst
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule


@rule("PII005", severity=Severity.NOTE, since="0.1", upstream=True)
def statistic_of_pii(facts: Facts) -> Iterator[Finding]:
    """A number folded from many people's personal values.

    **Why.** An average over many people says little of one; over a group of one it is the value.
    The analysis proves that the group isn't keyed by person, not how many people it holds; so for
    kinds classified as restricted, such as income or health, it is a warning, unless the same
    query demands enough people of each group.

    **Fix.** Add `having count(distinct customer_id) >= 5` to the query that folds, or drop the
    number. How many people are enough and which columns count them says `smallest_group` in the
    policy file. The count must be of the same rows as the fold: written out, joined by `and`, the
    fold of a plain column without a filter. Missing values aren't seen: who has none is counted.

    ### Flagged
    ```sql
    -- models/marts/safe/fct_income.sql
    select country, avg(income) as mean_income
    from {{ source('raw', 'customers') }}
    group by country
    ```

    ### Flagged, as a warning: rows aren't people
    ```sql
    -- models/marts/safe/fct_income.sql
    select country, avg(income) as mean_income
    from {{ source('raw', 'customers') }}
    group by country
    having count(*) >= 5
    ```

    ### Flagged, as a note: each group demands five people
    ```sql
    -- models/marts/safe/fct_income.sql
    select country, avg(income) as mean_income
    from {{ source('raw', 'customers') }}
    group by country
    having count(distinct customer_id) >= 5
    ```
    ```yaml
    # pii_lint.yml
    version: 1
    smallest_group: {columns: [source.shop.raw.customers.customer_id]}
    ```

    ### Clean
    ```sql
    -- models/marts/safe/fct_income.sql
    select country, count(*) as customers from {{ source('raw', 'customers') }} group by country
    ```
    """
    for cell in facts.cells({Form.STATISTIC}):
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
    demanded = label.part == MANY or not facts.is_restricted(label)
    if demanded or facts.policy.states(cell.zone, label):
        return given
    return worst((given, Severity.WARN))
