"""An editor, and a project to open in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.editor.client import Editor
from tests.editor.project import Shop

STAGING = "select email, country\nfrom {{ source('raw', 'customers') }}\n"
LEAK = (
    "select\n"
    "    '\U0001f600ä' as mark, upper(email) as contact,\n"
    "    country\n"
    "from {{ ref('stg_customers') }}\n"
)
CLEAN = "select country, count(*) as people\nfrom {{ ref('stg_customers') }}\ngroup by country\n"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A source, a staging model, and a safe mart that leaks; compiled."""
    made = Shop(tmp_path / "shop")
    made.write("models/staging/stg_customers.sql", STAGING)
    made.write("models/marts/safe/fct_reach.sql", LEAK)
    made.compile()
    return made


@pytest.fixture
def mart(shop: Shop) -> Path:
    """The file of the mart that leaks."""
    return shop.folder / "models/marts/safe/fct_reach.sql"


@pytest.fixture(scope="session")
def _running(require: Callable[[str], None]) -> Iterator[Editor]:
    require("pygls")
    started = Editor()
    started.greet()
    yield started
    started.close()


@pytest.fixture
def editor(_running: Editor) -> Iterator[Editor]:
    """A server that many tests use, each with folders of its own."""
    _running.forget()
    yield _running
    _running.leave()


@pytest.fixture
def own_editor(require: Callable[[str], None]) -> Iterator[Editor]:
    """A server that was started for this test and not yet greeted."""
    require("pygls")
    started = Editor()
    yield started
    started.close()
