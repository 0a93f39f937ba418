"""A real PostgreSQL for the tests here; others import the fixtures that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.postgres.server import Database, Server, fresh, running


@pytest.fixture(scope="session")
def postgres(require: Callable[[str], None]) -> Iterator[Server]:
    """A server of the tests' own, started once and stopped at the end."""
    require("postgresql")
    require("postgres")
    with running() as server:
        yield server


@pytest.fixture
def database(postgres: Server) -> Iterator[Database]:
    """An empty database, fresh for each test."""
    with fresh(postgres) as made:
        yield made
