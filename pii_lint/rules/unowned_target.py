from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pii_lint.artifacts.model import Node
from pii_lint.findings import Finding, Location, Persona, Severity
from pii_lint.labels import SECRET, VALUE_FORMS, Form
from pii_lint.propagation.inventory import Outlet
from pii_lint.rules._facts import Facts, holdings
from pii_lint.rules._findings import finding
from pii_lint.rules._rule import rule


@rule("SRC002", severity=Severity.WARN, since="0.1")
def unowned_target(facts: Facts) -> Iterator[Finding]:
    """A model, hook or operation writes where dbt makes nothing.

    **Why.** No model stands for what is written there: it belongs to no zone, the gate can't follow
    it on, and nobody deletes it with the person. Where personal values go, that is an error;
    where nothing personal goes, it is a note for the pedantic.

    **Fix.** Make it a model, or leave personal columns out of what the hook writes.

    ### Flagged
    ```sql
    -- models/staging/stg_customers.sql
    {{ config(post_hook="insert into audit.contacts select email from shop.raw.customers") }}
    select customer_id, country from {{ source('raw', 'customers') }}
    ```

    ### Flagged: a file
    ```sql
    -- models/staging/stg_customers.sql
    {{ config(post_hook="copy (select email from shop.raw.customers) to 'contacts.csv'") }}
    select customer_id, country from {{ source('raw', 'customers') }}
    ```

    ### Clean
    ```sql
    -- models/staging/stg_customers.sql
    {{ config(post_hook="analyze shop.main.stg_customers") }}
    select customer_id, country from {{ source('raw', 'customers') }}
    ```
    """
    for outlet in facts.inventory.outlets:
        yield _written(facts, outlet)
    sources = {
        node.relation_name.lower(): node
        for node, _ in facts.relations()
        if node.resource_type == "source" and node.relation_name
    }
    for node, _ in facts.relations():
        over = sources.get((node.relation_name or "").lower())
        if node.resource_type in ("model", "snapshot") and over is not None:
            yield finding(
                facts,
                unowned_target,
                node.unique_id,
                "*",
                f"The {node.resource_type} `{node.name}` writes over the source "
                f"`{facts.called(over.unique_id)}`.",
            )


def _written(facts: Facts, outlet: Outlet) -> Finding:
    node = _author(facts, outlet.by)
    values = [x for x in outlet.labels if x.form in VALUE_FORMS and x.kind != SECRET]
    unseen = outlet.lost or any(label.form == Form.UNKNOWN for label in outlet.labels)
    what = "nothing personal"
    if values:
        what = holdings(values)
    elif unseen:
        what = "what can't be followed"
    where = f"`{outlet.target}`, which dbt doesn't make"
    if outlet.file:
        where = "a file"
    elif not outlet.target:
        where = "a relation that is named only when dbt runs"
    elif outlet.source:
        where = f"the source `{facts.called(outlet.source)}`"
    who = f"A hook of the {node.resource_type}" if node.resource_type != "operation" else "The hook"
    severity = Severity.WARN if unseen else Severity.NOTE
    if any(label.form != Form.PSEUDONYM for label in values):
        severity = Severity.ERROR
    elif values:
        severity = Severity.WARN
    told = finding(
        facts,
        unowned_target,
        outlet.by,
        # one finding a target
        "file" if outlet.file else outlet.target or "open",
        f"{who} `{node.name}` writes {what} into {where}.",
        severity=severity,
        location=facts.places.node(outlet.by) or Location(node.path, kind="yaml"),
    )
    return replace(told, persona=Persona.PEDANTIC) if severity == Severity.NOTE else told


def _author(facts: Facts, uid: str) -> Node:
    """The node whose hook it is, or the operation, which is no relation."""
    return next(project.nodes[uid] for project in facts.projects if uid in project.nodes)
