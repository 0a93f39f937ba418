"""The engines whose access rules are written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pii_lint.errors import ConfigError
from pii_lint.governance import postgres
from pii_lint.governance.names import Names
from pii_lint.governed import Access


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is written for one engine."""

    ddl: Callable[[Access], str]
    access_log: Callable[[Access], str]
    names: Names
    own: frozenset[str] = frozenset()
    # objects that the rules bring along, lower case


DIALECTS: Mapping[str, Dialect] = {
    "postgres": Dialect(postgres.ddl, postgres.access_log, postgres.NAMES),
}


def dialect_for(access: Access, wanted: str | None) -> Dialect:
    """The one that was asked for, else the manifest's own."""
    name = wanted or access.adapter
    if name not in DIALECTS:
        raise ConfigError(
            f"The manifest is compiled for {name}, for which no access rules are written: choose "
            f"one of {', '.join(DIALECTS)} with --dialect, or compile for another target."
        )
    return DIALECTS[name]
