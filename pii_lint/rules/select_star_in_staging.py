from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pii_lint.artifacts.model import Node
from pii_lint.findings import Finding, Location
from pii_lint.labels import VALUE_FORMS
from pii_lint.propagation.inventory import ColumnFacts
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._rule import rule


class Starred(NamedTuple):
    """A staging model that takes columns by a star."""

    node: Node
    unnamed: list[ColumnFacts]
    open_ended: bool
    # there may be more than anybody knows of


@rule("STG001", since="0.1")
def select_star_in_staging(facts: Facts) -> Iterator[Finding]:
    """A staging model takes whatever columns its source has.

    **Why.** Whoever adds a column to the source adds it to the warehouse, and nobody reviews it. A
    list of columns is the place where a person decides what comes in.

    **Fix.** Name the columns. A `select *` from a common table expression that names them is fine.

    ### Flagged
    ```sql
    -- models/staging/stg_customers.sql
    select * from {{ source('raw', 'customers') }}
    ```

    ### Flagged: a star with exceptions takes what comes, too
    ```sql
    -- models/staging/stg_customers.sql
    select * exclude (email) from {{ source('raw', 'customers') }}
    ```

    ### Clean
    ```sql
    -- models/staging/stg_customers.sql
    with source as (
        select * from {{ source('raw', 'customers') }}
    ),

    renamed as (
        select customer_id, country as country_code from source
    )

    select * from renamed
    ```
    """
    for node, unnamed, _ in starred(facts):
        personal = [c.name for c in unnamed if VALUE_FORMS & {label.form for label in c.labels}]
        named = f", personal ones among them ({', '.join(personal)})" if personal else ""
        yield finding(
            facts,
            select_star_in_staging,
            node.unique_id,
            WHOLE,
            f"The staging model `{node.name}` takes its columns by a star{named}: what its source "
            "gains tomorrow comes along unseen.",
            location=_star(facts, node.unique_id, unnamed),
        )


def starred(facts: Facts) -> Iterator[Starred]:
    """Every staging model that takes columns by a star."""
    for node, relation in facts.relations():
        if facts.zone_of(node.unique_id) != "staging" or node.resource_type != "model":
            continue
        unnamed = [column for column in relation.columns.values() if not column.named]
        open_ended = WHOLE in relation.columns or not (relation.complete or relation.blind)
        if unnamed or open_ended:
            yield Starred(node, unnamed, open_ended)


def _star(facts: Facts, uid: str, unnamed: list[ColumnFacts]) -> Location | None:
    """Where a column comes by a star, as far as a label that came along tells it."""
    for column in unnamed:
        for via in column.labels.values():
            if via is not None and via.span is not None:
                return facts.places.span(uid, via.span)
    return facts.places.node(uid)
