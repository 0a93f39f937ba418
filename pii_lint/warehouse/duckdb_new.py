"""A DuckDB file where there is none."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb


def make(path: Path) -> None:
    """Leave an empty database at a path where nothing stands, whole from its first moment.

    Of several processes that do so at once, one makes it. Where it can't be done, nothing is:
    whoever connects then makes the file, or is told why not.
    """
    # NOTE: DuckDB empties a file that wasn't there a moment ago before it has locked it, so that
    # of two that make the same file one can wipe out what the other has written, for ever.
    if os.path.lexists(path):
        return
    with suppress(OSError), TemporaryDirectory(prefix=".pii-lint-", dir=path.parent) as folder:
        made = Path(folder) / path.name
        duckdb.connect(str(made)).close()
        # unlike a move, this never takes the place of what came meanwhile
        path.hardlink_to(made)
