"""Where the source is and how its server is verified: all of it from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import conninfo, pq

from pii_lint.errors import ConfigError

DSN = "PII_LINT_SOURCE_DSN"
"""The variable that may name the source; without it libpq's own (PGHOST, PGSERVICE, ...) do."""
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_SECONDS_TO_CONNECT = 10
_VERIFIED = "verify-full"


@dataclass(frozen=True, slots=True)
class Address:
    """What libpq needs to connect; what messages may say of it."""

    parameters: Mapping[str, str] = field(repr=False)
    shown: str


def address(*, unverified: bool = False) -> Address:
    """The source that the environment names. `unverified` lets TLS go without a verified server."""
    given = _given()
    usual = _usual()
    host = given.get("host") or usual.get("host", "")
    numeric = given.get("hostaddr") or usual.get("hostaddr", "")
    port = given.get("port") or usual.get("port", "5432")
    both = {**usual, **given}
    database = both.get("dbname") or both.get("user", "")
    shown = f"database {database} on {host or numeric or 'the local socket'}, port {port}"
    parameters = {"application_name": "pii-lint sync", **given, "client_encoding": "UTF8"}
    if "connect_timeout" not in given and "PGCONNECT_TIMEOUT" not in os.environ:
        parameters["connect_timeout"] = str(_SECONDS_TO_CONNECT)
    if unverified or _is_local(host, numeric):
        return Address(parameters, shown)
    mode = given.get("sslmode") or os.environ.get("PGSSLMODE")
    if mode not in (None, _VERIFIED):
        raise ConfigError(
            f"sslmode={mode} lets anybody answer for {host or numeric}: take it away, so that the "
            "server's certificate is verified, or say --allow-unverified-tls."
        )
    parameters["sslmode"] = _VERIFIED
    # a session that Kerberos encrypts would show no certificate
    parameters["gssencmode"] = "disable"
    if not (given.get("sslrootcert") or usual.get("sslrootcert") or _own_roots().exists()):
        parameters["sslrootcert"] = "system"
    return Address(parameters, shown)


def _given() -> dict[str, str]:
    text = os.environ.get(DSN, "")
    try:
        parsed = conninfo.conninfo_to_dict(text)
    except psycopg.Error:
        # libpq's own words quote what it couldn't read, and that may be the password
        raise ConfigError(
            f"{DSN} is no connection string that libpq can read: write it as "
            "`host=... dbname=... user=...` or as a postgresql:// address."
        ) from None
    if "service" in parsed:
        raise ConfigError(f"{DSN} names a service, which would hide its host: put it in PGSERVICE.")
    return {key: str(value) for key, value in parsed.items()}


def _usual() -> dict[str, str]:
    """What libpq takes from the environment, the service file among it."""
    try:
        options = pq.Conninfo.get_defaults()
    except psycopg.Error:
        options = []
    return {
        each.keyword.decode(): each.val.decode(errors="replace") for each in options if each.val
    }


def _is_local(host: str, numeric: str) -> bool:
    hosts = [each.strip() for each in host.split(",")] if host else []
    numbers = [each.strip() for each in numeric.split(",")] if numeric else []
    if numbers:
        return all(each in _LOCAL for each in numbers)
    # an empty one is the local socket
    return all(not each or each[0] in "/@" or each.lower() in _LOCAL for each in hosts)


def _own_roots() -> Path:
    return Path.home() / ".postgresql" / "root.crt"
