"""The salt's table in a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo

from pii_lint.administrators import refuse_administrators
from pii_lint.data.secrets import is_inline
from pii_lint.errors import ConfigError
from pii_lint.tiers import refuse
from pii_lint.warehouse.profile import Target
from pii_lint.warehouse.salt import RELATION, ROTATION, SCHEMA, SHAPE, Salt, Sighting

# libpq's name of each setting of a dbt profile, in the spellings that dbt takes
_SETTINGS = {
    "host": ("host",),
    "port": ("port",),
    "user": ("user",),
    "password": ("password", "pass"),
    "dbname": ("dbname", "database"),
    "sslmode": ("sslmode",),
    "sslrootcert": ("sslrootcert",),
    "sslcert": ("sslcert",),
    "sslkey": ("sslkey",),
}
_PATIENCE = "10"
# seconds to wait for a connection

_COMMENT = "One row: the salt of hash_pii. Written by pii-lint salt, read by hash_pii alone."


class PostgresStore:
    """The database that a target of a dbt profile names."""

    def __init__(self, target: Target) -> None:
        self._settings = settings(target)

    @property
    def name(self) -> str:
        return f"{self._settings.get('dbname', 'the database')} on {self._settings.get('host')}"

    @contextmanager
    def session(self, *, write: bool) -> Iterator[PostgresSession]:
        # The driver's own error is dropped: it may quote data, SQL or a password.
        try:
            with psycopg.connect(make_conninfo(**self._settings)) as connection:
                connection.read_only = not write
                demand_least_role(connection, self.name)
                if write:
                    # whoever comes second waits here, and sees what the first one wrote
                    connection.execute(
                        "select pg_advisory_xact_lock(hashtext(%s))", ["pii_lint." + RELATION]
                    )
                yield PostgresSession(connection)
        except psycopg.Error as error:
            raise ConfigError(_sentence(error, self.name)) from None


class PostgresSession:
    """One open transaction."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._connection = connection

    def look(self) -> Sighting:
        there, pending = self._row(
            "select to_regclass(%s) is not null, to_regclass(%s) is not null", RELATION, ROTATION
        )
        if not there:
            return Sighting(table=False)
        rows, nulls, shortest, shaped = self._row(
            "select count(*), count(*) - count(salt), coalesce(min(length(salt)), 0), "
            "coalesce(bool_and(salt ~ %s), true) from pii_secrets.pii_salt",
            f"^({SHAPE})$",
        )
        return Sighting(
            True, int(str(rows)), int(str(nulls)), int(str(shortest)), bool(shaped), bool(pending)
        )

    def holds(self, salt: Salt) -> bool:
        (same,) = self._row("select bool_and(salt = %s) from pii_secrets.pii_salt", salt.text)
        return bool(same)

    def put(self, salt: Salt) -> None:
        for statement in (
            "create schema if not exists pii_secrets",
            "create table if not exists pii_secrets.pii_salt (salt varchar not null)",
            # what a default of the database may have given away
            "revoke all on schema pii_secrets from public",
            "revoke all on pii_secrets.pii_salt from public",
            f"comment on table pii_secrets.pii_salt is '{_COMMENT}'",
        ):
            self._connection.execute(statement)
        self._connection.execute("insert into pii_secrets.pii_salt values (%s)", [salt.text])

    def exchange(self, salt: Salt) -> None:
        """Write another one in its place, in a new file: a row that is only deleted stays in the
        old one until it is vacuumed. Whoever reads the old one at this moment ends first."""
        self._connection.execute("truncate pii_secrets.pii_salt")
        self._connection.execute("insert into pii_secrets.pii_salt values (%s)", [salt.text])

    def _row(self, sql: str, *values: str) -> tuple[object, ...]:
        """The only row of a query."""
        return self._connection.execute(sql.encode(), list(values)).fetchall()[0]


def settings(target: Target) -> Mapping[str, str]:
    """How libpq connects as the target says."""
    given = {
        name: text
        for name, keys in _SETTINGS.items()
        if (text := next(filter(None, map(target.text, keys)), None)) is not None
    }
    for name in ("host", "dbname"):
        if name not in given:
            raise ConfigError(
                f"Target {target.name} in {target.file} names no `{name}`: add it there."
            )
    if any(is_inline(key, str(target.values.get(key) or "")) for key in _SETTINGS["password"]):
        # `check` reports it in any case
        refuse(
            f"Target {target.name} in {target.file} has its password written out",
            "write \"{{ env_var('NAME') }}\", and replace the password",
            told=False,
        )
    return {**given, "connect_timeout": _PATIENCE, "application_name": "pii-lint salt"}


def demand_least_role(connection: psycopg.Connection[tuple[object, ...]], where: str) -> None:
    """Hold a session to what the tier says of administrators."""

    def ask(sql: str) -> list[tuple[object, ...]]:
        return connection.execute(sql.encode()).fetchall()

    refuse_administrators(ask, where, connection.info.host)


def _sentence(error: psycopg.Error, name: str) -> str:
    """What to do, by the error's class alone."""
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return (
            f"The role of this target may not keep the salt in {name}: it has to own the schema "
            f"{SCHEMA}, or be allowed to create it."
        )
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return f"{name} only reads: point the target at the primary server."
    if isinstance(error, psycopg.errors.UndefinedColumn):
        return f"{RELATION} of {name} has no column salt: drop it, then run `pii-lint salt init`."
    if isinstance(error, psycopg.OperationalError):
        return (
            f"No connection to {name}: check that the server runs, and the target's user, password "
            "and TLS settings."
        )
    return (
        f"PostgreSQL could not work on {name} ({type(error).__name__}): check the role's rights "
        "and the server's log."
    )
