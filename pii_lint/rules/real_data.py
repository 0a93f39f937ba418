from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pii_lint.artifacts.model import Node
from pii_lint.artifacts.project_files import seed_files
from pii_lint.findings import Confidence, Finding, Location, Severity
from pii_lint.propagation.inventory import Span
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._real_data import Found, hidden_place, search
from pii_lint.rules._rule import rule


@rule("DAT001", severity=Severity.WARN, confidence=Confidence.MEDIUM, since="0.1", upstream=True)
def real_data(facts: Facts) -> Iterator[Finding]:
    """A seed, a unit test or compiled SQL holds what looks like real personal data.

    **Why.** It is in the repository and in each of its copies for good, and in the artifacts that
    CI uploads. Looked for are e-mail addresses outside the domains set aside for examples, social
    security numbers, bank account and card numbers whose check digits are right; numbers that
    manuals print for tests don't count. The value itself is never shown.

    **Fix.** Replace it by an invented one (`ann@example.com`), and take it out of the history.

    ### Flagged: a seed
    ```csv
    # seeds/people.csv
    id,contact
    1,erika.roe@gmail.com
    ```

    ### Flagged: compiled SQL
    ```sql
    -- models/staging/stg_customers.sql
    select customer_id, country from {{ source('raw', 'customers') }}
    where customer_id <> 'erika.roe@gmail.com'
    ```

    ### Clean
    ```csv
    # seeds/people.csv
    id,contact,card
    1,erika.roe@example.com,4242424242424242
    ```
    """
    yield from _seeds(facts)
    yield from _samples(facts)
    for node, _ in facts.relations():
        yield from _sql(facts, node.unique_id)


def _seeds(facts: Facts) -> Iterator[Finding]:
    if facts.project_dir is None:
        return
    known = {node.path: uid for uid, node in facts.nodes.items() if node.resource_type == "seed"}
    for path, text in seed_files(facts.project_dir):
        found = search(text)
        if found:
            yield _told(
                facts,
                known.get(path, path),
                f"seed `{path}`",
                found,
                hidden_place(path, found.line),
            )


def _samples(facts: Facts) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for project in facts.projects:
        for sample in project.samples:
            found = search(sample.text)
            if found is None or (sample.test, sample.part) in seen:
                continue
            seen.add((sample.test, sample.part))
            what = f"{sample.part} of the unit test `{sample.test.rpartition('.')[2]}`"
            place = hidden_place(sample.path)
            yield _told(facts, sample.test, what, found, place, column=sample.part)


def _sql(facts: Facts, uid: str) -> Iterator[Finding]:
    for number, project in enumerate(facts.projects):
        node = project.nodes.get(uid)
        if node is None or node.package != project.name or not node.compiled_code:
            continue
        found = search(node.compiled_code)
        own = found and _own(node, node.compiled_code, found)
        if own:
            first = own.hits[0]
            place = facts.places.span(uid, Span(first.start, first.end, number))
            place = replace(place or hidden_place(node.path), kind="data")
            what = f"compiled SQL of the {node.resource_type} `{node.name}`"
            yield _told(facts, uid, what, own, place)
            return


def _own(node: Node, sql: str, found: Found) -> Found | None:
    """Without what dbt wrote in from ephemeral models, which answer for themselves."""
    hits = tuple(
        hit
        for hit in found.hits
        if not any(sql[hit.start : hit.end] in cte for cte in node.injected_ctes)
    )
    return found._replace(hits=hits) if hits else None


def _told(
    facts: Facts, holder: str, what: str, found: Found, place: Location, column: str = WHOLE
) -> Finding:
    return finding(
        facts,
        real_data,
        holder,
        column,
        f"The {what} holds what looks like real personal data: {found}.",
        location=place,
    )
