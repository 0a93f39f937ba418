"""A command that kills itself, as a power cut would, when dbt has made so many relations.

python -m tests.evidence.cut_off 2 rotate-salt --project-dir shop
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Any

from tests.warehouse import REPOSITORY


def cut_off(after: int, *words: str) -> int:
    """How the command ended: minus the number of the signal where it was killed."""
    run = [sys.executable, "-m", "tests.evidence.cut_off", str(after), *words]
    # what is killed clears nothing away
    with TemporaryDirectory() as left:
        environ = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": left}
        done = subprocess.run(run, cwd=REPOSITORY, env=environ, capture_output=True, check=False)
    return done.returncode


def _watch(after: int) -> None:
    from dbt.adapters.base.impl import BaseAdapter

    made = 0
    execute = BaseAdapter.execute

    def counted(self: Any, sql: str, *others: Any, **named: Any) -> Any:
        nonlocal made
        answer = execute(self, sql, *others, **named)
        if re.search(r"\bcreate\s+(or\s+replace\s+)?(table|view)\b", sql):
            made += 1
            if made == after:
                os.kill(os.getpid(), signal.SIGKILL)
        return answer

    BaseAdapter.execute = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    from pii_lint.cli import main

    _watch(int(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
