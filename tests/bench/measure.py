"""A command's cost: CPU time with that of its children, wall time, peak memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

KIB = 1 if os.uname().sysname == "Darwin" else 1024
"""Bytes in the unit that the system counts peak memory in."""
BYTECODE = {
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(Path("target/bench/bytecode").absolute()),
}
"""Bytecode is kept, as where a tool is installed, and beside the sources of nobody."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took. Memory is that of its largest process."""

    cpu: float
    wall: float
    memory: int
    output: str


class Failed(Exception):
    """A command that ended with a code it mustn't end with."""


def cost_of(
    command: Sequence[str | Path],
    folder: Path,
    *,
    expected: tuple[int, ...] = (0,),
    environment: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command to its end, in `folder`."""
    with TemporaryFile() as out, TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            stdout=out,
            stderr=err,
            env={**os.environ, **BYTECODE, **(environment or {})},
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode not in expected:
            said = err.read().decode(errors="replace").strip()[-2000:]
            raise Failed(
                f"{' '.join(map(str, command[:4]))} … ended with {process.returncode}: {said}"
            )
        text = out.read().decode(errors="replace") + err.read().decode(errors="replace")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * KIB, text)
