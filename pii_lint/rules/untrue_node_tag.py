from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from pii_lint.artifacts.model import Node
from pii_lint.findings import Finding, Severity
from pii_lint.labels import READABLE, VALUE_FORMS, Form
from pii_lint.propagation.inventory import RelationFacts
from pii_lint.rules._facts import Facts, columns_with
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._rule import rule

TAG = "pii"

Slip = Literal["missing", "denied", "stale", "overstated"]


class Untrue(NamedTuple):
    """A relation whose YAML, as a whole, says something else than it holds."""

    node: Node
    slip: Slip
    says: str


@rule("TAG004", since="0.1", upstream=True)
def untrue_node_tag(facts: Facts) -> Iterator[Finding]:
    """The node tag `pii` is missing, or stands where nothing readable is.

    **Why.** `dbt ls --select tag:pii` and the docs site's filter see the tags of nodes, not of
    columns. Auditors look there, so the tag has to be on every source table, seed, snapshot and
    model that holds readable personal data, and on no other.

    **Fix.** Set `config: {tags: [pii]}` on the table or model, or take it away; `meta.contains_pii`
    has to agree.

    ### Flagged: missing
    ```sql
    -- models/marts/restricted/mart_contact.sql
    select customer_id, email from {{ source('raw', 'customers') }}
    ```

    ### Flagged: untrue
    ```sql
    -- models/staging/stg_customers.sql
    {{ config(tags=['pii']) }}
    select customer_id, country from {{ source('raw', 'customers') }}
    ```

    ### Clean
    ```sql
    -- models/marts/restricted/mart_contact.sql
    {{ config(tags=['pii']) }}
    select customer_id, email from {{ source('raw', 'customers') }}
    ```
    """
    for node, _, says in untrue(facts):
        yield finding(
            facts,
            untrue_node_tag,
            node.unique_id,
            WHOLE,
            f"The {node.resource_type} `{facts.called(node.unique_id)}` {says}.",
            location=facts.places.properties(node.unique_id),
        )


def untrue(facts: Facts) -> Iterator[Untrue]:
    """Every relation whose YAML, as a whole, says something else than it holds."""
    for node, relation in facts.relations():
        wrong = None if facts.is_secret(node.unique_id) else _wrong(facts, node, relation)
        if wrong:
            yield Untrue(node, *wrong)


def _wrong(facts: Facts, node: Node, relation: RelationFacts) -> tuple[Slip, str] | None:
    readable = [
        column.name
        for key, column in facts.labelled(node.unique_id).items()
        if any(
            label.form in READABLE and not facts.declassified(node.unique_id, key, label)
            for label in column.labels
        )
    ]
    stated = node.meta.get("contains_pii")
    tagged = TAG in node.tags
    if readable and (not tagged or stated is False):
        if _leaks(facts, node, relation) or _named_by_policy(facts, node, readable):
            # in a safe mart the readable column is the error, and a tag would only bless it;
            # where the policy file names the columns, nobody can edit the table's YAML
            return None
        says = "says `contains_pii: false`" if stated is False else f"lacks the node tag `{TAG}`"
        slip: Slip = "denied" if stated is False else "missing"
        return slip, f"holds readable personal data ({_few(readable)}) and {says}"
    if readable or not relation.complete or columns_with(relation, {Form.UNKNOWN}):
        # what can't be seen through may be just what the tag speaks of
        return None
    if tagged:
        return "stale", f"has the node tag `{TAG}` and holds no readable personal data"
    if stated is True and not columns_with(relation, VALUE_FORMS):
        return "overstated", "says `contains_pii: true` and holds no personal data"
    return None


def _leaks(facts: Facts, node: Node, relation: RelationFacts) -> bool:
    zone = facts.zone_of(node.unique_id)
    return zone == "safe" and any(
        facts.policy.severity(zone, label) != Severity.OFF
        for column in columns_with(relation, READABLE)
        for label in column.labels
        if label.form in READABLE
    )


def _named_by_policy(facts: Facts, node: Node, columns: list[str]) -> bool:
    named = {name.lower() for name in facts.config.labels.get(node.unique_id, ())}
    return named.issuperset(name.lower() for name in columns)


def _few(names: list[str]) -> str:
    more = len(names) - 3
    return ", ".join(f"`{name}`" for name in names[:3]) + (f" and {more} more" if more > 0 else "")
