from __future__ import annotations

from collections.abc import Iterator

from pii_lint.artifacts.model import Node
from pii_lint.findings import Finding, Severity
from pii_lint.labels import SECRET, Form, Label
from pii_lint.policy import SAFE
from pii_lint.propagation.inventory import RelationFacts
from pii_lint.rules._approvals import listed
from pii_lint.rules._facts import Facts, holdings
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._rule import rule

_EVERYBODY = frozenset({"public", "allusers", "allauthenticatedusers", "account users"})


@rule("ACC001", since="0.1")
def uncleared_role(facts: Facts) -> Iterator[Finding]:
    """A role may read personal data that the policy doesn't clear it for.

    **Why.** A zone says who should read a relation; dbt's `grants` decide who does. A grant that
    goes further opens the restricted mart to whoever has the role.

    **Fix.** Take the role out of `grants`, or clear it under `roles` in `pii_lint.yml`.

    ### Flagged
    ```yaml
    # pii_lint.yml
    version: 1
    roles: {confidential: [support]}
    ```
    ```sql
    -- models/marts/restricted/mart_contact.sql
    select customer_id, email from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/marts/restricted/mart_contact.yml
    models:
      - name: mart_contact
        config: {grants: {select: [support, analyst]}}
    ```

    ### Flagged: everybody
    ```sql
    -- models/marts/restricted/mart_contact.sql
    select customer_id, email from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/marts/restricted/mart_contact.yml
    models:
      - name: mart_contact
        config: {grants: {select: [public]}}
    ```

    ### Clean
    ```yaml
    # pii_lint.yml
    version: 1
    roles: {confidential: [support]}
    ```
    ```sql
    -- models/marts/restricted/mart_contact.sql
    select customer_id, email from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/marts/restricted/mart_contact.yml
    models:
      - name: mart_contact
        config: {grants: {select: [support], insert: [loader]}}
    ```
    """
    for node, relation in facts.relations():
        held = set(_guarded(facts, node, relation)) if node.readers else set()
        for role in node.readers:
            seen = {x for x in held if not _cleared(facts, role, x)}
            if seen:
                yield finding(
                    facts,
                    uncleared_role,
                    node.unique_id,
                    WHOLE,
                    f"The {facts.sort_of(node.unique_id)} `{node.name}` may be read by "
                    f"{listed([role])}, and the policy doesn't clear that for {holdings(seen)}.",
                    item=role.lower(),
                )


def _guarded(facts: Facts, node: Node, relation: RelationFacts) -> Iterator[Label]:
    """The labels that not everybody may read, unless that is an error by itself already."""
    zone = facts.zone_of(node.unique_id)
    for key, column in relation.columns.items():
        for label in column.labels:
            if (
                label.kind != SECRET
                and label.form != Form.SIGNAL
                and facts.policy.severity(SAFE, label) == Severity.ERROR
                and facts.policy.severity(zone, label) != Severity.ERROR
                and not facts.declassified(node.unique_id, key, label)
            ):
                yield label


def _cleared(facts: Facts, role: str, label: Label) -> bool:
    if not facts.config.roles:
        # a policy that names no roles says nothing of any, but everybody is nobody's role
        return role.lower() not in _EVERYBODY
    return facts.policy.clears(role, facts.policy.classification(label))
