"""Copies of this repository's warehouse to break things in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.warehouse import Warehouse


@pytest.fixture
def copy_of(tmp_path: Path) -> Iterator[Callable[[Warehouse], Warehouse]]:
    """Makes a copy of a warehouse, data and artifacts included, to break things in."""

    def copy(warehouse: Warehouse) -> Warehouse:
        copied = Warehouse(tmp_path / "acme")
        shutil.copytree(warehouse.project_dir, copied.project_dir)
        return copied

    yield copy
    shutil.rmtree(tmp_path / "acme", ignore_errors=True)
