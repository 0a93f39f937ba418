"""Which masks a warehouse needs: one for each clearance and type of column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from pii_lint.data.registry import CLASSIFICATIONS
from pii_lint.errors import ConfigError
from pii_lint.governed import SECRET_MASK, Access, GovernedColumn, GovernedRelation

REDACTED = "****"
"""Stands for every text that isn't shown: no digest, which without a key could be undone."""
SCHEMA = "governance"
"""Where tags, masks and mask functions are kept, in the database of what they guard."""
TAG = "data_classification"
_WORD = re.compile(r"[a-z_]+(?: +with(?:out)? +(?:local +)?time +zone)?")
_OF_VALUES = {"number": "number", "date": "date", "boolean": "boolean"}
# a kind's values -> a type, where nobody states one


def engine_type(column: GovernedColumn, types: Mapping[str, str], otherwise: str) -> str:
    """The engine's type of a column, without its length; `otherwise` for text.

    Where neither catalogue nor project state one, the kind's values say what it must be.
    """
    stated = column.data_type
    if stated is None:
        return types.get(_OF_VALUES.get(column.value, ""), otherwise)
    word = _WORD.match(stated.strip().lower())
    return types.get(" ".join(word[0].split()) if word else "", otherwise)


def masked(access: Access) -> Iterator[tuple[GovernedRelation, GovernedColumn, str]]:
    """Every column that not every reader may see, with the clearance that it takes."""
    for relation in access.relations:
        for column in relation.columns:
            if column.mask is not None:
                yield relation, column, column.mask


def classified(access: Access) -> Iterator[tuple[GovernedRelation, GovernedColumn, str]]:
    """Every column with readable personal data, with its class."""
    for relation in access.relations:
        for column in relation.columns:
            if column.classification is not None:
                yield relation, column, column.classification


def needed(access: Access, type_of: Callable[[GovernedColumn], str]) -> list[tuple[str, str]]:
    """Each mask that some column takes: clearance and type, in order."""
    return sorted({(mask, type_of(column)) for _, column, mask in masked(access)})


def seers(access: Access, mask: str) -> tuple[str, ...]:
    """Who sees such columns clear."""
    return tuple(dict.fromkeys((*access.cleared[mask], *access.builders)))


def demand_builder(access: Access) -> None:
    """Refuse masks that would blind the build, which writes what it reads."""
    if not access.builders and any(masked(access)):
        raise ConfigError(
            "Masks hide columns from the role that builds, too, and it would write what it sees "
            "into the marts: name it with --builder."
        )


def demand_database(relation: GovernedRelation) -> None:
    """Refuse a relation without a database, where tags and masks would have no place."""
    if relation.database is None:
        raise ConfigError(
            f"{relation.node} names no database, so its masks have no place: compile the project "
            "for this engine."
        )


def objects(*, types: Iterable[str]) -> frozenset[str]:
    """Every name that the rules may bring along, lower case."""
    kinds = [*CLASSIFICATIONS, SECRET_MASK]
    return frozenset(
        {SCHEMA, TAG, *(f"pii_{mask}_{kind}".lower() for mask in kinds for kind in types)}
    )
