"""One copy of what takes long to make, for all processes of a run."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder of this process's own, filled by `make` in one process and copied by the others."""
    own = factory.mktemp(name) / name
    if "PYTEST_XDIST_WORKER" not in os.environ:
        make(own)
        return own
    # the folders of the workers stand in one that is the run's
    shared = factory.getbasetemp().parent / f"shared-{name}"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            make(own)
            half = shared.with_suffix(".half")
            shutil.copytree(own, half)
            half.rename(shared)
            return own
    shutil.copytree(shared, own)
    return own
