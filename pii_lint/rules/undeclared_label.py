from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from pii_lint.artifacts.model import Column, Node
from pii_lint.findings import Finding, Persona, Severity
from pii_lint.labels import SECRET, Form, Label
from pii_lint.propagation.declared import is_declared_clean, is_tagged, kind_of
from pii_lint.propagation.inventory import ColumnFacts
from pii_lint.rules._facts import Facts, holdings
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._rule import rule

_TOLD = frozenset({Form.CLEAR, Form.PARTIAL, Form.WEAK})


class Undeclared(NamedTuple):
    """A column whose YAML doesn't say what it holds."""

    node: Node
    column: ColumnFacts
    labels: tuple[Label, ...]
    # those that should be declared
    told: str
    denied: bool


@rule("TAG002", severity=Severity.NOTE, persona=Persona.PEDANTIC, since="0.1", upstream=True)
def undeclared_label(facts: Facts) -> Iterator[Finding]:
    """A column holds personal data that its YAML doesn't declare, or denies.

    **Why.** Masking policies, catalogues and people read the YAML, not the lineage. A column that
    says `pii: false` and holds addresses misleads all of them, so that is a warning for everybody.

    **Fix.** Declare the column: `config: {tags: [pii], meta: {pii: true, pii_type: ...}}`;
    `pii-lint fix` writes that.

    ### Flagged: not declared
    ```sql
    -- models/marts/restricted/mart_contact.sql
    select customer_id, email from {{ source('raw', 'customers') }}
    ```

    ### Flagged: denied
    ```sql
    -- models/marts/restricted/mart_contact.sql
    select customer_id, lower(email) as login from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/marts/restricted/mart_contact.yml
    models:
      - name: mart_contact
        columns: [{name: login, meta: {pii: false}}]
    ```

    ### Clean
    ```sql
    -- models/marts/restricted/mart_contact.sql
    select customer_id, email from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/marts/restricted/mart_contact.yml
    models:
      - name: mart_contact
        columns: [{name: email, tags: [pii], meta: {pii: true, pii_type: email}}]
    ```
    """
    everybody = not facts.hears("TAG002", Persona.PEDANTIC)
    for found in undeclared(facts, only_denied=everybody):
        yield _finding(facts, found)


def undeclared(facts: Facts, *, only_denied: bool = False) -> Iterator[Undeclared]:
    """Every column whose YAML doesn't say what it holds."""
    for node, relation in facts.relations():
        if node.resource_type == "source" or node.materialized == "ephemeral":
            continue
        declared = {name.lower(): column for name, column in node.columns.items()}
        for name, field in node.columns.items():
            # a tagged field of a struct, which YAML names by its path, speaks for the struct
            if is_tagged(field):
                declared.setdefault(name.lower().partition(".")[0], field)
        named = {name.lower() for name in facts.config.labels.get(node.unique_id, ())}
        untold = {
            key: tuple(label for label in column.labels if _untold(facts, node, key, label))
            for key, column in facts.labelled(node.unique_id).items()
            if key != WHOLE and key not in named
        }
        clean = facts.declared_clean(node.unique_id) if any(untold.values()) else frozenset()
        for key, labels in untold.items():
            column = relation.columns[key]
            denied = key in clean
            if not labels or (only_denied and not denied):
                continue
            if told := _says(facts, declared.get(key), labels, denied=denied):
                yield Undeclared(node, column, labels, told, denied)


def _untold(facts: Facts, node: Node, key: str, label: Label) -> bool:
    """True where the label should be declared: what is an error in its zone has to go instead."""
    return (
        label.form in _TOLD
        and label.kind != SECRET
        and facts.policy.severity(facts.zone_of(node.unique_id), label) != Severity.ERROR
        and not facts.declassified(node.unique_id, key, label)
    )


def _says(
    facts: Facts, column: Column | None, labels: tuple[Label, ...], *, denied: bool
) -> str | None:
    """What is wrong with a column's YAML; None where it declares one of the kinds that it holds."""
    if denied or (column is not None and is_declared_clean(column)):
        return "is declared as not personal"
    if column is None or not (is_tagged(column) or column.meta.get("pii_keys")):
        return "doesn't declare it"
    if not column.meta.get("pii_type"):
        return None
    kind = kind_of(column, facts.registry)
    top = kind.partition(".")[0]
    if top in ("personal", *(label.kind.partition(".")[0] for label in labels)):
        return None
    return f"declares only {kind}"


def _finding(facts: Facts, undeclared: Undeclared) -> Finding:
    node, column, labels, told, denied = undeclared
    found = finding(
        facts,
        undeclared_label,
        node.unique_id,
        column.name,
        f"Column `{column.name}` of the {facts.sort_of(node.unique_id)} `{node.name}` holds "
        f"{holdings(labels)}, and its YAML {told}.",
        severity=Severity.WARN if denied else None,
        location=facts.places.properties(node.unique_id, column.name),
    )
    return replace(found, persona=Persona.DEFAULT) if denied else found
