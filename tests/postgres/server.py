"""A real PostgreSQL server of the tests' own: made in a temporary folder, gone when they end."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

SUPERUSER = "postgres"
_PATIENCE = 120
# Seconds after which a server that neither serves nor ends has hung.
# Nothing here has to outlive the run, so nothing waits for the disk.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "40",
    "listen_addresses": "127.0.0.1",
    "lc_messages": "C",
    # a test that locks itself out fails instead of waiting
    "lock_timeout": "20s",
    "statement_timeout": "120s",
}


def folder() -> Path | None:
    """The newest server's programs: Debian's folder, else the one that has `initdb` on the path."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda each: float(each.parts[-3]) if each.parts[-3].replace(".", "").isdigit() else 0,
    )
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. By its socket everybody is trusted; by TCP a password is asked for."""

    sockets: Path
    port: int
    password: str = field(repr=False)
    log: Path

    def dsn(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """A connection string by the socket, without a password."""
        return f"host={self.sockets} port={self.port} user={user} dbname={database}"

    def tcp_dsn(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """A connection string by TCP; the password is `password` and stands in PGPASSWORD."""
        return f"host=127.0.0.1 port={self.port} user={user} dbname={database}"


@dataclass(frozen=True, slots=True)
class Database:
    """One database on it, fresh for one test."""

    server: Server
    name: str

    @property
    def dsn(self) -> str:
        return self.server.dsn(self.name)

    def dsn_as(self, user: str) -> str:
        return self.server.dsn(self.name, user)

    @contextmanager
    def connect(
        self, user: str = SUPERUSER, *, autocommit: bool = True
    ) -> Generator[psycopg.Connection[tuple[object, ...]], None, None]:
        import psycopg

        with psycopg.connect(self.dsn_as(user), autocommit=autocommit) as connection:
            yield connection

    def run(self, sql: str, user: str = SUPERUSER) -> list[tuple[object, ...]]:
        """What the last of the statements answers."""
        with self.connect(user) as connection:
            answer = connection.execute(sql.encode())
            while answer.nextset():
                pass
            return answer.fetchall() if answer.description else []


@contextmanager
def running() -> Iterator[Server]:
    """Start a server, and stop it whatever happens."""
    programs = folder()
    assert programs is not None, "ask `missing('postgresql')` first"
    # short, for a socket's path may hold 107 characters
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    owner = _owner(home)
    server: subprocess.Popen[bytes] | None = None
    try:
        found = Server(home, _free_port(), secrets.token_hex(16), home / "server.log")
        (home / "password").write_text(found.password, encoding="utf-8")
        if owner is not None:
            # whatever this process's umask leaves to others
            shutil.chown(home / "password", owner)
        _make(programs, home, owner)
        with found.log.open("wb") as log:
            for _ in range(3):
                server = _start(programs, home, found.port, owner, log)
                if _ready(found, server):
                    break
                found = Server(home, _free_port(), found.password, found.log)
            else:
                raise RuntimeError(f"PostgreSQL didn't start: {found.log.read_text()}")
            yield found
    finally:
        if server is not None:
            _stop(server)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def fresh(server: Server, template: str = "template0") -> Iterator[Database]:
    """A database of its own."""
    import psycopg

    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f'create database {name} template "{template}"'.encode())
        try:
            yield Database(server, name)
        finally:
            connection.execute(f"drop database {name} with (force)".encode())


def _owner(home: Path) -> str | None:
    """Whom the server runs as: root may not, so somebody else owns its folder then."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            person = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(home, person.pw_uid, person.pw_gid)
        return name
    raise RuntimeError("PostgreSQL doesn't run as root, and there is neither postgres nor nobody.")


def _make(programs: Path, home: Path, owner: str | None) -> None:
    subprocess.run(
        [
            str(programs / "initdb"),
            *("-D", str(home / "data"), "-U", SUPERUSER, "--pwfile", str(home / "password")),
            *("--auth-local=trust", "--auth-host=scram-sha-256"),
            *("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=home,
        user=owner,
        group=None if owner is None else pwd.getpwnam(owner).pw_gid,
        extra_groups=None if owner is None else [],
    )


def _start(
    programs: Path, home: Path, port: int, owner: str | None, log: IO[bytes]
) -> subprocess.Popen[bytes]:
    settings = _SETTINGS | {"port": str(port), "unix_socket_directories": str(home)}
    return subprocess.Popen(
        [
            *(str(programs / "postgres"), "-D", str(home / "data")),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=home,
        user=owner,
        group=None if owner is None else pwd.getpwnam(owner).pw_gid,
        extra_groups=None if owner is None else [],
        # a Ctrl-C in the terminal is the tests' to hear; they stop the server then
        start_new_session=True,
    )


def _ready(server: Server, process: subprocess.Popen[bytes]) -> bool:
    """False where it broke off, as it does when somebody else was faster to take the port."""
    import psycopg

    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(server.dsn()).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    _stop(process)
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        # at once, and without care for the data
        server.send_signal(signal.SIGQUIT)
        server.wait(_PATIENCE)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
