"""Why a column carries what it carries."""

from __future__ import annotations

from pii_lint.options import Options
from pii_lint.pipeline.check import findings_of
from pii_lint.pipeline.gathering import gather_linked
from pii_lint.reports.explanation import Explanation, explanation
from pii_lint.reports.lookup import find_column


def explain(options: Options, asked: str) -> Explanation:
    """Say why a column carries what it carries; `asked` is MODEL.COLUMN."""
    facts, origins = gather_linked(options)
    node, column = find_column(facts, asked)
    return explanation(facts, origins, findings_of(facts), node, column)
