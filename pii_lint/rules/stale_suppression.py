from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from pii_lint.findings import Finding, Severity
from pii_lint.rules._facts import Facts
from pii_lint.rules._findings import finding
from pii_lint.rules._ignores import Ignore
from pii_lint.rules._places import WHOLE
from pii_lint.rules._rule import rule


@rule("SUP001", severity=Severity.WARN, since="0.1")
def stale_suppression(facts: Facts) -> Iterator[Finding]:
    """A suppression can't be read, has expired, or suppresses nothing.

    **Why.** It is a hole in the gate that somebody answers for. Without a rule, a reason and a day
    nobody can, so it doesn't count; one that suppresses nothing waits for the wrong finding.

    **Fix.** Write it as `-- pii-lint: ignore[PII001] until=2027-03-01 why`, renew it after a
    review, or delete it.

    ### Flagged: no day
    ```sql
    -- models/marts/safe/fct_reach.sql
    select
        customer_id,
        email -- pii-lint: ignore[PII001] the newsletter needs it
    from {{ source('raw', 'customers') }}
    ```

    ### Flagged: nothing to suppress
    ```sql
    -- models/marts/safe/fct_reach.sql
    -- pii-lint: ignore[PII001] until=2027-12-31 the newsletter needs it
    select customer_id from {{ source('raw', 'customers') }}
    ```

    ### Clean
    ```sql
    -- models/marts/safe/fct_reach.sql
    select
        customer_id,
        email -- pii-lint: ignore[PII001] until=2027-12-31 a test mailbox, reviewed by the office
    from {{ source('raw', 'customers') }}
    ```
    """
    for ignore in facts.ignores:
        if ignore.wrong is not None:
            yield about(facts, ignore, f"This suppression {ignore.wrong}. It doesn't count.")
        elif not ignore.holds(facts.today):
            named = ", ".join(ignore.codes)
            yield about(facts, ignore, f"The suppression of {named} expired on {ignore.until}.")


def about(facts: Facts, ignore: Ignore, message: str) -> Finding:
    """A finding about a suppression; several in one model are told apart by what they say."""
    column = ignore.columns[0] if len(ignore.columns) == 1 else WHOLE
    found = finding(
        facts, stale_suppression, ignore.node, column, message, location=ignore.location
    )
    said = (found.id, *ignore.codes, ignore.source, *ignore.columns, ignore.reason, ignore.code)
    name = sha256("\0".join(said).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return replace(found, id=name)
