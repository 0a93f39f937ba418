from __future__ import annotations

from collections.abc import Iterator

from pii_lint.findings import Finding, Severity
from pii_lint.labels import VALUE_FORMS
from pii_lint.rules._facts import Facts, holdings
from pii_lint.rules._findings import cell_finding
from pii_lint.rules._rule import rule


@rule("DAT003", since="0.1", upstream=True)
def forbidden_kind(facts: Facts) -> Iterator[Finding]:
    """A kind of data is stored that may be stored nowhere.

    **Why.** Card verification codes may not be kept after a payment is authorised, in any form and
    behind any grant. No zone and no sign-off allows them.

    **Fix.** Stop loading the column, and delete what was loaded.

    ### Flagged
    ```yaml
    # models/raw/src_shop.yml
    sources:
      - name: shop
        tables:
          - name: payments
            tags: [pii]
            columns:
              - name: payment_id
              - name: cvv
                tags: [pii]
                meta: {pii: true, pii_type: cvv}
    ```

    ### Clean
    ```yaml
    # models/raw/src_shop.yml
    sources:
      - name: shop
        tables:
          - name: payments
            columns:
              - name: payment_id
              - name: card_brand
    ```
    """
    for cell in facts.columns():
        labels = tuple(
            (label, Severity.ERROR)
            for label, _ in cell.labels
            if label.form in VALUE_FORMS and not facts.registry.kind(label.kind).allowed
        )
        if labels:
            yield cell_finding(
                facts,
                forbidden_kind,
                cell._replace(labels=labels),
                f"{facts.subject(cell)} holds what may be kept nowhere: "
                f"{holdings(label for label, _ in labels)}.",
            )
