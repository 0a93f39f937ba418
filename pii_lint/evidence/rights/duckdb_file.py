"""An erasure in a DuckDB file: done in a copy, which takes the file's place when nothing is found.

Until then the file is as it was, whatever happens; nobody else can write to it meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pii_lint.errors import ConfigError
from pii_lint.evidence.building import profile_at
from pii_lint.evidence.rights.collecting import Collected, collected
from pii_lint.evidence.rights.erasure import blurred, left
from pii_lint.evidence.rights.files import finds, spellings
from pii_lint.evidence.rights.forget import (
    Foreseen,
    Order,
    StillThere,
    built,
    foresee,
    known_before,
    recorded,
    sorted_out,
    taken_out,
)
from pii_lint.evidence.rights.record import Forgotten
from pii_lint.holdings import Holdings
from pii_lint.warehouse.duckdb_compact import write_anew
from pii_lint.warehouse.duckdb_counts import opened
from pii_lint.warehouse.duckdb_store import PATIENCE, is_locked
from pii_lint.warehouse.quoting import literal, quoted
from pii_lint.warehouse.subject.duckdb import DuckDB
from pii_lint.warehouse.subject.tombstones import lift, read

_PAUSE = 0.1
_NO_EXTENSIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False
}


class DuckDBFile:
    """A warehouse in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def foresee(self, order: Order) -> Foreseen:
        with opened(self._file) as connection, _plainly(self._file):
            return foresee(DuckDB(connection), order)

    def forget(self, order: Order) -> Forgotten:
        return _forget(self._file.resolve(), order)

    def export(
        self, holdings: Holdings, given: frozenset[tuple[str, str]], role: str | None
    ) -> Collected:
        if role is not None:
            raise ConfigError(
                "A DuckDB file knows no roles: whoever may open it may read all of it, so leave "
                "--role away."
            )
        with opened(self._file) as connection, _plainly(self._file):
            return collected(DuckDB(connection), holdings, given)

    def forgot(self) -> bool:
        with opened(self._file) as connection, _plainly(self._file):
            return read(DuckDB(connection)) is not None

    def lift(self, given: frozenset[tuple[str, str]]) -> int:
        _demand(self._file)
        with _plainly(self._file), _patiently(self._file) as connection:
            connection.begin()
            people = lift(DuckDB(connection), given)
            connection.commit()
            return people


def _forget(file: Path, order: Order) -> Forgotten:
    with _plainly(file), _desk(file) as desk:
        work, clean = desk / "work" / file.name, desk / "clean" / file.name
        with _held(file) as database:
            write_anew(database, file.stem, work)
            order.told("taking them out")
            with duckdb.connect(str(work), config=_NO_EXTENSIONS) as connection:
                connection.begin()
                again = known_before(DuckDB(connection), order)
                person, touched = taken_out(DuckDB(connection), order)
                connection.commit()
            if order.build and order.target is not None:
                order.told("building")
                profile_at(work, order.target)
                built(order, work.parent)
            order.told("writing the file anew")
            with duckdb.connect(config=_NO_EXTENSIONS) as connection:
                connection.execute(
                    f"attach {literal(str(work))} as {quoted(file.stem)} (read_only)"
                )
                write_anew(connection, file.stem, clean)
            order.told("searching")
            with duckdb.connect(str(clean), read_only=True) as connection:
                counted, excused = sorted_out(
                    left(DuckDB(connection), order.holdings, person), order
                )
                if counted:
                    raise StillThere(counted)
                blurry = blurred(DuckDB(connection), person)
            sharp = [one for one in person.terms if one.text not in blurry]
            found = finds(clean, spellings(sharp))
            if found:
                raise ConfigError(
                    f"In the bytes of the new file {found} of their values stand, though in no "
                    "table: report this; the warehouse is as it was."
                )
            shutil.copymode(file, clean)
            _sync(clean)
            clean.replace(file)
            _sync(file.parent)
    return recorded(
        order,
        person,
        touched,
        engine=f"DuckDB {duckdb.__version__}",
        excused=excused,
        bytes_told=_told(len(person.terms) - len(sharp)),
        bytes_found=found,
        again=again,
    )


def _told(blurry: int) -> str:
    said = "the whole database file, written anew; it has no write-ahead log"
    if blurry:
        said += f"; {blurry} of what was looked for stand within values of other people"
    return said


@contextmanager
def _held(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database, opened so that others may read it and nobody writes."""
    _demand(file)
    with _patiently(file) as writer:
        writer.execute("checkpoint")
    with duckdb.connect(config=_NO_EXTENSIONS) as connection:
        connection.execute(f"attach {literal(str(file))} as {quoted(file.stem)} (read_only)")
        if file.with_name(f"{file.name}.wal").exists():
            raise _in_use(file)
        yield connection


def _demand(file: Path) -> None:
    if not file.is_file():
        raise ConfigError(
            f"There is no DuckDB file at {file}: give the right path with --database."
        )


def _patiently(file: Path) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return duckdb.connect(str(file), config=_NO_EXTENSIONS)
        except duckdb.IOException as error:
            if not is_locked(error) or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE)


@contextmanager
def _desk(file: Path) -> Iterator[Path]:
    """A folder beside the file, for its owner alone; what a broken run left there goes first."""
    desk = file.with_name(f".{file.stem}.pii-lint-forget")
    try:
        desk.mkdir(mode=0o700, exist_ok=True)
    except OSError as wrong:
        raise ConfigError(
            f"Can't make a folder beside {file} for the copy: {wrong.strerror}."
        ) from None
    lock = os.open(desk, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise _in_use(file) from None
        _empty(desk)
        # what a killed run leaves there is nobody's to commit
        (desk / ".gitignore").write_text("*\n", "utf-8")
        for name in ("work", "clean"):
            (desk / name).mkdir(mode=0o700)
        try:
            yield desk
        finally:
            _empty(desk)
            desk.rmdir()
    finally:
        os.close(lock)


def _empty(desk: Path) -> None:
    for one in desk.iterdir():
        if one.is_dir():
            shutil.rmtree(one)
        else:
            one.unlink()


def _sync(path: Path) -> None:
    """Onto the disk, so that a power cut leaves the old file or the new one."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _plainly(file: Path) -> Iterator[None]:
    """The driver's own error is dropped: it may quote data."""
    try:
        yield
    except duckdb.Error as error:
        if is_locked(error):
            raise _in_use(file) from None
        raise ConfigError(
            f"DuckDB could not do this in {file} ({type(error).__name__}); the file is as it "
            "was: check that it is a DuckDB file, and that the tables have the columns that "
            "the YAML names."
        ) from None


def _in_use(file: Path) -> ConfigError:
    return ConfigError(
        f"{file} is in use by another process: wait until it ends, then run this again."
    )
