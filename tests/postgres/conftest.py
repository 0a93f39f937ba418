"""A real PostgreSQL for the tests here; others import the fixtures that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.postgres.server import Database, Server, fresh, running
from tests.postgres.syncing import Rig


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


@dataclass(frozen=True, slots=True)
class Templates:
    """Databases to copy: the application's tables alone, and with the guards on them."""

    application: str
    guarded: str


@pytest.fixture(scope="session")
def templates(postgres: Server) -> Iterator[Templates]:
    """Made once, for a copy takes a twentieth of a second."""
    from pii_lint.guard.database.ddl import up
    from pii_lint.guard.database.plan import plan

    here = Path(__file__).parent
    with ExitStack() as stack:
        application = stack.enter_context(fresh(postgres))
        application.run((here / "roles.sql").read_text("utf-8"))
        application.run("alter schema public owner to migration_owner")
        tables = (here / "application.sql").read_text("utf-8")
        application.run(tables, user="migration_owner")
        guarded = stack.enter_context(fresh(postgres, application.name))
        guarded.run(up(plan()), user="migration_owner")
        yield Templates(application.name, guarded.name)


@pytest.fixture
def application(templates: Templates, postgres: Server) -> Iterator[Database]:
    """The application's tables, without guards."""
    with fresh(postgres, templates.application) as made:
        yield made


@pytest.fixture
def guarded(templates: Templates, postgres: Server) -> Iterator[Database]:
    """The application's tables with the guards on them."""
    with fresh(postgres, templates.guarded) as made:
        yield made


@pytest.fixture
def rig(tmp_path: Path, database: Database, capsys: pytest.CaptureFixture[str]) -> Rig:
    """A project that says nothing yet, with an empty database to load from."""
    (tmp_path / "dbt_project.yml").write_text("name: shop\n", "utf-8")
    return Rig(tmp_path, database, capsys, {"PII_LINT_SOURCE_DSN": database.dsn})
