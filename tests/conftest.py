"""What every test may ask for, and the rule that nothing is skipped in CI."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from tests.warehouse import Warehouse

# What a test may need beyond the linter, and how one gets it.
MODULES = {
    "duckdb": ("duckdb", "pip install '.[duckdb]'"),
    "dbt": ("dbt", "pip install '.[duckdb]'"),
    "pygls": ("pygls", "pip install '.[lsp]'"),
    "pre-commit": ("pre_commit", "pip install '.[dev]'"),
    "postgres": ("psycopg", "pip install '.[postgres]'"),
    "spark": ("pyspark", "pip install '.[spark]'"),
    "playwright": ("playwright", "pip install '.[dev]'"),
}
COMMANDS = {
    "chromium": "install Chromium (on Debian: apt-get install chromium)",
    "git": "install git",
    "java": "install a Java runtime, 17 or newer",
    "make": "install make",
    "promtool": "install Prometheus' tools (Debian: prometheus)",
    "npm": "install Node.js",
}
# Debian keeps the server off the path.
SERVERS = {"postgresql": ("initdb", "install the server and its tools (Debian: postgresql)")}
ALSO_CALLED = {"chromium": ("chromium-browser", "google-chrome", "google-chrome-stable")}
"""Other names under which a command may be installed."""


def missing(part: str) -> str | None:
    """Why `part` isn't there and how to get it; None where it is there."""
    if part in MODULES:
        module, remedy = MODULES[part]
        found = importlib.util.find_spec(module) is not None
    elif part in SERVERS:
        program, remedy = SERVERS[part]
        debian = Path("/usr/lib/postgresql").glob(f"*/bin/{program}")
        found = shutil.which(program) is not None or any(debian)
    else:
        remedy = COMMANDS[part]
        found = command(part) is not None
    return None if found else f"{part} isn't installed: {remedy}"


def command(part: str) -> str | None:
    """Where a command stands, under whichever name it goes."""
    return next(filter(None, map(shutil.which, (part, *ALSO_CALLED.get(part, ())))), None)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Generator[None, None, None]:
    """No test finds what a run outside of the tests left behind, nor leaves anything there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PII_LINT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _macros_parsed_once() -> None:
    """dbt remembers what a macro's text parsed to, as it does in its own tests' fixtures.

    Its 600 macros are otherwise parsed anew for every project, target and set of variables.
    """
    if importlib.util.find_spec("dbt_common") is not None:
        from dbt_common.tests import enable_test_caching

        enable_test_caching()


@pytest.fixture(scope="session")
def require() -> Callable[[str], None]:
    """Call it with the part that a test needs: the test is skipped where the part is missing."""

    def require_part(part: str) -> None:
        if reason := missing(part):
            pytest.skip(reason)

    return require_part


@pytest.fixture(scope="session")
def bare_warehouse(
    tmp_path_factory: pytest.TempPathFactory, require: Callable[[str], None]
) -> Warehouse:
    """This repository's dbt project, parsed: no table, no salt. Copy it to change it."""
    require("dbt")
    require("duckdb")
    # imported here, for this file also stands alone
    from tests.sharing import once
    from tests.warehouse import Warehouse, bare

    return Warehouse(once(tmp_path_factory, "bare", bare))


@pytest.fixture(scope="session")
def built_warehouse(
    bare_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """The same with data, every model built, docs written. Copy it to change it."""
    from tests.sharing import once
    from tests.warehouse import Warehouse, built

    return Warehouse(once(tmp_path_factory, "built", lambda folder: built(bare_warehouse, folder)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that build something come first, or in the end one worker would wait for another."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _no_skip_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _no_skip_in_ci((yield))


Report = TypeVar("Report", pytest.CollectReport, pytest.TestReport)


def _no_skip_in_ci(report: Report) -> Report:
    """A skip would hide a missing install, so it fails where every part is meant to be there."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} (CI runs every test, so a skip is a failure)"
    return report
