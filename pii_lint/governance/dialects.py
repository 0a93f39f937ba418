"""The engines whose access rules are written here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from pii_lint.errors import ConfigError
from pii_lint.governance import bigquery, databricks, postgres, redshift, snowflake
from pii_lint.governance.names import Names
from pii_lint.governed import Access, GovernedRelation


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is written for one engine."""

    ddl: Callable[[Access], str]
    access_log: Callable[[Access], str]
    of_relation: Callable[[Access, GovernedRelation], Iterable[str]]
    # what a relation loses when it is made anew
    names: Names
    own: frozenset[str] = frozenset()
    # objects that the rules bring along, lower case


DIALECTS: Mapping[str, Dialect] = {
    "postgres": Dialect(postgres.ddl, postgres.access_log, postgres.of_relation, postgres.NAMES),
    "snowflake": Dialect(
        snowflake.ddl, snowflake.access_log, snowflake.of_relation, snowflake.NAMES, snowflake.OWN
    ),
    "bigquery": Dialect(
        bigquery.ddl, bigquery.access_log, bigquery.of_relation, bigquery.NAMES, bigquery.OWN
    ),
    "databricks": Dialect(
        databricks.ddl,
        databricks.access_log,
        databricks.of_relation,
        databricks.NAMES,
        databricks.OWN,
    ),
    "redshift": Dialect(
        redshift.ddl, redshift.access_log, redshift.of_relation, redshift.NAMES, redshift.OWN
    ),
}


def chosen(access: Access, wanted: str | None, location: str) -> tuple[Dialect, Access]:
    """The engine that was asked for, else the manifest's own, and the names as it keeps them."""
    name = wanted or access.adapter
    if name not in DIALECTS:
        raise ConfigError(
            f"The manifest is compiled for {name}, for which no access rules are written: choose "
            f"one of {', '.join(DIALECTS)} with --dialect, or compile for another target."
        )
    engine = DIALECTS[name]
    if name == "bigquery":
        engine = replace(
            engine,
            ddl=partial(bigquery.ddl, location=location),
            access_log=partial(bigquery.access_log, location=location),
            of_relation=partial(bigquery.of_relation, location=location),
        )
    return engine, access if name == access.adapter else _elsewhere(access)


def _elsewhere(access: Access) -> Access:
    """The same without what another engine quotes: dbt would write these names plainly."""
    return replace(
        access,
        relations=tuple(
            replace(
                relation,
                exact=(),
                columns=tuple(replace(column, exact=False) for column in relation.columns),
            )
            for relation in access.relations
        ),
    )
