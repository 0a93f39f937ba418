from __future__ import annotations

from collections.abc import Iterator, Sequence

from pii_lint.findings import Finding, Flow, Severity
from pii_lint.labels import Form, Label, Origin
from pii_lint.rules._facts import EXPORT, Cell, Facts, worst
from pii_lint.rules._findings import cell_finding, finding, flows_of
from pii_lint.rules._places import WHOLE
from pii_lint.rules._rule import rule


@rule("PII003", since="0.1", upstream=True)
def unanalysable(facts: Facts) -> Iterator[Finding]:
    """Sight was lost: nobody can say what this column holds.

    **Why.** A query that can't be read, a Python model or a relation that dbt doesn't know may
    carry anything on. The gate never counts what it can't see as clean.

    **Fix.** Declare the relation as a source, write the query so that it can be read, or state with
    a reason and a date what the column holds (`meta.pii_declassified`, kinds: [unknown]).

    ### Flagged: a relation that dbt doesn't know
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, note from somewhere.undeclared
    ```

    ### Clean
    ```sql
    -- models/marts/safe/fct_reach.sql
    select customer_id, country from {{ source('raw', 'customers') }}
    ```
    """
    cells: dict[str, list[Cell]] = {}
    for cell in facts.cells({Form.UNKNOWN}):
        cells.setdefault(cell.judged, []).append(cell)
    for node, relation in facts.relations():
        uid = node.unique_id
        lost = {cell.column for cell in cells.get(uid, ())}
        if WHOLE in lost or (lost and lost >= set(relation.columns)):
            yield _whole(facts, cells.pop(uid))
        elif relation.blind and not lost:
            severity = facts.policy.severity(
                facts.zone_of(uid), Label(Origin(uid, WHOLE), Form.UNKNOWN.word, Form.UNKNOWN)
            )
            yield _whole(facts, [Cell(uid, uid, WHOLE, WHOLE, facts.zone_of(uid), ())], severity)
    for judged, lost_cells in cells.items():
        if facts.zone_of(judged) == EXPORT:
            yield _whole(facts, lost_cells)
            continue
        for cell in lost_cells:
            places = ", ".join(sorted({str(label.origin) for label, _ in cell.labels}))
            yield cell_finding(
                facts,
                unanalysable,
                cell,
                f"{facts.subject(cell)} can't be followed: sight was lost at {places}.",
            )


def _whole(facts: Facts, cells: Sequence[Cell], severity: Severity | None = None) -> Finding:
    """One finding for a relation or an export as a whole, with each lost place once."""
    flows: list[Flow] = []
    seen: set[Label] = set()
    for cell in cells:
        new = tuple(pair for pair in cell.labels if pair[0] not in seen)
        seen.update(label for label, _ in new)
        flows += flows_of(facts, unanalysable, cell._replace(labels=new))
    judged = cells[0].judged
    reasons = sorted(
        {
            spot.reason
            for uid in {judged, *(label.origin.node for label in seen)}
            if uid in facts.inventory.relations
            for spot in facts.inventory.relations[uid].blind
        }
    )
    return finding(
        facts,
        unanalysable,
        judged,
        WHOLE,
        f"The {facts.sort_of(judged)} `{facts.called(judged)}` can't be followed: "
        f"{'; '.join(reasons) or 'sight was lost on the way'}.",
        severity=severity or worst(cell.severity for cell in cells),
        flows=tuple(flows),
    )
