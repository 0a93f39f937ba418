from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from pii_lint.artifacts.model import Node
from pii_lint.data.names import Guess
from pii_lint.findings import Confidence, Finding, Persona, Severity
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._rule import rule
from pii_lint.sightings import Sighting

_MANY = 0.01
# Of the rows looked at; fewer may look like it by chance.


class Suspect(NamedTuple):
    """A column that nobody reviewed and whose name tells what it likely holds."""

    node: Node
    column: str
    step: str
    # the key inside the column that tells it; empty for the column's own name
    kind: str
    sureness: Confidence
    seen: Sighting | None = None
    # what a scan of the warehouse met there


@rule("TAG001", severity=Severity.WARN, confidence=Confidence.MEDIUM, since="0.1", upstream=True)
def untagged_source_column(facts: Facts) -> Iterator[Finding]:
    """A column or JSON key that looks personal is neither tagged nor declared clean.

    **Why.** Labels are born at tags: what nobody tagged counts as clean in every model that reads
    it, and nothing else in the gate would notice. Its name tells, a key in it, or the values that
    `pii-lint scan` met there.

    **Fix.** Tag the column with `config: {tags: [pii], meta: {pii: true, pii_type: ...}}`, a JSON
    column with `meta.pii_keys`, or say that somebody looked: `meta: {pii: false}`.

    ### Flagged
    ```yaml
    # models/raw/src_crm.yml
    sources:
      - name: crm
        tables: [{name: leads, columns: [{name: lead_id}, {name: email_address}]}]
    ```

    ### Flagged: a column that only the SQL names
    ```sql
    -- models/staging/stg_logins.sql
    select login_at, ip_address from {{ source('raw', 'logins') }}
    ```

    ### Flagged: a key of a JSON column
    ```yaml
    # models/raw/src_crm.yml
    sources:
      - name: crm
        tables: [{name: hooks, columns: [{name: payload, data_type: json}]}]
    ```
    ```sql
    -- models/staging/stg_hooks.sql
    select payload ->> 'email' as contact from {{ source('crm', 'hooks') }}
    ```

    ### Clean
    ```yaml
    # models/raw/src_crm.yml
    sources:
      - name: crm
        tables:
          - name: leads
            tags: [pii]
            columns:
              - {name: lead_id}
              - {name: email_address, tags: [pii], meta: {pii: true, pii_type: email}}
              - {name: office_phone, meta: {pii: false}}
              - {name: email_sent_at}
    ```
    """
    for suspect in suspects(facts):
        yield _finding(facts, suspect)


def suspects(facts: Facts) -> Iterator[Suspect]:
    """Every column that nobody reviewed and whose name tells what it likely holds."""
    asked = _asked(facts)
    for node, relation in facts.relations():
        uid = node.unique_id
        born = node.resource_type in ("source", "seed")
        if facts.is_secret(uid) or not (born or uid in asked):
            continue
        clean = facts.declared_clean(uid)
        names = {key: column.name for key, column in relation.columns.items() if key != WHOLE}
        unlabelled = {key for key, name in names.items() if not relation.columns[key].labels}
        for column in asked.get(uid, ()) if born else ():
            if column not in names:
                names[column] = column
                unlabelled.add(column)
        seen = _seen(facts, uid) if born else {}
        for column, sighting in seen.items():
            names.setdefault(column, sighting.column)
            if column not in relation.columns or not relation.columns[column].labels:
                unlabelled.add(column)
        for key in sorted(unlabelled - clean):
            if key in seen:
                yield _met(node, names[key], seen[key])
                continue
            own = facts.registry.guess(names[key]) if born else None
            inside = (
                (step, facts.registry.guess(step)) for step in asked.get(uid, {}).get(key, ())
            )
            guesses = [("", own), *inside]
            surest = min(((_rank(guess), step) for step, guess in guesses if guess), default=None)
            if surest is not None:
                (_, kind, sureness), step = surest
                yield Suspect(node, names[key], step, kind, sureness)


def _asked(facts: Facts) -> dict[str, dict[str, set[str]]]:
    """What queries take out of each relation by a name in no list: columns, and keys in them."""
    asked: dict[str, dict[str, set[str]]] = {}
    for relation in facts.inventory.relations.values():
        for opened in relation.opened:
            asked.setdefault(opened.node, {}).setdefault(opened.column, set()).update(opened.path)
    return asked


def _seen(facts: Facts, uid: str) -> dict[str, Sighting]:
    """What a scan met in each column of a relation, by the column in lower case."""
    return {one.column.lower(): one for one in facts.sightings or () if one.node == uid}


def _met(node: Node, column: str, seen: Sighting) -> Suspect:
    many = seen.rows >= seen.looked * _MANY
    sureness = Confidence.HIGH if many else Confidence.MEDIUM
    return Suspect(node, column, "", seen.kind, sureness, seen)


def _rank(guess: Guess) -> tuple[int, str, Confidence]:
    kind, word = guess
    sureness = Confidence(word)
    return list(Confidence).index(sureness), kind, sureness


def _finding(facts: Facts, suspect: Suspect) -> Finding:
    node, column, step, kind, sureness, seen = suspect
    subject = "Column"
    if step:
        # a key is a literal of the SQL, and only a word that the registry knows is surely no value
        known = facts.registry.is_known(step)
        subject = f"The key `{step}` in column" if known else "A key in column"
    told = finding(
        facts,
        untagged_source_column,
        node.unique_id,
        column,
        f"{subject} `{column}` of the {facts.sort_of(node.unique_id)} "
        f"`{facts.called(node.unique_id)}` {_looks(kind, seen)} and is neither tagged nor declared "
        "clean.",
        severity=Severity.NOTE if sureness == Confidence.LOW else None,
        confidence=sureness,
        location=facts.places.properties(node.unique_id, column),
    )
    return replace(told, persona=Persona.PEDANTIC) if sureness == Confidence.LOW else told


def _looks(kind: str, seen: Sighting | None) -> str:
    if seen is None:
        return f"looks like {kind} by its name"
    return f"holds what looks like {kind} in {seen.rows} of {seen.looked} rows looked at"
