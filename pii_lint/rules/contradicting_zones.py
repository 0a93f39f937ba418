from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding, Severity
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._rule import rule


@rule("ACC002", severity=Severity.WARN, since="0.1", upstream=True)
def contradicting_zones(facts: Facts) -> Iterator[Finding]:
    """A model matches two zones at once.

    **Why.** Its folder says one thing, its schema, tag, group or access another. It is judged by
    the strictest of them, but a reader of the policy can't tell who may read it.

    **Fix.** Move the model, or narrow the zones in `pii_lint.yml` until one matches.

    ### Flagged
    ```yaml
    # pii_lint.yml
    version: 1
    zones:
      safe: {paths: [models/marts/safe]}
      restricted: {tags: [hr]}
    ```
    ```sql
    -- models/marts/safe/fct_staff.sql
    {{ config(tags=['hr']) }}
    select country from {{ source('raw', 'customers') }}
    ```

    ### Clean
    ```yaml
    # pii_lint.yml
    version: 1
    zones:
      safe: {paths: [models/marts/safe]}
      restricted: {tags: [hr]}
    ```
    ```sql
    -- models/marts/safe/fct_staff.sql
    select country from {{ source('raw', 'customers') }}
    ```
    """
    for node, _ in facts.relations():
        zones = facts.policy.zone_conflicts(node)
        if zones:
            yield finding(
                facts,
                contradicting_zones,
                node.unique_id,
                WHOLE,
                f"The {node.resource_type} `{node.name}` matches the zones {', '.join(zones)}; it "
                f"is judged as {facts.zone_of(node.unique_id)}.",
            )
