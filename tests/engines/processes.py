"""What runs on this machine and where it listens, as Linux tells."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_LISTENS = "0A"


def alive(word: str) -> list[int]:
    """The processes whose command line holds this word."""
    return [pid for pid, command in _commands() if word in command and pid != os.getpid()]


def family(parents: Iterable[int]) -> set[int]:
    """These processes and all that they started."""
    children: dict[int, list[int]] = {}
    for pid, _ in _commands():
        children.setdefault(_parent(pid), []).append(pid)
    found, left = set(parents), list(parents)
    while left:
        for child in children.get(left.pop(), []):
            found.add(child)
            left.append(child)
    return found


def listening(pids: Iterable[int]) -> list[str]:
    """The addresses at which these processes take connections, as hexadecimal digits."""
    held = {inode for pid in pids for inode in _sockets(pid)}
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == _LISTENS and words[9] in held:
                found.append(words[1].split(":")[0])
    return found


def _commands() -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield int(folder.name), (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue


def _parent(pid: int) -> int:
    try:
        # the name before may hold blanks
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _sockets(pid: int) -> Iterator[str]:
    try:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            target = str(file.readlink())
            if target.startswith("socket:["):
                yield target[8:-1]
    except OSError:
        return
