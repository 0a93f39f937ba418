from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding, Location, Severity
from pii_lint.rules._approvals import Declassification, listed
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._rule import rule


@rule("TAG005", severity=Severity.WARN, since="0.1")
def stale_declassification(facts: Facts) -> Iterator[Finding]:
    """A declassification lacks reason or day, is out of its term, or covers nothing.

    **Why.** It is a hole in the gate that somebody answers for. Without a reason nobody can,
    without a date it stays for ever, and one that covers nothing waits for the wrong column.

    **Fix.** Give `kinds`, `reason` and `until`, renew it after a review, or delete it.

    ### Flagged: no reason, no date
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, left(email, 1) as initial from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/marts/safe/fct_reach.yml
    models:
      - name: fct_reach
        columns:
          - name: initial
            meta: {pii_declassified: {kinds: [email]}}
    ```

    ### Clean
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, left(email, 1) as initial from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/marts/safe/fct_reach.yml
    models:
      - name: fct_reach
        columns:
          - name: initial
            meta:
              pii_declassified:
                kinds: [email]
                reason: One letter of twenty-six, reviewed by the privacy office.
                by: privacy office
                until: 2027-12-31
    ```
    """
    for declared in facts.declassifications:
        wrong = _wrong(facts, declared)
        if wrong:
            column = declared.column or WHOLE
            yield finding(
                facts,
                stale_declassification,
                declared.node,
                column,
                f"The declassification of {_what(facts, declared)} {wrong}.",
                location=_place(facts, declared),
            )


def _place(facts: Facts, declared: Declassification) -> Location | None:
    if declared.line is None or facts.config.file is None:
        return facts.places.properties(declared.node, declared.column)
    line = declared.line
    return Location(facts.config.file, line, 1, line, 1, exact=True, kind="yaml")


def _wrong(facts: Facts, declared: Declassification) -> str | None:
    if declared.lacks:
        return f"lacks {listed(declared.lacks)}, so it doesn't count"
    if declared.until is not None and declared.until > facts.latest:
        return f"lasts until {declared.until}, longer than the policy allows, so it doesn't count"
    if not declared.holds(facts.today):
        return f"expired on {declared.until}"
    return None if _used(facts, declared) else "covers nothing that the policy forbids"


def _used(facts: Facts, declared: Declassification) -> bool:
    wanted = declared.column.lower() if declared.column else None
    return any(
        declared.covers(label.kind, label.form.word) and severity != Severity.OFF
        for cell in facts.columns()
        if cell.holder == declared.node and wanted in (None, cell.column)
        for label, severity in cell.labels
    )


def _what(facts: Facts, declared: Declassification) -> str:
    where = f"`{facts.called(declared.node)}`"
    return f"`{declared.column}` of {where}" if declared.column else where
