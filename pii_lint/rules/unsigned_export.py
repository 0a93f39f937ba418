from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding
from pii_lint.labels import VALUE_FORMS
from pii_lint.rules._approvals import sign_off
from pii_lint.rules._facts import EXPORT, Facts, holdings
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule


@rule("PII004", since="0.1", upstream=True)
def unsigned_export(facts: Facts) -> Iterator[Finding]:
    """Personal data leaves by an export that nobody signed for.

    **Why.** An exposure is where data leaves the warehouse, to a vendor, a dashboard or a notebook,
    and no grant can call it back. It is judged by all that the models under it hold, pseudonyms
    included: they stay personal data in law.

    **Fix.** Take the column out of the exported model, or have its kind and form signed off in the
    exposure's `meta.sign_off`: `approved_by`, `approved_on`, `until`, `kinds`, `forms`. A model
    that the policy puts into the zone `export` carries its sign-off itself.

    ### Flagged
    ```sql
    -- models/marts/restricted/mart_contact.sql
    select customer_id, email from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/exposures.yml
    exposures:
      - name: vendor_mail
        type: application
        depends_on: [ref('mart_contact')]
    ```

    ### Flagged: signed, but not for this kind
    ```sql
    -- models/marts/restricted/mart_contact.sql
    select customer_id, email, phone from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/exposures.yml
    exposures:
      - name: vendor_mail
        type: application
        depends_on: [ref('mart_contact')]
        meta:
          sign_off:
            approved_by: privacy office
            approved_on: 2020-01-01
            until: 2027-12-31
            kinds: [email]
            forms: [clear]
    ```

    ### Clean
    ```sql
    -- models/marts/restricted/mart_contact.sql
    select customer_id, email from {{ source('raw', 'customers') }}
    ```
    ```yaml
    # models/exposures.yml
    exposures:
      - name: vendor_mail
        type: application
        depends_on: [ref('mart_contact')]
        meta:
          sign_off:
            approved_by: privacy office
            approved_on: 2020-01-01
            until: 2027-12-31
            kinds: [email]
            forms: [clear]
    ```
    """
    for cell in facts.cells(VALUE_FORMS):
        if cell.zone != EXPORT:
            continue
        word = sign_off(facts.meta_of(cell.judged), facts.registry)
        gaps = [
            (
                label,
                severity,
                word.gap(label, facts.today, facts.latest) if word else "nobody signed for it",
            )
            for label, severity in cell.labels
        ]
        unsigned = tuple((label, severity) for label, severity, gap in gaps if gap)
        if not unsigned:
            continue
        held = holdings(label for label, _ in unsigned)
        why = "; ".join(sorted({gap for _, _, gap in gaps if gap}))
        yield cell_finding(
            facts,
            unsigned_export,
            cell._replace(labels=unsigned),
            f"{facts.subject(cell)} hands out {held}: {why}.",
        )
