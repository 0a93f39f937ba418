"""A PostgreSQL database, read in one snapshot: queries, and tables as a stream of lines."""

from __future__ import annotations

import re
import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import psycopg
from psycopg import pq

from pii_lint.administrators import refuse_administrators
from pii_lint.errors import ConfigError
from pii_lint.warehouse.quoting import literal
from pii_lint.warehouse.sync.address import Address

Row = tuple[object, ...]
Buffer: TypeAlias = bytes | memoryview
_BATCH = 2000
# Rows at once, so that no step is taken for each.
_SECONDS_TO_LOCK = 30
_PAUSE = 1.0
# Seconds after which a wait looks up, so that Ctrl-C is heard.

_BY_STATE = {
    "28P01": "refused the user name or password: set PGUSER and PGPASSWORD anew",
    "28000": "refused to let this user in: look at its pg_hba.conf",
    "3D000": "has no such database: set PGDATABASE anew",
    "42501": "denies permission",
    "53100": "has no disk space left",
    "53300": "has no connection left: try again later",
    "55P03": "keeps a table locked: run this again when whatever alters it has ended",
    "57014": "broke off, for a statement took longer than --statement-timeout: give it more time",
    "57P01": "shut down: run this again when it is back",
    "57P03": "isn't ready yet: run this again in a moment",
    "22021": "holds text that isn't valid in its encoding: mend it there",
    "22P05": "holds text that UTF-8 can't write: mend it there",
    "40001": "couldn't keep the snapshot, as a standby that replays changes: run this again",
}
_BY_WORDS = (
    ("password authentication failed", _BY_STATE["28P01"]),
    ("no password supplied", "asks for a password: set PGPASSWORD, or name a PGPASSFILE"),
    ("no pg_hba.conf entry", _BY_STATE["28000"]),
    ("does not exist", "knows no such database or user: set PGDATABASE and PGUSER anew"),
    ("failed to resolve host", "has a host name that nobody knows: set PGHOST anew"),
    ("could not translate host name", "has a host name that nobody knows: set PGHOST anew"),
    ("certificate", "shows a certificate that can't be verified: name its authority in "
     "PGSSLROOTCERT, or say --allow-unverified-tls"),
    ("does not support SSL", "doesn't speak TLS: switch it on there, or say "
     "--allow-unverified-tls"),
    ("definition of service", "is named by a PGSERVICE that no service file holds: set it anew"),
    ("timeout expired", "doesn't answer: check PGHOST, PGPORT and whatever stands between"),
    ("Connection refused", "isn't there: check PGHOST and PGPORT, and that the server runs"),
    ("No such file", "isn't there: check PGHOST and PGPORT, and that the server runs"),
    ("too many", _BY_STATE["53300"]),
    ("starting up", _BY_STATE["57P03"]),
)  # fmt: skip


class Source:
    """One connection with one read-only transaction; whatever goes wrong is one sentence."""

    def __init__(self, connection: psycopg.Connection[Row], shown: str) -> None:
        self._connection = connection
        self._pg = connection.pgconn
        self._shown = shown

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """The rows of a query."""
        try:
            return self._connection.execute(sql.encode(), parameters).fetchall()
        except psycopg.Error as wrong:
            raise self._refused(wrong.sqlstate, str(wrong), "the catalogue") from None

    def rows(self, sql: str, what: str) -> Iterator[list[Buffer]]:
        """What `copy ... to stdout` sends: as many rows as have come, each as the server sent it.
        Read it to the end, or use the source no more."""
        # below the cursor's copy, which takes twice as long for a row
        self._pg.send_query(sql.encode())
        while self._pg.flush():
            self._wait()
        self._demand(self._answer(what), pq.ExecStatus.COPY_OUT, what)
        sent = 0
        get = self._pg.get_copy_data
        size = 1
        while size >= 0:
            batch: list[Buffer] = []
            append = batch.append
            for _ in range(_BATCH):
                size, data = get(1)
                if size <= 0:
                    break
                append(data)
            if batch:
                sent += len(batch)
                yield batch
            if size == 0:
                self._wait()
                self._consume(what)
        done = self._answer(what)
        self._demand(done, pq.ExecStatus.COMMAND_OK, what)
        if done is not None and done.command_tuples != sent:
            raise ConfigError(
                f"The {self._shown} sent {sent} rows of {what} and counted "
                f"{done.command_tuples}: run this again."
            )
        while self._answer(what) is not None:
            pass

    def _answer(self, what: str) -> pq.abc.PGresult | None:
        while self._pg.is_busy():
            self._wait()
            self._consume(what)
        return self._pg.get_result()

    def _consume(self, what: str) -> None:
        try:
            self._pg.consume_input()
        except psycopg.Error as wrong:
            raise self._refused(wrong.sqlstate, str(wrong), what) from None

    def _wait(self) -> None:
        select.select([self._pg.socket], [], [], _PAUSE)

    def _demand(self, result: pq.abc.PGresult | None, status: pq.ExecStatus, what: str) -> None:
        if result is not None and result.status == status:
            return
        state = result.error_field(pq.DiagnosticField.SQLSTATE) if result is not None else None
        words = result.error_message.decode(errors="replace") if result is not None else ""
        raise self._refused(state.decode() if state else None, words, what)

    def _refused(self, state: str | None, words: str, what: str) -> ConfigError:
        return refusal(self._shown, state, words, what)


@contextmanager
def opened(where: Address, *, seconds: int) -> Iterator[Source]:
    """Connect and look at one moment of the database; `seconds` is what a statement may take."""
    connection = _connected(where)
    try:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        source = Source(connection, where.shown)
        for setting, value in (
            # whoever may create functions here can't have them called
            ("search_path", "pg_catalog"),
            ("timezone", "UTC"),
            ("datestyle", "ISO, YMD"),
            ("extra_float_digits", "1"),
            # rows that a policy hides would be missed in silence; so it is an error
            ("row_security", "off"),
            ("lock_timeout", str(_SECONDS_TO_LOCK * 1000)),
            ("statement_timeout", str(seconds * 1000)),
            ("idle_in_transaction_session_timeout", "0"),
        ):
            source.query(f"select set_config({literal(setting)}, {literal(value)}, true)")
        refuse_administrators(source.query, where.shown, connection.info.host)
        yield source
    finally:
        connection.close()


def _connected(where: Address) -> psycopg.Connection[Row]:
    try:
        return psycopg.connect("", **dict(where.parameters))  # type: ignore[arg-type]
    except psycopg.Error as wrong:
        raise refusal(where.shown, wrong.sqlstate, str(wrong), "") from None


def refusal(shown: str, state: str | None, words: str, what: str) -> ConfigError:
    """PostgreSQL's complaint without its own words, which may quote data or a password."""
    why = _BY_STATE.get(state or "")
    if "row-level security" in words:
        why = "would hide rows from this role by row-level security: let it pass with BYPASSRLS"
    if why is None and state is None:
        why = next((said for mark, said in _BY_WORDS if re.search(mark, words, re.I)), None)
    if why is None and not what:
        why = "can't be reached: check PGHOST, PGPORT, and that the server runs"
    if why is None:
        code = f"SQLSTATE {state}" if state else "the connection broke off"
        why = f"failed ({code}): look into its log, then run this again"
    while_ = f" while {what} was read" if what else ""
    return ConfigError(f"The {shown} {why}{while_ if ':' not in why else ''}.")
