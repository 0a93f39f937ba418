"""Whether a session of PostgreSQL is an administrator's, whom neither grants nor masks bind."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pii_lint.data.secrets import secret_words
from pii_lint.tiers import refuse

_HELD = """
select rolname, rolsuper from pg_catalog.pg_roles
where pg_catalog.pg_has_role(session_user, oid, 'member')
"""
# of who signed in, not of a role taken on: it can be laid down again


def refuse_administrators(
    ask: Callable[[str], Iterable[tuple[object, ...]]], where: str, host: str | None
) -> None:
    """Hold a session to the tier; `ask` gives the rows of a query, `host` is where it leads to.

    A superuser counts, and whoever may become one, under the names that clouds give them too.
    Where no tier is stated, a server of the developer's own is left alone.
    """
    mighty = secret_words().superuser_roles
    if any(held or mighty.fullmatch(str(role)) for role, held in ask(_HELD)):
        refuse(
            f"The role that signs in to {where} is an administrator's, whom no grant or mask binds",
            "sign in with a role that holds what docs/commands.md names for this command",
            told=not _is_own(host or ""),
        )


def _is_own(host: str) -> bool:
    # a socket has a path or no name at all
    return host[:1] in ("", "/", "@") or secret_words().own_servers.fullmatch(host) is not None
