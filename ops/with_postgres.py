"""Run a command beside a PostgreSQL of its own: `python ops/with_postgres.py COMMAND...`.

The server is made in a temporary folder, listens on a socket there and nowhere else, and is gone
when the command ends, on Ctrl-C, and when this process is killed. It refuses to run as root, so
root runs it as somebody else.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_SECONDS_TO_START = 30
_PORT = "5432"
# of the socket's name only
_SET_DEATH_SIGNAL = 1
# Linux's prctl


def main(command: list[str]) -> int:
    programs = _programs()
    if programs is None:
        print(
            "There is no PostgreSQL server here: install it (Debian: postgresql).", file=sys.stderr
        )
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    # short, for a socket's path may hold 107 characters
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    server: subprocess.Popen[bytes] | None = None
    try:
        owner = _owner(home)
        as_owner: dict[str, object] = {"cwd": home, "user": owner}
        if owner is not None:
            as_owner |= {"group": pwd.getpwnam(owner).pw_gid, "extra_groups": []}
        subprocess.run(
            [
                *(str(programs / "initdb"), "-D", str(home / "data"), "-U", "postgres"),
                *(
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                    "--no-instructions",
                ),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **as_owner,  # type: ignore[call-overload]
        )
        server = subprocess.Popen(
            [
                *(str(programs / "postgres"), "-D", str(home / "data"), "-c", "fsync=off"),
                *("-c", "listen_addresses=", "-c", f"unix_socket_directories={home}"),
                *("-p", _PORT),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C is for the command; the server ends after it
            start_new_session=True,
            preexec_fn=_die_with_parent,
            **as_owner,  # type: ignore[call-overload]
        )
        environment = {name: value for name, value in os.environ.items() if name[:2] != "PG"} | {
            "PGHOST": str(home),
            "PGPORT": _PORT,
            "PGUSER": "postgres",
            "PGDATABASE": "postgres",
            "PATH": f"{os.environ.get('PATH', '')}:{programs}",
        }
        if not _ready(programs, server, environment):
            print("PostgreSQL didn't start.", file=sys.stderr)
            return 4
        return subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 130
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if server is not None and server.poll() is None:
            # at once, and without care for the data
            server.send_signal(signal.SIGQUIT)
            server.wait(_SECONDS_TO_START)
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path | None:
    """The newest server's folder: Debian keeps it off the path."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: float(each.parts[-3])
    )
    if found:
        return found[-1].parent
    onpath = shutil.which("initdb")
    return Path(onpath).resolve().parent if onpath else None


def _owner(home: Path) -> str | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            person = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(home, person.pw_uid, person.pw_gid)
        return name
    sys.exit("PostgreSQL doesn't run as root, and there is neither postgres nor nobody.")


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGQUIT)


def _ready(programs: Path, server: subprocess.Popen[bytes], environment: dict[str, str]) -> bool:
    deadline = time.monotonic() + _SECONDS_TO_START
    asked = [str(programs / "pg_isready"), "--quiet"]
    while server.poll() is None and time.monotonic() < deadline:
        if subprocess.run(asked, env=environment, check=False).returncode == 0:
            return True
        time.sleep(0.1)
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
