from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._reading import inlined, within
from pii_lint.rules._rule import rule


@rule("LAY001", since="0.1")
def safe_mart_reads_raw(facts: Facts) -> Iterator[Finding]:
    """A safe model reads raw or restricted data directly.

    **Why.** Safe marts read staging and intermediate models only, where raw data was masked.
    A shortcut to raw is one added column away from a leak, even while it picks clean columns.

    **Fix.** Read the staging model instead, or write one; only restricted marts reach back to raw.

    ### Flagged
    ```sql
    -- models/marts/safe/fct_countries.sql
    select country, count(*) as customers from {{ source('raw', 'customers') }} group by country
    ```

    ### Clean
    ```sql
    -- models/staging/stg_customers.sql
    select customer_id, country from {{ source('raw', 'customers') }}
    ```
    ```sql
    -- models/marts/safe/fct_countries.sql
    select country, count(*) as customers from {{ ref('stg_customers') }} group by country
    ```
    """
    for node, relation in facts.relations():
        if facts.zone_of(node.unique_id) != "safe":
            continue
        ephemeral = inlined(facts, node)
        direct = {uid for uid in relation.reads if not within(facts, ephemeral, uid)}
        known = {uid for uid in node.depends_on if uid in facts.nodes}
        for uid in sorted(direct | known):
            if _off_limits(facts, uid):
                read = f"{facts.zone_of(uid) or 'raw'} `{facts.called(uid)}`"
                yield finding(
                    facts,
                    safe_mart_reads_raw,
                    node.unique_id,
                    WHOLE,
                    f"The safe {node.resource_type} `{node.name}` reads {read} directly.",
                    item=facts.called(uid),
                )


def _off_limits(facts: Facts, uid: str) -> bool:
    node = facts.nodes.get(uid)
    if node is None or facts.is_secret(uid):
        # the salt has to be read where a mask is made
        return False
    return node.resource_type == "source" or facts.zone_of(uid) in {"raw", "restricted"}
