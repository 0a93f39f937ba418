from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pii_lint.findings import Confidence, Finding, Location, Persona, Severity
from pii_lint.labels import READABLE, SECRET, Form, Label
from pii_lint.rules._facts import Facts, holdings, worst
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._real_data import search
from pii_lint.rules._rule import rule

_COPIED = frozenset({*READABLE, Form.WEAK})


@rule("DAT002", severity=Severity.WARN, since="0.1")
def copied_data(facts: Facts) -> Iterator[Finding]:
    """Personal data is copied into test failures, snapshots or persisted descriptions.

    **Why.** The failing rows of a test with `store_failures` stay in a schema that belongs to no
    zone, a snapshot keeps values that were deleted at their source, and a description goes into the
    warehouse's comments. Nobody thinks of them when a person asks to be erased.

    **Fix.** Store no failures of tests on personal columns (or put their schema into a zone for
    cleared readers), keep restricted columns out of snapshots, write no example of real data into a
    description.

    ### Flagged
    ```sql
    -- snapshots/customer_history.sql
    select customer_id, income from {{ source('raw', 'customers') }}
    ```

    ### Clean
    ```sql
    -- snapshots/customer_history.sql
    select customer_id, country from {{ source('raw', 'customers') }}
    ```
    """
    yield from _failures(facts)
    for node, relation in facts.relations():
        uid = node.unique_id
        if node.resource_type == "snapshot":
            held = {
                label
                for key, column in relation.columns.items()
                for label in column.labels
                if _readable(label) and not facts.declassified(uid, key, label)
            }
            if held:
                yield _kept(facts, uid, held)
        told = search("\n".join(text for _, text in node.persisted))
        if told:
            yield finding(
                facts,
                copied_data,
                uid,
                "description",
                f"Descriptions of the {node.resource_type} `{facts.called(uid)}` go into the "
                f"warehouse and hold what looks like real personal data: {told}.",
                confidence=Confidence.MEDIUM,
                location=_unquoted(facts.places.properties(uid)),
            )


def _failures(facts: Facts) -> Iterator[Finding]:
    tests = {uid: test for project in facts.projects for uid, test in project.stored_tests.items()}
    for uid, kept in sorted(facts.inventory.failures.items()):
        test = tests[uid]
        # the file of a generic test is its model's, and says nothing of where failures go
        zone = facts.policy.zone(replace(test, path=""))
        judged = {label: facts.policy.severity(zone, label) for label in kept.labels}
        held = [label for label in judged if label.form in _COPIED and label.kind != SECRET]
        severity = worst(judged[label] for label in held)
        if severity != Severity.OFF:
            yield finding(
                facts,
                copied_data,
                uid,
                WHOLE,
                f"The test `{test.name}` stores its failures, and they hold "
                f"{holdings(x for x in held if judged[x] != Severity.OFF)}.",
                severity=severity,
                confidence=Confidence.HIGH if kept.seen else Confidence.MEDIUM,
                location=Location(
                    test.path, kind="yaml" if test.path.endswith("ml") else "template"
                ),
            )


def _kept(facts: Facts, uid: str, held: set[Label]) -> Finding:
    """A snapshot's purpose is to keep, so only restricted kinds are everybody's business."""
    restricted = {label for label in held if facts.is_restricted(label)}
    told = finding(
        facts,
        copied_data,
        uid,
        WHOLE,
        f"The snapshot `{facts.called(uid)}` keeps every value that once stood there: "
        f"{holdings(restricted or held)}.",
        severity=None if restricted else Severity.NOTE,
    )
    return told if restricted else replace(told, persona=Persona.PEDANTIC)


def _readable(label: Label) -> bool:
    return label.form in READABLE and label.kind != SECRET


def _unquoted(place: Location | None) -> Location | None:
    return replace(place, kind="data") if place else None
