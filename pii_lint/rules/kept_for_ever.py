from __future__ import annotations

from collections.abc import Iterator

from pii_lint.artifacts.model import Node
from pii_lint.findings import Finding, Severity
from pii_lint.labels import READABLE, SECRET
from pii_lint.rules._facts import RESTRICTED, Facts, holdings
from pii_lint.rules._findings import finding
from pii_lint.rules._places import WHOLE
from pii_lint.rules._retention import DAYS, SINCE, declares, term_of
from pii_lint.rules._rule import rule

_GUARDED = frozenset({"confidential", RESTRICTED})
_GROWING = frozenset({"incremental", "microbatch"})


@rule("RET001", severity=Severity.WARN, since="0.1")
def kept_for_ever(facts: Facts) -> Iterator[Finding]:
    """Personal data is kept, and nothing says until when.

    **Why.** What nobody ends is kept for ever: longer than the purpose that it was collected for,
    and there for the next leak. Sources, snapshots and incremental models keep rows by
    themselves; other models follow them at the next build. The rule is silent until the project
    says `retention_days` somewhere.

    **Fix.** Say under `meta` how many days a row may stay, from which column's moment on, and what
    marks a deleted one: `{retention_days: 730, retention_from: created_at, soft_delete:
    {column: is_deleted, from: updated_at, days: 30}}`. `pii-lint retention` then lists what is due,
    and with `--yes` deletes it.

    ### Flagged
    ```yaml
    # models/raw/src_shop.yml
    sources:
      - name: raw
        tables:
          - name: customers
            tags: [pii]
            meta: {retention_days: 730, retention_from: created_at}
            columns:
              - {name: email, tags: [pii], meta: {pii: true, pii_type: email}}
              - {name: created_at, meta: {pii: false}}
          - name: leads
            tags: [pii]
            columns:
              - {name: email, tags: [pii], meta: {pii: true, pii_type: email}}
    ```

    ### Flagged: nobody can count the days
    ```yaml
    # models/raw/src_shop.yml
    sources:
      - name: raw
        tables:
          - name: customers
            tags: [pii]
            meta: {retention_days: 730}
            columns:
              - {name: email, tags: [pii], meta: {pii: true, pii_type: email}}
              - {name: created_at, meta: {pii: false}}
    ```

    ### Clean
    ```yaml
    # models/raw/src_shop.yml
    sources:
      - name: raw
        tables:
          - name: customers
            tags: [pii]
            meta:
              retention_days: 730
              retention_from: created_at
              soft_delete: {column: is_deleted, from: updated_at, days: 30}
            columns:
              - {name: email, tags: [pii], meta: {pii: true, pii_type: email}}
              - {name: is_deleted, meta: {pii: false}}
              - {name: created_at, meta: {pii: false}}
              - {name: updated_at, meta: {pii: false}}
    ```

    ### Clean: a project that doesn't keep terms here at all
    ```yaml
    # models/raw/src_shop.yml
    sources:
      - name: raw
        tables:
          - name: leads
            tags: [pii]
            columns:
              - {name: email, tags: [pii], meta: {pii: true, pii_type: email}}
    ```
    """
    # a stranger's first run would be a wall of warnings about something that lives elsewhere
    if not any(declares(node) for node, _ in facts.relations()):
        return
    for node, relation in facts.relations():
        uid = node.unique_id
        held = {
            label
            for column in relation.columns.values()
            for label in column.labels
            if label.form in READABLE
            and label.kind != SECRET
            and facts.policy.classification(label) in _GUARDED
        }
        term = term_of(node)
        if isinstance(term, str):
            why = f"says how long in a way that can't be followed: {term}"
        elif not held or not keeps(node):
            continue
        elif term is None:
            why = f"keeps {holdings(held)} without `{DAYS}`"
        elif term.since is None:
            why = f"says `{DAYS}`, and no `{SINCE}` says from when on"
        else:
            continue
        yield finding(
            facts,
            kept_for_ever,
            uid,
            WHOLE,
            f"The {node.resource_type} `{facts.called(uid)}` {why}.",
        )


def keeps(node: Node) -> bool:
    """True for what holds rows by itself, whatever stands in what it is made of.

    A seed's rows stand in a file of the project, and the next `dbt seed` would bring them back.
    """
    return node.resource_type in ("source", "snapshot") or node.materialized in _GROWING
