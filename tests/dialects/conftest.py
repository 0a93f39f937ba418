"""The project in every dialect, compiled once a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.dialects.compiling import Compiled


@pytest.fixture(scope="session")
def dialects(
    require: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Compiled]:
    """What dbt writes for each engine, DuckDB's among them, without a vendor's adapter."""
    require("dbt")
    require("duckdb")
    require("postgres")  # Redshift's adapter stands on PostgreSQL's
    # imported here, for dbt takes seconds
    from tests.dialects import thin
    from tests.dialects.compiling import TARGETS, Environ, compiled, copied

    folder = tmp_path_factory.mktemp("dialects")
    home = copied(folder / "acme")
    with thin.installed(folder / "adapters"):
        return {engine: compiled(engine, home, Environ()) for engine in TARGETS}
