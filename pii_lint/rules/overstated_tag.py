from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pii_lint.artifacts.model import Column, Node
from pii_lint.findings import Finding, Severity
from pii_lint.labels import SECRET, VALUE_FORMS, Form
from pii_lint.propagation.declared import FORMS, columns_of, is_tagged
from pii_lint.propagation.inventory import RelationFacts
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._rule import rule


class Overstated(NamedTuple):
    """A column that is declared as something that it doesn't hold."""

    node: Node
    column: Column
    says: str
    form: Form | None
    # the one that it has; None where there is nothing personal in it
    by_policy: bool
    # declared in the policy file, not in YAML


@rule("TAG003", severity=Severity.WARN, since="0.1", upstream=True)
def overstated_tag(facts: Facts) -> Iterator[Finding]:
    """A column is tagged and provably clean, or declared in a better form than it has.

    **Why.** A tag on what holds nothing draws eyes away from what does. And a column that says
    `pii_form: pseudonym` while it holds the value itself is trusted for a mask that isn't there.

    **Fix.** Take the tag away, correct `meta.pii_form`, or mask the column.

    ### Flagged: nothing personal arrives
    ```sql
    -- models/marts/restricted/mart_reach.sql
    select country, count(*) as customers from {{ source('raw', 'customers') }} group by country
    ```
    ```yaml
    # models/marts/restricted/mart_reach.yml
    models:
      - name: mart_reach
        columns: [{name: customers, tags: [pii]}]
    ```

    ### Flagged: a better form than it has
    ```sql
    -- models/marts/restricted/mart_reach.sql
    select customer_id, md5(email) as email_key from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/marts/restricted/mart_reach.yml
    models:
      - name: mart_reach
        columns: [{name: email_key, tags: [pii], meta: {pii_type: email, pii_form: pseudonym}}]
    ```

    ### Clean
    ```sql
    -- models/marts/restricted/mart_reach.sql
    select customer_id, {{ hash_pii('email') }} as email_key from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/marts/restricted/mart_reach.yml
    models:
      - name: mart_reach
        columns: [{name: email_key, tags: [pii], meta: {pii_type: email, pii_form: pseudonym}}]
    ```
    """
    for found in overstated(facts):
        yield finding(
            facts,
            overstated_tag,
            found.node.unique_id,
            found.column.name,
            f"Column `{found.column.name}` of the {facts.sort_of(found.node.unique_id)} "
            f"`{found.node.name}` {found.says}.",
            location=facts.places.properties(found.node.unique_id, found.column.name),
        )


def overstated(facts: Facts) -> Iterator[Overstated]:
    """Every column that is declared as something that it doesn't hold."""
    for node, relation in facts.relations():
        if node.resource_type in ("source", "seed"):
            # their labels are what YAML says, so there is nothing to hold it against
            continue
        for key, column in columns_of(node, facts.config).items():
            wrong = _wrong(facts, node, relation, key, column)
            if wrong:
                by_policy = column.name in facts.config.labels.get(node.unique_id, {})
                yield Overstated(node, column, *wrong, by_policy)


def _wrong(
    facts: Facts, node: Node, relation: RelationFacts, key: str, column: Column
) -> tuple[str, Form | None] | None:
    spec = facts.config.labels.get(node.unique_id, {}).get(column.name)
    if spec is None and not is_tagged(column):
        return None
    known = relation.columns.get(key) or relation.columns.get(WHOLE)
    if known is None and key.partition(".")[0] in relation.columns:
        # a field of a struct, which YAML names by its path
        return None
    if known is None:
        return ("is tagged and isn't among its columns", None) if relation.complete else None
    held = [label for label in known.labels if label.kind != SECRET]
    if any(label.form == Form.UNKNOWN for label in held):
        return None
    values = [label for label in held if label.form in VALUE_FORMS]
    if not values:
        # an open tail may hold it unseen
        says = "is tagged and provably holds no personal value"
        return (says, None) if key in relation.columns else None
    told = FORMS.get((spec.form if spec else str(column.meta.get("pii_form", "")).lower()) or "")
    worst = min(values, key=lambda label: label.form)
    if told is None or told <= worst.form:
        return None
    says = f"is declared as {told.word} and holds {worst.kind} ({worst.form.word})"
    return says, worst.form
