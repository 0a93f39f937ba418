"""Which relations keep rows by themselves, and for how long they may."""

from __future__ import annotations

from collections.abc import Iterator

from pii_lint.errors import ConfigError
from pii_lint.keeping import Kept, Reference, Term
from pii_lint.options import Options
from pii_lint.pipeline.gathering import gather
from pii_lint.pipeline.prediction import table_of
from pii_lint.rules import Facts, keeps, term_of

_ON_DELETE, _BLANK = "on_delete", "blank"


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
            found.append(
                Kept(
                    node.unique_id,
                    called,
                    table_of(node),
                    term,
                    tuple(_references(facts, node.unique_id)),
                )
            )
    if not found:
        raise ConfigError(
            "Nothing says how long rows may be kept: put `retention_days` and `retention_from` "
            "under `meta` of the sources that hold personal data; see `pii-lint explain RET001`."
        )
    return tuple(found)


def _references(facts: Facts, uid: str) -> Iterator[Reference]:
    for node, _ in facts.relations():
        if not keeps(node) or node.relation_name is None:
            continue
        for column in node.columns.values():
            wish = column.meta.get(_ON_DELETE)
            if wish not in (None, _BLANK):
                raise ConfigError(
                    f"`{_ON_DELETE}` of {facts.called(node.unique_id)}.{column.name} is neither "
                    f"`{_BLANK}` nor left out; mend it in its YAML, then run `dbt parse`."
                )
            for target, key in column.references:
                if target == uid:
                    yield Reference(
                        f"{facts.called(node.unique_id)}.{column.name}",
                        table_of(node),
                        column.name,
                        key,
                        wish == _BLANK,
                    )
