from __future__ import annotations

from collections.abc import Iterator

from pii_lint.artifacts.model import Node
from pii_lint.findings import Finding, Severity
from pii_lint.propagation.inventory import RelationFacts
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._reading import inlined, within
from pii_lint.rules._rule import rule


@rule("SRC001", severity=Severity.WARN, since="0.1")
def hard_coded_relation(facts: Facts) -> Iterator[Finding]:
    """A model names a relation of the project by hand instead of by `ref` or `source`.

    **Why.** dbt doesn't see the edge: it isn't in the documentation's graph, not in `tag:pii+`, and
    the model may be built before what it reads. The gate follows it all the same, but people who
    look for whoever reads personal data won't find it.

    **Fix.** Write `{{ ref('...') }}` or `{{ source('...', '...') }}`.

    ### Flagged
    ```sql
    -- models/staging/stg_customers.sql
    select customer_id, country from shop.raw.customers
    ```

    ### Clean
    ```sql
    -- models/staging/stg_customers.sql
    select customer_id, country from {{ source('raw', 'customers') }}
    ```
    """
    for node, relation in facts.relations():
        if node.resource_type not in ("model", "snapshot"):
            continue
        for uid in sorted(_hidden(facts, node, relation)):
            read = facts.nodes[uid]
            yield finding(
                facts,
                hard_coded_relation,
                node.unique_id,
                WHOLE,
                f"The {facts.sort_of(node.unique_id)} `{node.name}` reads `{facts.called(uid)}` by "
                "name, so dbt doesn't know that it does.",
                location=facts.places.mention(node.unique_id, read.alias or read.name),
                item=facts.called(uid),
            )


def _hidden(facts: Facts, node: Node, relation: RelationFacts) -> Iterator[str]:
    """What the SQL reads and dbt doesn't know of."""
    versions = [p.nodes[node.unique_id] for p in facts.projects if node.unique_id in p.nodes]
    declared = {uid for version in versions for uid in version.depends_on}
    # a seed may stand in for a source under its very name
    names = {_name(facts.nodes[uid]) for uid in declared if uid in facts.nodes} - {None}
    ephemeral = inlined(facts, node)
    for uid in relation.reads:
        if uid in declared or uid == node.unique_id or uid in relation.hooked:
            continue
        other = facts.nodes.get(uid)
        if other is None or _name(other) in (*names, _name(node)):
            continue
        if not within(facts, ephemeral, uid):
            yield uid


def _name(node: Node) -> str | None:
    return node.relation_name.lower() if node.relation_name else None
