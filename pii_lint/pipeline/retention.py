"""Which relations keep rows by themselves, and for how long they may."""

from __future__ import annotations

from pii_lint.errors import ConfigError
from pii_lint.keeping import Kept, Term
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather
from pii_lint.pipeline.prediction import table_of
from pii_lint.rules import keeps, term_of


def terms(options: Options) -> tuple[Kept, ...]:
    """Every relation whose rows have a last day.

    Raises `ConfigError` where there is none, or one that can't be followed.
    """
    facts = gather(options)
    found: list[Kept] = []
    for node, _ in facts.relations():
        called = facts.called(node.unique_id)
        term = term_of(node)
        if isinstance(term, str):
            raise ConfigError(f"{called}: {term}; mend it in its YAML, then run `dbt parse`.")
        if isinstance(term, Term) and keeps(node) and node.relation_name is not None:
            found.append(Kept(node.unique_id, called, table_of(node), term))
    if not found:
        raise ConfigError(
            "Nothing says how long rows may be kept: put `retention_days` and `retention_from` "
            "under `meta` of the sources that hold personal data; see `pii-lint explain RET001`."
        )
    return tuple(found)
