"""Connections to PostgreSQL. No message and no `repr` here holds a password or a row's value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pii_lint.administrators import refuse_administrators
from pii_lint.errors import ConfigError

Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]

_OLDEST = 140000
_PATIENCE = 10
"""Seconds to wait for a connection, where nobody says otherwise."""

# What libpq says, and how to mend it. Its own text is never repeated: of a string that it can't
# read it quotes a part, which may be the password.
_REASONS = (
    ("password authentication failed", "the password is wrong: set PGPASSWORD or a passfile"),
    ("no password supplied", "it asks for a password: set PGPASSWORD or a passfile"),
    ("does not exist", "there is no such database or role: set PGDATABASE and PGUSER"),
    ("could not translate host name", "the host's name isn't known: set PGHOST"),
    ("Connection refused", "nothing listens there: set PGHOST and PGPORT, or start it"),
    ("No such file or directory", "nothing listens there: set PGHOST and PGPORT, or start it"),
    ("timeout expired", "nothing answers there: set PGHOST and PGPORT, or look at the network"),
    ("pg_hba.conf", "the server lets nobody in that way: look at its pg_hba.conf"),
    ("SSL", "TLS failed: set PGSSLMODE and PGSSLROOTCERT"),
    ("certificate", "its certificate isn't trusted: set PGSSLROOTCERT"),
    ("too many", "it has no connection left: try again later"),
)


_OF_RIGHTS = ("aclcheck_error", "check_can_set_role", "check_is_member_of_role", "check_role")
_LACKING = "the role lacks a right"


@contextmanager
def session(dsn: str, *, read_only: bool = False) -> Iterator[Connection]:
    """One transaction; commits at the end, rolls back on an exception.

    What `dsn` doesn't say comes from libpq's environment, PGHOST and its like.
    """
    with _open(dsn) as connection, speaking():
        connection.read_only = read_only
        _ready(connection)
        yield connection


@contextmanager
def autocommitting(dsn: str) -> Iterator[Connection]:
    """Each statement by itself, as a procedure that commits needs it."""
    with _open(dsn) as connection, speaking():
        connection.autocommit = True
        _ready(connection)
        yield connection


@contextmanager
def speaking() -> Iterator[None]:
    """Turn the database's errors into sentences without its text, which may quote values."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as wrong:
        raise ConfigError(
            f"PostgreSQL refuses: {_named(wrong)}; sign in as the owner of the surfaces, or as a "
            "role that may become it."
        ) from None
    except psycopg.errors.LockNotAvailable:
        raise ConfigError(
            "PostgreSQL gave no lock on a surface in time: nothing was changed, try again when "
            "fewer write to it."
        ) from None
    except psycopg.OperationalError as wrong:
        raise ConfigError(
            f"PostgreSQL broke off (SQLSTATE {wrong.sqlstate or 'unknown'}): look at the server "
            "and try again."
        ) from None
    except psycopg.Error as wrong:
        raise ConfigError(
            f"PostgreSQL refuses with SQLSTATE {wrong.sqlstate or 'unknown'}: run `pii-lint guard "
            "check` to see what is missing there, or the statement in psql to see why."
        ) from None


def demand_password_outside(dsn: str) -> None:
    """Raise where a connection string from the command line carries a secret."""
    secret = re.search(r"(?i)\b(?:password|sslpassword)\s*=|^\w+://[^/@\s]*:[^/@\s]*@", dsn)
    if secret:
        raise ConfigError(
            "A password in --dsn is seen by others and kept in histories: change it, and give the "
            "new one in PGPASSWORD, a passfile, or a whole connection string in PII_LINT_DSN."
        )


def _open(dsn: str) -> Connection:
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise ConfigError(
            "The connection string can't be read: write it as 'host=... dbname=...' or "
            "postgresql://user@host/database."
        ) from None
    given.setdefault("connect_timeout", _PATIENCE)
    given.setdefault("application_name", "pii-lint")
    try:
        connection = psycopg.connect(**given)  # type: ignore[arg-type]
    except psycopg.Error as wrong:
        text = str(wrong)
        why = next((sentence for sign, sentence in _REASONS if sign in text), None)
        raise ConfigError(
            f"Can't connect to PostgreSQL: {why or 'look at its log, and at PGHOST and its like'}."
        ) from None
    if connection.info.server_version < _OLDEST:
        connection.close()
        raise ConfigError("The guard needs PostgreSQL 14 or newer: upgrade the server.")
    if connection.info.parameter_status("server_encoding") != "UTF8":
        connection.close()
        raise ConfigError("The guard needs a database in UTF8, or it can't compare keys: move it.")
    return connection


def _ready(connection: Connection) -> None:
    connection.execute("set search_path = pg_catalog, pg_temp")
    refuse_administrators(
        lambda sql: connection.execute(sql.encode()).fetchall(),
        f"database {connection.info.dbname}",
        connection.info.host,
    )


def _named(wrong: psycopg.Error) -> str:
    # what PostgreSQL itself says of rights holds names of the catalogue and no value; a function or
    # trigger that raises the same code may say anything
    if (wrong.diag.source_function or "").startswith(_OF_RIGHTS):
        return " ".join((wrong.diag.message_primary or _LACKING).split())
    return _LACKING
